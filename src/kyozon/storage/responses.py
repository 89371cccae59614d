"""Responses that a conversation can go on from, encrypted for the person who asked; they expire."""

from datetime import datetime
from typing import Any

import msgspec

from kyozon.domain.errors import NotAllowed
from kyozon.domain.responses import KeptResponse
from kyozon.storage.database import Database
from kyozon.storage.encoding import to_text
from kyozon.storage.vault import Sealed, Sealing

_KEEP = """
INSERT INTO kept_response (tenant, id, subject, expires_at, payload) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING
"""
_READ = "SELECT id, subject, payload FROM kept_response WHERE tenant = $1 AND id = $2 AND expires_at > $3"
_DELETE = "DELETE FROM kept_response WHERE tenant = $1 AND id = $2"
_decoder = msgspec.msgpack.Decoder(KeptResponse)


class PostgresResponses:
    """`ports.responses.ResponseStore` on PostgreSQL. Expired rows are deleted with other expired words."""

    def __init__(self, database: Database, sealing: Sealing) -> None:
        self._database = database
        self._sealing = sealing

    async def keep(self, response: KeptResponse) -> None:
        """Keep one; the first under its name stays. Nothing is kept of who was erased meanwhile."""
        payload = msgspec.msgpack.encode(response)
        try:
            sealed = await self._sealing.seal((response.tenant, response.user), payload, _context(response.id))
        except NotAllowed:
            return
        row = (to_text(response.tenant), response.id, sealed.subject, response.expires_at, sealed.payload)
        async with self._database.reading() as connection:
            await connection.execute(_KEEP, *row)

    async def read(self, tenant: str, name: str, now: datetime) -> KeptResponse | None:
        """One, if it is there."""
        async with self._database.reading() as connection:
            row: Any = await connection.fetchrow(_READ, to_text(tenant), to_text(name), now)
        if row is None:
            return None
        payload = await self._sealing.open(Sealed(row["subject"], row["payload"]), _context(row["id"]))
        return None if payload is None else _decoder.decode(payload)

    async def delete(self, tenant: str, name: str) -> None:
        """Delete one."""
        async with self._database.reading() as connection:
            await connection.execute(_DELETE, to_text(tenant), to_text(name))


def _context(name: str) -> str:
    return f"kept_response {name}"
