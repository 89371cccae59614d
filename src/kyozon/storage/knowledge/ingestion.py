"""Documents that wait to be taken in: held under a claim, published in one transaction.

A document in progress is its own row in the queue. Whoever claims it writes a name of his own into it, which every later
statement asks for: who was taken for dead, or whose document was deleted, changes nothing any more.
"""

import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import IO, Any

import msgspec
from msgspec import structs

from kyozon.domain.callers import ApiKey
from kyozon.domain.knowledge import Chunking, Failure, Progress
from kyozon.ports.knowledge_ingestion import Job
from kyozon.storage.database import Database, trouble
from kyozon.storage.encoding import to_json
from kyozon.storage.knowledge import holding
from kyozon.storage.knowledge.drafts import LACKING, Drafts, discard
from kyozon.storage.knowledge.forgetting import forget_answers

CHANNEL = "kyozon_ingestion"
_HELD_SECONDS = 60
_LEFT_SECONDS = 86_400

_key = msgspec.json.Decoder(ApiKey)
_chunking = msgspec.json.Decoder(Chunking)

# A server that is gone holds nothing. Who let go of a document says until when it waits.
FREE = """
(d.claimed_until IS NULL OR d.claimed_until < now() OR d.claimed_by IS NOT NULL
 AND NOT EXISTS (SELECT FROM running_server s WHERE s.id = split_part(d.claimed_by, '/', 1)))
"""
"""Whether nobody holds document `d`, and it need not wait any longer."""
# One tenant after the other, in a ring, and within each its collections in a ring of their own: whoever brings much has one
# document taken in before others have theirs. Turns are sorted before documents: to lock the first of a hundred thousand,
# PostgreSQL sorts them all. Where somebody else is just taking all of a turn, the next one has it.
_TURNS = "d.tenant <= $2, d.tenant, d.collection_id <= coalesce($3::jsonb->>d.tenant, ''), d.collection_id"
_HOLD = f"""
UPDATE document SET claimed_by = $1, claimed_until = now() + make_interval(secs => {_HELD_SECONDS}), tries = tries + 1
FROM (
    SELECT next.id AS found
    FROM (
        SELECT d.tenant, d.collection_id FROM {{0}} WHERE {{1}} AND {FREE}
        GROUP BY d.tenant, d.collection_id ORDER BY {_TURNS}
    ) AS turn CROSS JOIN LATERAL (
        SELECT d.id FROM {{0}} WHERE {{1}} AND {FREE} AND d.tenant = turn.tenant AND d.collection_id = turn.collection_id
        ORDER BY d.tries, d.created_at, d.id LIMIT 1 FOR UPDATE OF d SKIP LOCKED
    ) AS next LIMIT 1
) AS one WHERE id = found RETURNING id
"""  # noqa: S608 - constants
_WAITING = _HOLD.format("document d", "d.status = 'in_progress'")
_TO_RENEW = _HOLD.format(
    "document d JOIN collection c ON c.id = d.collection_id",
    "c.next_embedder IS NOT NULL AND d.status = 'completed' AND d.embedded_for <> c.next_embedder",
)
_JOB = """
SELECT d.*, f.filename, f.owner, f.sha256, c.embedder, c.next_embedder, k.body AS key, k.revoked_at
FROM document d JOIN file f ON f.id = d.file_id JOIN collection c ON c.id = d.collection_id
LEFT JOIN api_key k ON k.tenant = d.tenant
    AND k.id = CASE WHEN d.status = 'completed' THEN c.reindex->>'key_id' ELSE d.key_id END
WHERE d.id = $1
"""
_MINE = "id = $1 AND claimed_by = $2 AND status IN ('in_progress', 'completed')"
_STILL = f"""
UPDATE document SET claimed_until = now() + make_interval(secs => {_HELD_SECONDS}), progress = coalesce($3::jsonb, progress)
WHERE {_MINE}
"""  # noqa: S608 - constants
_PIECES = "SELECT body FROM file_piece WHERE file_id = $1 AND ordinal = $2"
_FREES = "claimed_by = NULL, claimed_until = NULL, tries = 0"
_LETS_GO = f"{_FREES}, progress = '{{}}'"
_LOCK = "SELECT FROM collection WHERE id = $1 FOR SHARE"
_LOCK_TO_GIVE_UP = "SELECT FROM collection WHERE id = $1 FOR NO KEY UPDATE"
_REPLACES = "SELECT replaces FROM document WHERE id = $1"
_PUBLISHING = f"""
SELECT c.embedder FROM document d JOIN collection c ON c.id = d.collection_id
WHERE d.id = $1 AND d.claimed_by = $2 AND d.status = 'in_progress' AND NOT {LACKING.format("d.id", "c.embedder")}
"""  # noqa: S608 - constants
_ONLY = "DELETE FROM chunk_vector WHERE document_id = $1 AND embedder <> $2"
_PUBLISH = f"""
UPDATE document SET status = 'completed', version = knowledge_changed(tenant), failure = NULL, replaces = NULL, {_FREES},
    progress = coalesce($2::jsonb, '{{}}'),
    chunks = (SELECT count(*) FROM chunk WHERE document_id = $1),
    bytes = (SELECT octet_length(body) FROM document_text WHERE document_id = $1)
WHERE id = $1
"""  # noqa: S608 - constants
_REPLACED = """
DELETE FROM document d USING document now
WHERE now.id = $1 AND d.id = $2 AND d.tenant = now.tenant AND d.collection_id = now.collection_id RETURNING d.id
"""
_RENEWED = f"UPDATE document SET embedded_for = $3, {_LETS_GO} WHERE {_MINE}"  # noqa: S608 - constants
_LATER = f"""
UPDATE document SET claimed_by = NULL, claimed_until = now() + make_interval(secs => $3), progress = '{{}}',
    tries = tries - CASE WHEN $4 THEN 0 ELSE 1 END
WHERE {_MINE}
"""  # noqa: S608 - constants
_FAIL = f"""
UPDATE document SET status = 'failed', failure = $3::jsonb, content = '', {_LETS_GO}
WHERE {_MINE} AND status = 'in_progress'
"""  # noqa: S608 - constants
_LET_GO = f"UPDATE document SET {_LETS_GO} WHERE {_MINE}"  # noqa: S608 - constants
_GIVE_UP = """
UPDATE collection SET next_embedder = NULL,
    reindex = reindex || jsonb_build_object('failure', $2::jsonb, 'document', $3::text)
WHERE id = $1 RETURNING embedder
"""
_ONLY_OF = """
DELETE FROM chunk_vector v USING document d
WHERE d.collection_id = $1 AND v.document_id = d.id AND v.embedder <> $2
"""


