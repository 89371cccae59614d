"""What people said, at rest: encrypted under a key of the person it is of, so that to destroy the key is to erase it all.

Whatever stores words of people seals them here and keeps the `subject` beside the row.
"""

import asyncio
import secrets
import time
from collections.abc import Sequence
from typing import Any, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from msgspec import Struct

from kyozon.domain.errors import NotAllowed, StorageUnavailable
from kyozon.domain.language import Text
from kyozon.storage.database import Database
from kyozon.storage.encoding import to_text
from kyozon.storage.master_keys import NONCE_BYTES, MasterKey, MasterKeys

Owner = tuple[str, str]
"""Tenant and name of a person; for an API key, whoever uses it, an empty tenant and the key's id."""

_TRUSTED_SECONDS = 60.0
"""How long a key stays in memory: so long an erasure by another process may be unknown here."""
_MOST_KEYS = 10_000
_KEY_BYTES = 32

_LOCK = "LOCK TABLE subject_key IN ROW EXCLUSIVE MODE"
# Whoever's words these are is on record by now, or was: an erasure while their request ran took name and key away.
_SUBJECT = """
SELECT subject_of($1, $2) WHERE CASE $1
    WHEN '' THEN EXISTS (SELECT FROM api_key WHERE id = $2 AND revoked_at IS NULL)
    ELSE EXISTS (SELECT FROM data_subject WHERE tenant = $1 AND name = $2)
END
"""
_KEYS = "SELECT master, wrapped FROM subject_key WHERE subject = $1"
_KEEP = "INSERT INTO subject_key (subject, master, wrapped) VALUES ($1, $2, $3)"


class Sealed(Struct, frozen=True):
    """An encrypted payload, and under whose key; under nobody's it is as it was."""

    subject: str | None
    payload: bytes


class Sealing(Protocol):
    """Encrypts and decrypts for a table. `context` names the row: what is moved to another one does not open."""

    async def seal(self, owner: Owner, payload: bytes, context: str) -> Sealed:
        """Encrypt for a person; raises `NotAllowed` for one who is not on record, or not any more, or a revoked key."""
        ...

    async def open(self, sealed: Sealed, context: str) -> bytes | None:
        """The payload, None where its person has been erased."""
        ...


class Unsealed:
    """A `Sealing` that leaves all as it is: for words that are nobody's, such as those of tests and benchmarks."""

    async def seal(self, owner: Owner, payload: bytes, context: str) -> Sealed:  # noqa: ARG002 - the protocol's
        """As it is."""
        return Sealed(None, payload)

    async def open(self, sealed: Sealed, context: str) -> bytes | None:  # noqa: ARG002 - the protocol's
        """As it is."""
        return sealed.payload


UNSEALED = Unsealed()


class Vault:
    """`Sealing` with AES-256-GCM. Every method may raise `StorageUnavailable`, or `MissingPiece` for the key file."""

    def __init__(self, database: Database, masters: MasterKeys) -> None:
        self._database = database
        self._masters = masters
        self._by_owner: dict[Owner, tuple[str, bytes, float]] = {}
        self._by_subject: dict[str, tuple[bytes, float]] = {}

    def forget(self) -> None:
        """Keep no key in memory: a person may have been erased, or a key revoked."""
        self._by_owner.clear()
        self._by_subject.clear()

    async def seal(self, owner: Owner, payload: bytes, context: str) -> Sealed:
        """Encrypt for a person."""
        subject, key = await self._key_for(owner)
        nonce = secrets.token_bytes(NONCE_BYTES)
        return Sealed(subject, nonce + AESGCM(key).encrypt(nonce, payload, context.encode()))

    async def open(self, sealed: Sealed, context: str) -> bytes | None:
        """The payload, None where its person has been erased; what an earlier version kept is as it is."""
        if sealed.subject is None:
            return sealed.payload
        key = await self._key_of(sealed.subject)
        if key is None:
            return None
        nonce, payload = sealed.payload[:NONCE_BYTES], sealed.payload[NONCE_BYTES:]
        try:
            return AESGCM(key).decrypt(nonce, payload, context.encode())
        except InvalidTag as error:
            raise _closed() from error

    async def _key_for(self, owner: Owner) -> tuple[str, bytes]:
        """The subject's id and key, made where there is none."""
        subject, key, until = self._by_owner.get(owner, ("", b"", 0.0))
        if time.monotonic() >= until:
            tenant, name = map(to_text, owner)
            async with self._database.writing() as connection:
                await connection.execute(_LOCK)  # who renews the master key waits for this, and this for them
                subject = await connection.fetchval(_SUBJECT, tenant, name)
                if subject is None:
                    raise _gone()
                masters = await asyncio.to_thread(self._masters.all)
                found = _unwrapped(masters, subject, await connection.fetch(_KEYS, subject))
                key = found or await _made(connection, masters[0], subject)
            if len(self._by_owner) >= _MOST_KEYS:
                self._by_owner.clear()
            self._by_owner[owner] = subject, key, time.monotonic() + _TRUSTED_SECONDS
        return subject, key

    async def _key_of(self, subject: str) -> bytes | None:
        key, until = self._by_subject.get(subject, (b"", 0.0))
        if time.monotonic() >= until:
            async with self._database.reading() as connection:
                rows = await connection.fetch(_KEYS, subject)
            if not rows:
                return None
            found = _unwrapped(await asyncio.to_thread(self._masters.all), subject, rows)
            if found is None:
                raise _closed()
            if len(self._by_subject) >= _MOST_KEYS:
                self._by_subject.clear()
            key = found
            self._by_subject[subject] = key, time.monotonic() + _TRUSTED_SECONDS
        return key


def _unwrapped(masters: Sequence[MasterKey], subject: str, rows: Sequence[Any]) -> bytes | None:
    wrapped = {row["master"]: row["wrapped"] for row in rows}
    master = next((master for master in masters if master.id in wrapped), None)
    return None if master is None else master.unwrap(subject, wrapped[master.id])


async def _made(connection: Any, master: MasterKey, subject: str) -> bytes:
    """Only one at a time makes a key for a subject: `subject_of` holds its row until the transaction ends."""
    key = secrets.token_bytes(_KEY_BYTES)
    await connection.execute(_KEEP, subject, master.id, master.wrap(subject, key))
    return key


def _gone() -> NotAllowed:
    return NotAllowed(
        Text(
            "nothing is kept for somebody who has been erased, or whose key has been revoked, while the request ran: ask "
            "again with a key that is in use.",
            "要求の処理中に利用者の消去またはキーの失効があったため、内容を保存できません。"
            "現在有効なキーでもう一度お試しください。",
        )
    )


def _closed() -> StorageUnavailable:
    failure = StorageUnavailable(
        Text(
            "what was kept here is encrypted with keys that this server does not have. Servers of one database need the "
            "same keys: give them one folder in [audit] keys.",
            "保存された内容を復号する鍵がこのサーバーにありません。同じデータベースを使うサーバーには、"
            "[audit] keys で同じフォルダーを指定してください。",
        )
    )
    failure.retryable = False
    return failure
