"""Documents in PostgreSQL. A row that is in progress is the job of taking its file in."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import structs

from kyozon.domain.audit import AuditEvent
from kyozon.domain.errors import NotFound
from kyozon.domain.ingestion import Work
from kyozon.domain.knowledge import DOCUMENT, Anchor, Attributes, Chunk, Chunking, Document, Failure, Progress, Reader
from kyozon.domain.labels import Label
from kyozon.domain.language import Text
from kyozon.domain.provenance import StoredValue
from kyozon.governance.provenance import joined
from kyozon.ports.knowledge import Attachment, Chosen, Counts, Page
from kyozon.storage import provenance
from kyozon.storage.audit.trail import write
from kyozon.storage.database import Database
from kyozon.storage.encoding import to_json, to_text
from kyozon.storage.knowledge import holding, rights
from kyozon.storage.knowledge.drafts import discard
from kyozon.storage.knowledge.forgetting import forget_answers
from kyozon.storage.knowledge.paging import part

_attributes = msgspec.json.Decoder(dict[str, str | float | bool])
_chunking = msgspec.json.Decoder(Chunking)
_failure = msgspec.json.Decoder(Failure)
_progress = msgspec.json.Decoder(Progress)
_held = msgspec.json.Decoder(tuple[tuple[int, Progress], ...])
_anchor = msgspec.json.Decoder(Anchor)
_labels = msgspec.json.Decoder(tuple[Label | None, ...])

_FROM = f"""
FROM document d JOIN collection c ON c.id = d.collection_id JOIN file f ON f.id = d.file_id {rights.labels("d.id")}
WHERE {rights.COLLECTION} AND {rights.DOCUMENT}
"""
_SELECT = f"SELECT d.*, f.filename, f.owner, l.labels {_FROM}"
_ONE = f"{_SELECT} AND d.collection_id = $7 AND d.file_id = $8"
_LIST = f"""
{_SELECT} AND d.collection_id = $7 AND ($8::text IS NULL OR d.status = $8) AND ($9::text IS NULL OR d.batch = $9)
AND ($10::text IS NULL OR d.id > $10) AND ($11::text IS NULL OR d.id < $11)
"""
_COUNTS = f"""
SELECT d.collection_id AS name, d.status, count(*)::int AS found, sum(d.bytes)::bigint AS bytes
FROM document d JOIN collection c ON c.id = d.collection_id
WHERE {rights.COLLECTION} AND {rights.COUNTED} AND d.collection_id = ANY($7) AND ($8::text IS NULL OR d.batch = $8)
GROUP BY d.collection_id, d.status
"""  # noqa: S608 - constants
_WORK = f"""
SELECT d.collection_id AS name,
    coalesce(sum(f.bytes) FILTER (WHERE d.status = 'completed'), 0)::bigint AS done,
    coalesce(sum(f.bytes) FILTER (WHERE d.status = 'completed' AND d.progress <> '{{}}'), 0)::bigint AS measured,
    coalesce(sum((d.progress->>'seconds')::float8) FILTER (WHERE d.status = 'completed'), 0) AS seconds,
    coalesce(sum(f.bytes) FILTER (WHERE d.status = 'in_progress' AND d.progress = '{{}}'), 0)::bigint AS waiting,
    (count(*) FILTER (WHERE d.status = 'in_progress' AND d.claimed_by IS NOT NULL))::int AS working,
    coalesce(jsonb_agg(jsonb_build_array(f.bytes, d.progress) ORDER BY d.id)
        FILTER (WHERE d.status = 'in_progress' AND d.progress <> '{{}}'), '[]') AS held
FROM document d JOIN collection c ON c.id = d.collection_id JOIN file f ON f.id = d.file_id
WHERE {rights.COLLECTION} AND {rights.COUNTED} AND d.collection_id = ANY($7) AND ($8::text IS NULL OR d.batch = $8)
    AND d.status IN ('in_progress', 'completed')
GROUP BY d.collection_id
"""  # noqa: S608 - constants
_CHUNKS = f"""
SELECT k.* FROM chunk k WHERE k.document_id = (
    SELECT d.id {_FROM} AND d.collection_id = $7 AND d.file_id = $8 AND d.status = 'completed'
) ORDER BY k.ordinal
"""  # noqa: S608 - constants
# Ahead of what is written, and both in one order: whoever deletes either waits, or is waited for. So is who attaches the
# same file at this moment: a client that heard nothing asks again.
_HOLD = """
SELECT (SELECT c.id FROM collection c WHERE c.tenant = $1 AND c.id = $2 FOR KEY SHARE) IS NOT NULL AS collection,
    ARRAY(SELECT f.id FROM file f WHERE f.tenant = $1 AND f.id = ANY($3) ORDER BY f.id FOR NO KEY UPDATE) AS files
