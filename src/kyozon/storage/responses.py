"""Responses that a conversation can go on from, encrypted for the person who asked; they expire.

They hold words of documents: each time one is read, its reader must still be one of every document upstream.
"""

from datetime import datetime
from typing import Any

import msgspec

from kyozon.domain.errors import NotAllowed
from kyozon.domain.knowledge import DOCUMENT, Reader
from kyozon.domain.responses import KeptResponse
from kyozon.storage.database import Database
from kyozon.storage.encoding import to_text
from kyozon.storage.knowledge import rights
from kyozon.storage.knowledge.forgetting import forget_response
from kyozon.storage.provenance import MADE_FROM
from kyozon.storage.vault import Sealed, Sealing

_MADE = f"""
WITH RECURSIVE made (id) AS (
    SELECT unnest({{values}}::text[]) UNION SELECT source.id FROM made CROSS JOIN LATERAL ({MADE_FROM}) AS source
), needed (id) AS (
    SELECT id FROM made
    WHERE (SELECT v.kind FROM stored_value v WHERE v.tenant = $1 AND v.id = made.id) = '{DOCUMENT}'
)
"""  # noqa: S608 - constants
"""The documents upstream of values of tenant $1, as `needed`."""

# Whoever deletes one of them waits, and then finds what was kept; whoever was faster leaves nothing to keep.
_THERE = f"""
{_MADE.replace("{values}", "$2")}, there (id) AS (
    SELECT d.id FROM document d WHERE d.tenant = $1 AND d.id IN (SELECT id FROM needed) AND d.status = 'completed'
    ORDER BY d.id FOR KEY SHARE
)
SELECT (SELECT count(*) FROM needed) = (SELECT count(*) FROM there)
"""  # noqa: S608 - constants
_KEEP = """
INSERT INTO kept_response (tenant, id, subject, expires_at, payload) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING
"""
_OPEN = f"""NOT EXISTS (
    SELECT FROM needed WHERE NOT EXISTS (
        SELECT FROM document d JOIN collection c ON c.id = d.collection_id {rights.labels("d.id")}
        WHERE d.id = needed.id AND d.status = 'completed' AND {rights.COLLECTION} AND {rights.DOCUMENT}
    )
)"""  # noqa: S608 - constants
_MAY_READ = f"""{_MADE.replace("{values}", "ARRAY[$7]")} SELECT {_OPEN}"""
_READ = f"""
{_MADE.replace("{values}", "ARRAY[$7]")}
SELECT r.id, r.subject, r.payload FROM kept_response r
WHERE r.tenant = $1 AND r.id = $7 AND r.expires_at > $8 AND {_OPEN}
"""  # noqa: S608 - constants
_KEPT = "SELECT id, subject, payload FROM kept_response WHERE tenant = $1 AND id = $2 AND expires_at > $3"
_decoder = msgspec.msgpack.Decoder(KeptResponse)


class PostgresResponses:
    """`ports.responses.ResponseStore` on PostgreSQL. Expired rows are deleted with other expired words."""

    def __init__(self, database: Database, sealing: Sealing) -> None:
        self._database = database
        self._sealing = sealing

    async def keep(self, response: KeptResponse) -> None:
        """Keep one; the first under its name stays. Nothing is kept of a person or a document that is gone meanwhile."""
        payload = msgspec.msgpack.encode(response)
        try:
            sealed = await self._sealing.seal((response.tenant, response.user), payload, _context(response.id))
        except NotAllowed:
            return
        row = (to_text(response.tenant), response.id, sealed.subject, response.expires_at, sealed.payload)
        async with self._database.writing() as connection:
            if await connection.fetchval(_THERE, row[0], [to_text(source) for source in response.sources]):
                await connection.execute(_KEEP, *row)

    async def read(self, reader: Reader, name: str, now: datetime) -> KeptResponse | None:
        """One, if it and all that it was made from are there for the reader."""
        async with self._database.reading() as connection:
            row: Any = await connection.fetchrow(_READ, *rights.reader_arguments(reader), to_text(name), now)
        return await self._opened(row)

    async def whose(self, tenant: str, name: str, now: datetime) -> str | None:
        """Who asked for one."""
        async with self._database.reading() as connection:
            row = await connection.fetchrow(_KEPT, to_text(tenant), to_text(name), now)
        found = await self._opened(row)
        return None if found is None else found.user

    async def may_read(self, reader: Reader, value: str) -> bool:
        """Whether every document that a value was made from is there for the reader."""
        async with self._database.reading() as connection:
            return bool(await connection.fetchval(_MAY_READ, *rights.reader_arguments(reader), to_text(value)))

    async def delete(self, tenant: str, name: str) -> None:
        """Delete one, and what was kept of its answer."""
        async with self._database.writing() as connection:
            await forget_response(connection, to_text(tenant), to_text(name))

    async def _opened(self, row: Any) -> KeptResponse | None:
        """A row in the clear; None where there is none, or its person was erased."""
        if row is None:
            return None
        payload = await self._sealing.open(Sealed(row["subject"], row["payload"]), _context(row["id"]))
        return None if payload is None else _decoder.decode(payload)


def _context(name: str) -> str:
    return f"kept_response {name}"
