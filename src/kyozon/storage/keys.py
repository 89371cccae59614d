"""API keys at rest, and word of their changes to every process that remembers them."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec

from kyozon.domain.callers import ApiKey
from kyozon.storage.database import Database
from kyozon.storage.encoding import to_json

_CHANNEL = "kyozon_keys"
_key = msgspec.json.Decoder(ApiKey)

_ADD = "INSERT INTO api_key (id, tenant, sha256, created_at, revoked_at, body) VALUES ($1, $2, $3, $4, $5, $6::jsonb)"
_REVOKE = "UPDATE api_key SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL RETURNING id"
_BY_SHA256 = "SELECT body, revoked_at FROM api_key WHERE sha256 = $1"
_ALL = "SELECT body, revoked_at FROM api_key WHERE $1::text IS NULL OR tenant = $1 ORDER BY created_at, id"


class PostgresKeyStore:
    """`ports.records.KeyStore` on PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, key: ApiKey) -> None:
        """Store a new key."""
        async with self._database.reading() as connection:
            await connection.execute(_ADD, key.id, key.tenant, key.sha256, key.created_at, key.revoked_at, to_json(key))

    async def revoke(self, key_id: str, at: datetime) -> bool:
        """Revoke; False where no such key is active."""
        async with self._database.reading() as connection:
            return await connection.fetchval(_REVOKE, key_id, at) is not None

    async def by_sha256(self, sha256: str) -> ApiKey | None:
        """The key with that hash, revoked or not. A lost database is `StorageUnavailable`, never an unknown key."""
        async with self._database.reading() as connection:
            row = await connection.fetchrow(_BY_SHA256, sha256)
        return None if row is None else _read(row)

    async def all(self, tenant: str | None = None) -> list[ApiKey]:
        """All keys, oldest first."""
        async with self._database.reading() as connection:
            return [_read(row) for row in await connection.fetch(_ALL, tenant)]

    async def watch(self, changed: Callable[[], None], pause: float = 1.0) -> None:
        """Call `changed` whenever some process added or revoked a key, as `Database.watch`."""
        await self._database.watch(_CHANNEL, changed, pause)


def _read(row: Any) -> ApiKey:
    return msgspec.structs.replace(_key.decode(row["body"]), revoked_at=row["revoked_at"])