"""
_THERE = """
SELECT d.*, f.filename, f.owner, NULL AS labels FROM document d JOIN file f ON f.id = d.file_id
WHERE d.tenant = $1 AND d.collection_id = $2 AND d.file_id = ANY($3) ORDER BY d.id FOR UPDATE OF d
"""
# Nobody is shut out of a file that he has brought.
_READERS = """CASE WHEN cardinality({0}::text[]) = 0 THEN '{{}}'
    ELSE ARRAY(SELECT DISTINCT unnest({0}::text[] || ('user:' || f.owner)) ORDER BY 1) END"""
_INSERT = f"""
INSERT INTO document (tenant, id, collection_id, file_id, created_at, status, attributes, readers, chunking, batch,
                      replaces, key_id)
SELECT $1, $2, $3, f.id, $5, 'in_progress', $6::jsonb, {_READERS.format("$7")}, $8::jsonb, $9, $10, $11
FROM file f WHERE f.id = $4 RETURNING readers
"""  # noqa: S608 - constants
_CHANGE = f"""
UPDATE document d SET attributes = $3::jsonb, batch = coalesce($5, batch),
    readers = CASE WHEN $4::text[] IS NULL THEN readers ELSE {_READERS.format("$4")} END,
    version = CASE WHEN version > 0 THEN knowledge_changed(d.tenant) ELSE 0 END
FROM file f WHERE d.tenant = $1 AND d.id = $2 AND f.id = d.file_id RETURNING readers
"""  # noqa: S608 - constants
_DELETE = "DELETE FROM document WHERE tenant = $1 AND id = $2 RETURNING id"
_CANCEL = """
UPDATE document SET status = 'cancelled', claimed_by = NULL, claimed_until = NULL
WHERE tenant = $1 AND id = ANY($2) AND status = 'in_progress' RETURNING id
"""
# An index hears of what went since it read, which is not before its server began; and an answer that was kept is held
# against what went since its request was decided. A month more than either, for what was under way at that moment, and for
# a server that was taken for dead and began anew with an index that nobody had used for long.
_FORGET_GONE = """
DELETE FROM document_gone WHERE (tenant, id) IN (
    SELECT tenant, id FROM document_gone WHERE at < least(
        (SELECT min(since) FROM running_server),
        (SELECT min(d.at) FROM kept_answer k JOIN decision d ON d.id = k.decision_id),
        (SELECT min(d.at) FROM cached_answer a JOIN decision d ON d.id = a.source)
    ) - interval '30 days' AND EXISTS (SELECT FROM running_server) LIMIT $1
)
"""


class PostgresDocuments:
    """`ports.knowledge.DocumentStore` on PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def attach(
        self, tenant: str, collection: str, attachments: Sequence[Attachment], event: AuditEvent
    ) -> tuple[Document, ...]:
        """Put files into a collection."""
        files = sorted({to_text(one.document.file) for one in attachments})
        these = (to_text(tenant), to_text(collection), files)
        async with self._database.writing() as connection:
            held = await connection.fetchrow(_HOLD, *these)
            if not held["collection"] or held["files"] != files:
                raise NotFound(_went())
            there = {row["file_id"]: row for row in await connection.fetch(_THERE, *these)}
            kept = tuple([await _attached(connection, one, there.get(to_text(one.document.file))) for one in attachments])
            await write(connection, event)
        return kept

    async def get(self, reader: Reader, collection: str, file: str) -> Document | None:
        """A document that the reader may see."""
        async with self._database.reading() as connection:
            row = await connection.fetchrow(_ONE, *rights.reader_arguments(reader), to_text(collection), to_text(file))
        return None if row is None else _document(row)

    async def list(self, reader: Reader, chosen: Chosen, page: Page) -> tuple[tuple[Document, ...], bool]:
        """Documents that the reader may see; a file that he sees none of bounds nothing, as one that never was."""
        which = (to_text(chosen.collection), chosen.status, None if chosen.batch is None else to_text(chosen.batch))
        after, before = await self._bound(reader, chosen, page.after), await self._bound(reader, chosen, page.before)
        page = structs.replace(page, after=after, before=before)
        async with self._database.reading() as connection:
            rows, more = await part(connection, (_LIST, "d.id"), (*rights.reader_arguments(reader), *which), page)
        return tuple(map(_document, rows)), more

    async def counts(self, reader: Reader, collections: Sequence[str], batch: str | None) -> Mapping[str, Counts]:
        """How many documents the reader may see."""
        found: dict[str, dict[str, int]] = {name: {} for name in collections}
        which = [to_text(name) for name in collections], None if batch is None else to_text(batch)
        async with self._database.reading() as connection:
            for row in await connection.fetch(_COUNTS, *rights.reader_arguments(reader), *which):
                found[row["name"]][row["status"]] = row["found"]
                if row["status"] == "completed":
                    found[row["name"]]["bytes"] = row["bytes"]
        return {name: Counts(**counts) for name, counts in found.items()}

    async def work(self, reader: Reader, collections: Sequence[str], batch: str | None) -> Mapping[str, Work]:
        """The work on documents that the reader may see."""
        which = [to_text(name) for name in collections], None if batch is None else to_text(batch)
        async with self._database.reading() as connection:
            rows = await connection.fetch(_WORK, *rights.reader_arguments(reader), *which)
        found = {row["name"]: _work(row) for row in rows}
        return {name: found.get(to_text(name), Work()) for name in collections}

    async def change(
        self, document: Document, attributes: Attributes, readers: frozenset[str] | None, event: AuditEvent
    ) -> Document | None:
        """Give a document other attributes and readers; whom it was open to gets no answer again that was kept of it."""
        async with self._database.writing() as connection:
            await connection.execute(holding.THESE, [document.id])
            changed = await _changed(connection, document, attributes, readers)
            if changed is not None:
                await write(connection, event)
        return changed

    async def detach(self, document: Document, event: AuditEvent) -> bool:
        """Delete a document and everything that was kept of it."""
        async with self._database.writing() as connection:
            if await connection.fetchval(_DELETE, to_text(document.tenant), document.id) is None:
                return False
            await forget_answers(connection, document.tenant, (document.id,))
            await write(connection, event)
        return True

    async def cancel(self, documents: Sequence[Document], event: AuditEvent) -> None:
        """Stop taking in those of the documents that are in progress."""
        names = [document.id for document in documents]
        async with self._database.writing() as connection:
            await connection.execute(holding.THESE, names)
            rows = await connection.fetch(_CANCEL, to_text(event.tenant), names)
            await discard(connection, [row["id"] for row in rows])
            await write(connection, event)

    async def chunks(self, reader: Reader, collection: str, file: str) -> tuple[Chunk, ...]:
        """What a document was split into."""
        arguments = (*rights.reader_arguments(reader), to_text(collection), to_text(file))
        async with self._database.reading() as connection:
            rows = await connection.fetch(_CHUNKS, *arguments)
        return tuple(Chunk(row["ordinal"], row["body"], _anchor.decode(row["anchor"]), row["context"]) for row in rows)

    async def forget_gone(self, most: int) -> int:
        """Let go of names that nobody can ask for; of none where no server runs: then nobody knows who may."""
        async with self._database.reading() as connection:
            done = await connection.execute(_FORGET_GONE, most)
        return int(done.rpartition(" ")[2])

    async def _bound(self, reader: Reader, chosen: Chosen, file: str | None) -> str | None:
        found = None if file is None else await self.get(reader, chosen.collection, file)
        return None if found is None else found.id


