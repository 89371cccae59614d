"""What is made of a document before anybody may find it: text, chunks, vectors. Each step is kept, and none is repeated."""

import hashlib
from collections.abc import Sequence
from typing import Any

from kyozon.domain.knowledge import Chunk, Parsed
from kyozon.ports.knowledge_ingestion import Job, Missing, Vectors
from kyozon.storage.database import Database
from kyozon.storage.encoding import to_json, to_text
from kyozon.storage.knowledge import holding

LACKING = """EXISTS (SELECT FROM chunk k WHERE k.document_id = {0} AND NOT EXISTS (
    SELECT FROM chunk_vector v WHERE v.document_id = k.document_id AND v.ordinal = k.ordinal AND v.embedder = {1}))"""
"""Whether a document has chunks without a vector of an embedder."""

# The row stays as it is until the transaction ends: a deletion waits, and finds what was written to delete.
_HELD = """
SELECT FROM document WHERE id = $1 AND claimed_by = $2 AND status IN ('in_progress', 'completed') FOR UPDATE
"""
_TEXT = "INSERT INTO document_text (document_id, body, pages) VALUES ($1, $2, $3)"
_MADE_FROM = "UPDATE document SET content = $2, tries = 1 WHERE id = $1"
_GOT_ON = "UPDATE document SET tries = 1 WHERE id = $1"
_DISCARD = ("DELETE FROM document_text WHERE document_id = ANY($1)", "DELETE FROM chunk WHERE document_id = ANY($1)")
# Of the same owner alone: how soon a document is taken in tells nobody what others have.
_TWIN = """
SELECT d.id FROM document d JOIN file f ON f.id = d.file_id
WHERE d.tenant = $1 AND d.content = $2 AND f.owner = $3 AND d.id <> $4
  AND EXISTS (SELECT FROM document_text t WHERE t.document_id = d.id)
ORDER BY d.id LIMIT 1
"""
_COPY = (
    "INSERT INTO document_text SELECT $1, body, pages FROM document_text WHERE document_id = $2",
    "INSERT INTO chunk SELECT $1, ordinal, body, context, anchor, content FROM chunk WHERE document_id = $2",
)
_REUSE = """
INSERT INTO chunk_vector (document_id, ordinal, embedder, vector, windows)
SELECT DISTINCT ON (c.ordinal) c.document_id, c.ordinal, v.embedder, v.vector, v.windows
FROM chunk c JOIN chunk same ON same.content = c.content
JOIN document d ON d.id = same.document_id AND d.tenant = $2 JOIN file f ON f.id = d.file_id AND f.owner = $3
JOIN chunk_vector v ON v.document_id = same.document_id AND v.ordinal = same.ordinal AND v.embedder = $4
WHERE c.document_id = $1
ON CONFLICT DO NOTHING
"""
_COUNT = """
SELECT count(*) AS total, count(*) FILTER (WHERE EXISTS (
    SELECT FROM chunk_vector v WHERE v.document_id = k.document_id AND v.ordinal = k.ordinal AND v.embedder = $2)) AS done
FROM chunk k WHERE k.document_id = $1
"""
_MISSING = """
SELECT content, (array_agg(context))[1] AS context, (array_agg(body))[1] AS body FROM chunk k
WHERE k.document_id = $1 AND NOT EXISTS (
    SELECT FROM chunk_vector v WHERE v.document_id = k.document_id AND v.ordinal = k.ordinal AND v.embedder = $2)
GROUP BY content ORDER BY min(ordinal) LIMIT $3
"""
_KEEP = """
INSERT INTO chunk_vector (document_id, ordinal, embedder, vector, windows)
SELECT k.document_id, k.ordinal, $2, given.vector, given.windows
FROM chunk k JOIN unnest($3::bytea[], $4::bytea[], $5::smallint[]) AS given (content, vector, windows) USING (content)
WHERE k.document_id = $1
ON CONFLICT DO NOTHING
"""
_SECONDS = 300
"""For statements whose work grows with the document."""


class Drafts:
    """Text, chunks and vectors of documents that are held."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def copy(self, job: Job, made_from: str) -> bool:
        """Take text and chunks from a twin, where the owner has one."""
        async with self._database.writing() as connection:
            whose = (job.tenant, made_from, job.owner, job.document)
            twin = await connection.fetchval(_TWIN, *whose)
            await connection.execute(holding.THESE, [job.document, twin])
            still = twin is not None and await connection.fetchval(_TWIN, *whose) == twin
            if not still or await connection.fetchrow(_HELD, job.document, job.claim) is None:
                return False
            await discard(connection, [job.document])
            for statement in _COPY:
                await connection.execute(statement, job.document, twin, timeout=_SECONDS)
            await connection.execute(_MADE_FROM, job.document, made_from)
        return True

    async def draft(self, job: Job, made_from: str, parsed: Parsed, chunks: Sequence[Chunk]) -> bool:
        """Keep text and chunks, all or none."""
        async with self._database.writing() as connection:
            if await connection.fetchrow(_HELD, job.document, job.claim) is None:
                return False
            await discard(connection, [job.document])
            await connection.execute(_TEXT, job.document, to_text(parsed.text), list(parsed.pages))
            rows = [(job.document, *_row(chunk)) for chunk in chunks]
            columns = ["document_id", "ordinal", "body", "context", "anchor", "content"]
            await connection.copy_records_to_table("chunk", records=rows, columns=columns, timeout=_SECONDS)
            await connection.execute(_MADE_FROM, job.document, made_from)
        return True

    async def reuse(self, job: Job) -> tuple[int, int]:
        """Take vectors of the same words; how many chunks have one then, and how many there are."""
        async with self._database.writing() as connection:
            if await connection.fetchrow(_HELD, job.document, job.claim) is not None:
                given = (job.document, job.tenant, job.owner, job.embedder)
                await connection.execute(_REUSE, *given, timeout=_SECONDS)
            found = await connection.fetchrow(_COUNT, job.document, job.embedder)
        return found["done"], found["total"]

    async def missing(self, job: Job, most: int) -> Sequence[Missing]:
        """Words without a vector."""
        async with self._database.reading() as connection:
            rows = await connection.fetch(_MISSING, job.document, job.embedder, most)
        return [Missing(row["content"], row["body"], row["context"]) for row in rows]

    async def keep(self, job: Job, vectors: Sequence[Vectors]) -> bool:
        """Keep vectors. What gets on is not stuck: its tries are counted anew."""
        async with self._database.writing() as connection:
            if await connection.fetchrow(_HELD, job.document, job.claim) is None:
                return False
            columns = [one.content for one in vectors], [one.packed for one in vectors], [one.windows for one in vectors]
            await connection.execute(_KEEP, job.document, job.embedder, *columns)
            await connection.execute(_GOT_ON, job.document)
        return True


async def discard(connection: Any, documents: Sequence[str]) -> None:
    """Delete what was begun of documents that are not completed, in what `connection` has under way."""
    for statement in _DISCARD:
        await connection.execute(statement, list(documents), timeout=_SECONDS)


def _row(chunk: Chunk) -> tuple[int, str, str, str, bytes]:
    """A chunk without the document's name. The hash is of what is searched and embedded, headings included."""
    content = hashlib.sha256(chunk.indexed.encode("utf-8", "surrogatepass")).digest()
    return chunk.ordinal, to_text(chunk.text), to_text(chunk.context), to_json(chunk.anchor), content
