"""What a search reads of PostgreSQL. Each statement sees one moment, and holds by itself who may see what."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import structs

from kyozon.domain.knowledge import Anchor, Chunk, Passage, Reader
from kyozon.domain.labels import Label
from kyozon.governance.provenance import joined
from kyozon.ports.knowledge_index import Indexed, IndexedChunk, Reach
from kyozon.storage.database import Database
from kyozon.storage.encoding import to_text
from kyozon.storage.knowledge import rights
from kyozon.storage.provenance import PostgresProvenance

_anchor = msgspec.json.Decoder(Anchor)
_attributes = msgspec.json.Decoder(dict[str, str | float | bool])
_labels = msgspec.json.Decoder(list[Label | None])

_REACH = f"""
SELECT coalesce((SELECT version FROM knowledge_version WHERE tenant = $1), 0) AS version,
       ARRAY(SELECT m."group" FROM membership m WHERE m.tenant = $1 AND m.member = $2) AS groups, c.id, c.embedder
FROM (SELECT) AS one LEFT JOIN collection c ON c.id = ANY($7::text[]) AND {rights.COLLECTION}
    AND (c.expires_at IS NULL OR c.expires_at > now())
"""  # noqa: S608 - constants
_RECENT = """
SELECT v.tenant, v.version FROM knowledge_version v JOIN collection c ON c.tenant = v.tenant
WHERE c.last_active_at > now() - interval '7 days'
GROUP BY v.tenant ORDER BY max(c.last_active_at) DESC, v.tenant LIMIT $1
"""
_VERSIONS = "SELECT tenant, version FROM knowledge_version WHERE tenant = ANY($1)"
_CHANGES = """
SELECT d.id, d.version, d.collection_id, d.readers, d.attributes, d.content, d.chunks, c.embedder
FROM document d JOIN collection c ON c.id = d.collection_id
WHERE d.tenant = $1 AND (d.version, d.id) > ($2, $3) AND d.version > 0 AND d.status = 'completed'
ORDER BY d.version, d.id LIMIT $4
"""
_GONE = "SELECT id FROM document_gone WHERE tenant = $1 AND version > $2"
_CHUNKS = """
SELECT k.document_id, k.ordinal, k.body, k.context, v.embedder, v.windows, v.vector
FROM document d JOIN collection c ON c.id = d.collection_id JOIN chunk k ON k.document_id = d.id
LEFT JOIN chunk_vector v ON v.document_id = k.document_id AND v.ordinal = k.ordinal AND v.embedder = c.embedder
WHERE d.tenant = $1 AND d.id = ANY($2) AND d.status = 'completed'
ORDER BY k.document_id, k.ordinal
"""
_PASSAGES = f"""
SELECT d.id, d.collection_id, d.file_id, d.attributes, f.filename, l.labels, k.ordinal, k.body, k.context, k.anchor
FROM document d JOIN collection c ON c.id = d.collection_id JOIN file f ON f.id = d.file_id {rights.labels("d.id")}
JOIN unnest($7::text[], $8::integer[]) AS found (document, ordinal) ON found.document = d.id
JOIN chunk k ON k.document_id = d.id AND k.ordinal = found.ordinal
WHERE d.status = 'completed' AND d.id = ANY($7) AND {rights.COLLECTION} AND {rights.DOCUMENT}
"""  # noqa: S608 - constants
_SECONDS = 300
"""For statements whose work grows with what is read at once."""


class PostgresKnowledgeFeed:
    """`ports.knowledge_index.KnowledgeFeed` on PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._provenance = PostgresProvenance(database)

    async def reach(self, reader: Reader, collections: Sequence[str]) -> Reach:
        """Where he may look."""
        names = [to_text(name) for name in collections]
        rows = await self._rows(_REACH, *rights.reader_arguments(reader), names)
        known = structs.replace(reader, groups=frozenset(rows[0]["groups"]))
        return Reach(rows[0]["version"], known, {row["id"]: row["embedder"] for row in rows if row["id"] is not None})

    async def recent(self, most: int) -> Sequence[tuple[str, int]]:
        """Tenants who search."""
        return [(row["tenant"], row["version"]) for row in await self._rows(_RECENT, most)]

    async def versions(self, tenants: Sequence[str]) -> Mapping[str, int]:
        """How far each has come."""
        rows = await self._rows(_VERSIONS, [to_text(tenant) for tenant in tenants])
        found = {row["tenant"]: row["version"] for row in rows}
        return {tenant: found[to_text(tenant)] for tenant in tenants if to_text(tenant) in found}

    async def changes(self, tenant: str, since: int, after: str, most: int) -> Sequence[Indexed]:
        """Documents that changed."""
        rows = await self._rows(_CHANGES, to_text(tenant), since, after, most)
        # Asked a moment later: a label that changed meanwhile is a change of a later version, which is read next.
        labels = await self._provenance.labels(tenant, [row["id"] for row in rows]) if rows else {}
        return [_indexed(row, joined(labels[row["id"]])) for row in rows]

    async def gone(self, tenant: str, since: int) -> Sequence[str]:
        """Documents that went."""
        return [row["id"] for row in await self._rows(_GONE, to_text(tenant), since)]

    async def chunks(self, tenant: str, documents: Sequence[str]) -> Sequence[IndexedChunk]:
        """What is searched."""
        return [_chunk(row) for row in await self._rows(_CHUNKS, to_text(tenant), list(documents))]

    async def passages(self, reader: Reader, keys: Sequence[tuple[str, int]]) -> Mapping[tuple[str, int], Passage]:
        """What may be seen of what was found."""
        documents, ordinals = [document for document, _ in keys], [ordinal for _, ordinal in keys]
        rows = await self._rows(_PASSAGES, *rights.reader_arguments(reader), documents, ordinals)
        passages = [_passage(row) for row in rows]
        return {passage.key: passage for passage in passages}

    async def _rows(self, query: str, *arguments: Any) -> Any:
        async with self._database.reading() as connection:
            return await connection.fetch(query, *arguments, timeout=_SECONDS)


def _indexed(row: Any, label: Label | None) -> Indexed:
    readers, attributes = frozenset(row["readers"]), _attributes.decode(row["attributes"])
    held = (row["id"], row["version"], row["collection_id"], label, readers, attributes)
    return Indexed(*held, row["content"], row["embedder"], row["chunks"])


def _chunk(row: Any) -> IndexedChunk:
    text = Chunk(row["ordinal"], row["body"], Anchor(0, 0), row["context"]).indexed
    if row["vector"] is None:
        return IndexedChunk(row["document_id"], row["ordinal"], text)
    return IndexedChunk(row["document_id"], row["ordinal"], text, row["embedder"], row["windows"], row["vector"])


def _passage(row: Any) -> Passage:
    label = joined(_labels.decode(row["labels"]))
    assert label is not None  # noqa: S101 - what is not known is not within a clearance
    chunk = Chunk(row["ordinal"], row["body"], _anchor.decode(row["anchor"]), row["context"])
    attributes = _attributes.decode(row["attributes"])
    return Passage(row["id"], row["collection_id"], row["file_id"], row["filename"], chunk, 0.0, attributes, label)