class PostgresIngestion(Drafts):
    """`ports.knowledge_ingestion.IngestionStore` for one server, which must be among `running_server`.

    Files are unpacked in `folder`, which is made where it is not there.
    """

    def __init__(self, database: Database, server: str, folder: Path) -> None:
        super().__init__(database)
        self._server = server
        self._folder = folder
        self._claims = 0
        self._turns: dict[str, str] = {}
        """The collection of each tenant whose turn was last."""

    async def claim(self, after: str) -> Job | None:
        """Hold the next document that waits; documents of which nothing can be found yet come before those to renew."""
        self._claims += 1
        claim = f"{self._server}/{self._claims}"
        async with self._database.writing() as connection:
            given = (claim, after, to_json(self._turns))
            found = await connection.fetchval(_WAITING, *given) or await connection.fetchval(_TO_RENEW, *given)
            if found is None:
                return None
            job = _job(await connection.fetchrow(_JOB, found))
        self._turns[job.tenant] = job.collection
        return job

    async def hold(self, job: Job, progress: Progress | None) -> bool:
        """Hold it on, and say how far it has come."""
        told = None if progress is None else to_json(progress)
        return await self._done(_STILL, job.document, job.claim, told)

    @asynccontextmanager
    async def file(self, job: Job) -> AsyncIterator[Path | None]:
        """The bytes of its file on disk, with nobody else's eyes on them."""
        with ExitStack() as left:
            with trouble():
                self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                _clear(self._folder, job.document)
                copy = left.enter_context(tempfile.NamedTemporaryFile(dir=self._folder, prefix=f"{job.document}-"))
                there = await self._copied(job, copy)
            yield Path(copy.name) if there else None

    async def publish(self, job: Job, progress: Progress | None = None) -> bool:
        """Let it be found, and what it replaces no more; what it took tells how long others may take."""
        took = None if progress is None else to_json(progress)
        async with self._database.writing() as connection:
            await connection.execute(_LOCK, job.collection)
            replaced = await connection.fetchval(_REPLACES, job.document)
            await connection.execute(holding.THESE, [job.document, replaced])
            found = await connection.fetchrow(_PUBLISHING, job.document, job.claim)
            if found is None:
                return False
            await connection.execute(_ONLY, job.document, found["embedder"])
            await connection.execute(_PUBLISH, job.document, took)
            gone = await connection.fetch(_REPLACED, job.document, replaced)
            await forget_answers(connection, job.tenant, [row["id"] for row in gone])
        return True

    async def renewed(self, job: Job) -> bool:
        """Say that it has all vectors of the next embedder."""
        return await self._done(_RENEWED, job.document, job.claim, job.embedder)

    async def later(self, job: Job, seconds: float, *, counted: bool) -> bool:
        """Let go of it for a while."""
        return await self._done(_LATER, job.document, job.claim, seconds, counted)

    async def fail(self, job: Job, failure: Failure) -> bool:
        """It will not be taken in; or its collection keeps the embedder it has."""
        told = to_json(failure)
        async with self._database.writing() as connection:
            if not job.renews:
                if not _any(await connection.execute(_FAIL, job.document, job.claim, told)):
                    return False
                await discard(connection, [job.document])
                return True
            await connection.execute(_LOCK_TO_GIVE_UP, job.collection)
            if not _any(await connection.execute(_LET_GO, job.document, job.claim)):
                return False
            embedder = await connection.fetchval(_GIVE_UP, job.collection, told, job.document)
            await connection.execute(_ONLY_OF, job.collection, embedder)
        return True

    async def watch(self, waiting: Callable[[], None]) -> None:
        """Call `waiting` whenever a document begins to wait."""
        await self._database.watch(CHANNEL, waiting)

    async def _copied(self, job: Job, copy: IO[bytes]) -> bool:
        """Piece by piece, so that a file of any size takes the memory of one; False where there is none."""
        ordinal = 0
        while True:
            async with self._database.reading() as connection:
                body = await connection.fetchval(_PIECES, job.file, ordinal)
            if body is None:
                copy.flush()
                return ordinal > 0
            copy.write(body)
            ordinal += 1

    async def _done(self, statement: str, *arguments: Any) -> bool:
        async with self._database.reading() as connection:
            return _any(await connection.execute(statement, *arguments))


def _clear(folder: Path, document: str) -> None:
    """Remove what a server that was killed has left of this document, or a day ago of any."""
    for left in folder.iterdir():
        with suppress(FileNotFoundError):
            if left.name.startswith(f"{document}-") or time.time() - left.stat().st_mtime > _LEFT_SECONDS:
                left.unlink()


def _any(done: str) -> bool:
    return not done.endswith(" 0")


def _job(row: Any) -> Job:
    renews = row["status"] == "completed"
    key = row["key"]
    return Job(
        claim=row["claimed_by"],
        document=row["id"],
        tenant=row["tenant"],
        collection=row["collection_id"],
        file=row["file_id"],
        filename=row["filename"],
        owner=row["owner"],
        sha256=row["sha256"],
        chunking=_chunking.decode(row["chunking"]),
        embedder=row["next_embedder"] if renews else row["embedder"],
        key=None if key is None else structs.replace(_key.decode(key), revoked_at=row["revoked_at"]),
        begun=row["content"],
        tries=row["tries"],
        renews=renews,
    )
