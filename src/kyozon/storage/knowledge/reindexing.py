"""Collections that get the vectors of another embedder, while searches go on with those they have."""

from collections.abc import Sequence
from typing import Any

import msgspec

from kyozon.domain.audit import AuditEvent
from kyozon.domain.knowledge import Failure, Reader
from kyozon.ports.knowledge_ingestion import Reindex
from kyozon.storage.audit.trail import write
from kyozon.storage.database import Database
from kyozon.storage.encoding import to_text
from kyozon.storage.knowledge import holding, rights

# Asked for the embedder it has, a collection gives up the change that is under way.
_BEGIN = """
UPDATE collection SET next_embedder = nullif($3, embedder), reindex = jsonb_build_object('key_id', $4::text)
WHERE tenant = $1 AND id = $2 RETURNING id
"""
_ANEW = (
    "UPDATE document SET embedded_for = '', tries = 0, claimed_by = NULL WHERE collection_id = $1 AND status = 'completed'"
)
# Of documents that the reader may not see there is no count, and no word of why one of them failed.
_STATE = f"""
SELECT c.embedder, c.next_embedder, c.reindex->'failure' AS failure, count(d.id) AS total,
       count(d.id) FILTER (WHERE d.embedded_for = coalesce(c.next_embedder, c.embedder)) AS done,
       EXISTS (SELECT FROM document d WHERE d.id = c.reindex->>'document' AND {rights.COUNTED}) AS told
FROM collection c LEFT JOIN document d ON d.collection_id = c.id AND d.status = 'completed' AND {rights.COUNTED}
WHERE c.tenant = $1 AND c.id = $7 GROUP BY c.id
"""  # noqa: S608 - constants
_COMPLETE = """
c.next_embedder IS NOT NULL AND NOT EXISTS (
    SELECT FROM document d
    WHERE d.collection_id = c.id AND d.status = 'completed' AND d.embedded_for <> c.next_embedder)
"""
_READY = f"SELECT c.id FROM collection c WHERE {_COMPLETE}"  # noqa: S608 - constants
# Publishing holds the row, too: asked again once it is locked, no document can be on its way with old vectors alone.
_LOCK = "SELECT c.id FROM collection c WHERE c.id = $1 FOR UPDATE"
_SWITCH = f"""
UPDATE collection c SET embedder = next_embedder, next_embedder = NULL, reindex = '{{}}' WHERE id = $1 AND {_COMPLETE}
RETURNING embedder, knowledge_changed(tenant) AS version
"""  # noqa: S608 - constants
_CHANGED = "UPDATE document SET version = $2 WHERE collection_id = $1 AND status = 'completed'"
_OLD = """
DELETE FROM chunk_vector v USING document d
WHERE d.collection_id = $1 AND d.status = 'completed' AND v.document_id = d.id AND v.embedder <> $2
"""
_SECONDS = 300


class PostgresReindexing:
    """`ports.knowledge_ingestion.ReindexStore` on PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def reindex(self, tenant: str, collection: str, embedder: str, event: AuditEvent) -> bool:
        """Begin; what was brought for another one is deleted when the collection switches."""
        async with self._database.writing() as connection:
            key = str(event.detail["key"])
            if await connection.fetchval(_BEGIN, tenant, collection, embedder, key) is None:
                return False
            await connection.execute(holding.OF_COLLECTION, collection)
            await connection.execute(_ANEW, collection)
            await write(connection, event)
        return True

    async def reindexing(self, reader: Reader, collection: str) -> Reindex | None:
        """How far it has come."""
        async with self._database.reading() as connection:
            row = await connection.fetchrow(_STATE, *rights.reader_arguments(reader), to_text(collection))
        if row is None:
            return None
        done = row["done"] if row["next_embedder"] else row["total"]
        return Reindex(row["embedder"], row["next_embedder"], done, row["total"], _failure(row))

    async def switch(self) -> Sequence[str]:
        """Have those search with the next embedder that can."""
        async with self._database.reading() as connection:
            ready = [row["id"] for row in await connection.fetch(_READY)]
        return [collection for collection in ready if await self._switched(collection)]

    async def _switched(self, collection: str) -> bool:
        async with self._database.writing() as connection:
            await connection.execute(_LOCK, collection)
            await connection.execute(holding.OF_COLLECTION, collection, timeout=_SECONDS)
            found: Any = await connection.fetchrow(_SWITCH, collection)
            if found is None:
                return False
            await connection.execute(_CHANGED, collection, found["version"], timeout=_SECONDS)
            await connection.execute(_OLD, collection, found["embedder"], timeout=_SECONDS)
        return True


def _failure(row: Any) -> Failure | None:
    if row["failure"] is None:
        return None
    return msgspec.json.decode(row["failure"], type=Failure) if row["told"] else _UNTOLD


_UNTOLD = Failure(
    "server_error",
    "not every document got vectors of the other model, so that the collection keeps the one it has: an admin key is told "
    "what went wrong. Then begin again.",
    "すべての文書を新しいモデルで埋め込めなかったため、コレクションは現在のモデルのままです。"
    "管理者キーで原因を確認してから、もう一度開始してください。",
)