async def _attached(connection: Any, one: Attachment, row: Any) -> Document:
    """The document that `row` has of it already, as it is wanted now, or the new one."""
    document = one.document
    tenant, collection, file = to_text(document.tenant), to_text(document.collection), to_text(document.file)
    if row is not None and row["status"] in ("in_progress", "completed"):
        there = structs.replace(_document(row), batch=document.batch, label=document.label)
        return await _changed(connection, there, document.attributes or there.attributes, document.readers or None) or there
    if row is not None:
        await connection.execute(_DELETE, tenant, row["id"])
    await provenance.add(connection, StoredValue(document.id, tenant, DOCUMENT, document.created_at, one.label, (file,)))
    described = (to_json(document.attributes), _names(document.readers), to_json(document.chunking))
    whole = (tenant, document.id, collection, file, document.created_at, *described)
    readers = await connection.fetchval(_INSERT, *whole, document.batch, one.replaces, one.key_id)
    return structs.replace(document, readers=frozenset(readers))


async def _changed(
    connection: Any, document: Document, attributes: Attributes, readers: frozenset[str] | None
) -> Document | None:
    named = (to_json(attributes), None if readers is None else _names(readers), document.batch)
    found = await connection.fetchval(_CHANGE, to_text(document.tenant), document.id, *named)
    if found is None:
        return None
    if frozenset(found) != document.readers:
        await forget_answers(connection, document.tenant, (document.id,))
    return structs.replace(document, attributes=dict(attributes), readers=frozenset(found))


def _names(readers: frozenset[str]) -> list[str]:
    return sorted(map(to_text, readers))


def _went() -> Text:
    return Text(
        "the collection or a file went away at this moment: list both, then try again.",
        "コレクションまたはファイルがちょうど削除されました。一覧を確認し、もう一度お試しください。",
    )


def _work(row: Any) -> Work:
    done = row["done"], row["measured"], row["seconds"]
    return Work(*done, row["waiting"], row["working"], _held.decode(row["held"]))


def _document(row: Any) -> Document:
    label = joined(_labels.decode(row["labels"])) if row["labels"] is not None else None
    working = row["status"] == "in_progress" and row["progress"] != "{}"
    return Document(
        id=row["id"],
        tenant=row["tenant"],
        collection=row["collection_id"],
        file=row["file_id"],
        filename=row["filename"],
        created_at=row["created_at"],
        status=row["status"],
        attributes=_attributes.decode(row["attributes"]),
        readers=frozenset(row["readers"]),
        chunking=_chunking.decode(row["chunking"]),
        chunks=row["chunks"],
        bytes=row["bytes"],
        failure=None if row["failure"] is None else _failure.decode(row["failure"]),
        batch=row["batch"],
        label=label or Label(),
        progress=_progress.decode(row["progress"]) if working else None,
    )
