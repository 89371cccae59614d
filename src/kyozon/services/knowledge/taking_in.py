"""The steps that one document takes: file to text, to chunks, to vectors, each kept, then found by all who may at once."""

import asyncio
import hashlib
import math
import struct
from collections.abc import Callable, Sequence
from itertools import chain, islice
from pathlib import PurePath

import msgspec

from kyozon.domain.callers import ApiKey, Caller
from kyozon.domain.errors import InvalidFile, Unauthenticated
from kyozon.domain.ingestion import remaining
from kyozon.domain.knowledge import Chunk, Parsed, Progress
from kyozon.domain.language import Text
from kyozon.domain.requests import EmbeddingRequest, Stated
from kyozon.ports.knowledge_ingestion import IngestionStore, Job, Missing, Vectors
from kyozon.ports.knowledge_parsing import DocumentParser
from kyozon.retrieval.splitting import split
from kyozon.retrieval.windows import windows
from kyozon.services.embeddings import EmbeddingService
from kyozon.services.provenance import Provenance
from kyozon.services.world import World

PURPOSE = Stated(purpose="ingestion")
"""What its decisions say that they are for."""

_MADE_BY = 2
"""Goes up when files are read or split otherwise, so that what was made before is not taken for the same."""
_BATCH = 8
"""Chunks embedded by one call: each is a decision, kept when it is answered."""


class Lost(Exception):
    """Somebody deleted or cancelled the document, or another server has it."""


class Course:
    """How far a document has come since its work began, and what that took by `clock`, in seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.progress: Progress | None = None
        self._clock = clock
        self._began = clock()
        self._read = False
        self._embedding: tuple[float, int] | None = None

    @property
    def took(self) -> Progress | None:
        """How far it has come, where its file was read and each chunk embedded since; else None.

        What was there already, from an earlier try or of another document, says nothing of how long others will take.
        """
        return self.progress if self._read and self._embedding is not None and not self._embedding[1] else None

    def opened(self) -> None:
        """Its file begins to be read."""
        self._read = True

    def reading(self, done: int, total: int) -> None:
        """So many pages are read."""
        self.progress = Progress("reading", done, total, self._clock() - self._began)

    def embedding(self, done: int, total: int) -> None:
        """So many chunks have vectors; those that had them at first took no time."""
        now = self._clock()
        since, first = self._embedding = self._embedding or (now, done)
        left = remaining(now - since, done - first, total - done)
        self.progress = Progress("embedding", done, total, now - self._began, left)


class TakingIn:
    """Takes a document in that is held, or gives it the vectors of another embedder."""

    def __init__(
        self,
        documents: IngestionStore,
        parser: DocumentParser,
        embeddings: EmbeddingService,
        provenance: Provenance,
        world: World,
    ) -> None:
        self._documents = documents
        self._parser = parser
        self._embeddings = embeddings
        self._provenance = provenance
        self._world = world

    async def run(self, job: Job, course: Course) -> None:
        """All steps that are not done yet.

        Raises:
            Lost: the document is not ours any more.
            UnsupportedFile, InvalidFile, MissingPiece: as `DocumentParser.parse`.
            Unauthenticated: the key that it was asked for with does not hold any more.
            KyozonError: as `EmbeddingService.embed`.
        """
        key, made_from = self._key(job), _made_from(job)
        if not job.renews and job.begun != made_from and not await self._documents.copy(job, made_from):
            parsed, chunks = await self._read(job, course)
            _go_on(held=await self._documents.draft(job, made_from, parsed, chunks))
        await self._embed(job, key, course)
        if job.renews:
            _go_on(held=await self._documents.renewed(job))
        elif not await self._documents.publish(job, course.took):
            await self._documents.later(job, 0.0, counted=True)  # its collection has got another embedder meanwhile

    async def _read(self, job: Job, course: Course) -> tuple[Parsed, Sequence[Chunk]]:
        async with self._documents.file(job) as path:
            if path is None:
                raise InvalidFile(_EMPTY)
            course.opened()
            parsed = await self._parser.parse(path, job.filename, course.reading)
        chunks = await asyncio.to_thread(split, parsed, job.chunking)
        if not chunks:
            raise InvalidFile(_EMPTY)
        return parsed, chunks

    async def _embed(self, job: Job, key: ApiKey, course: Course) -> None:
        """Vectors for what has none, each batch a decision of its own: the label says which embedder may see the words."""
        done, total = await self._documents.reuse(job)
        course.embedding(done, total)
        while missing := await self._documents.missing(job, _BATCH):
            vectors = await self._vectors(job, key, missing)
            _go_on(held=await self._documents.keep(job, vectors))
            done = min(total, done + len(missing))
            course.embedding(done, total)

    async def _vectors(self, job: Job, key: ApiKey, missing: Sequence[Missing]) -> list[Vectors]:
        cut = await asyncio.to_thread(_cut, missing)
        texts = tuple(chain.from_iterable(cut))
        request = EmbeddingRequest({}, job.embedder, texts, purpose="passage")
        label = await self._provenance.label(job.tenant, (job.document,))
        body = msgspec.json.encode({"model": job.embedder, "input": texts})
        found = await self._embeddings.embed(Caller(key), request, label, body, (job.document,), PURPOSE)
        vectors = iter(found.embeddings.vectors)
        return [
            Vectors(one.content, len(parts), b"".join(packed(vector) for vector in islice(vectors, len(parts))))
            for one, parts in zip(missing, cut, strict=True)
        ]

    def _key(self, job: Job) -> ApiKey:
        """The key under which words are embedded and paid for: it must hold at this moment, as for any request."""
        key = job.key
        if (
            key is None
            or key.revoked_at is not None
            or (key.expires_at is not None and key.expires_at <= self._world.now())
        ):
            raise Unauthenticated(_NO_KEY)
        return key


def packed(vector: Sequence[float]) -> bytes:
    """A vector, brought to length one, as half-precision floats, little endian."""
    length = math.sqrt(sum(part * part for part in vector)) or 1.0
    return struct.pack(f"<{len(vector)}e", *(part / length for part in vector))


def _cut(missing: Sequence[Missing]) -> list[tuple[str, ...]]:
    return [windows(one.text, one.context) for one in missing]


def _made_from(job: Job) -> str:
    """What decides on the chunks of a document: its bytes, which kind of text its name says it is, how it is split."""
    suffix = PurePath(job.filename).suffix.lower()
    return hashlib.sha256(msgspec.json.encode([_MADE_BY, job.sha256, suffix, job.chunking])).hexdigest()


def _go_on(*, held: bool) -> None:
    if not held:
        raise Lost


_EMPTY = Text(
    "there are no words in the file. If it is a scan, check that its pages can be read; else attach the right file.",
    "ファイルに文字がありません。スキャンの場合はページが読み取れるかを確認し、そうでなければ正しいファイルを"
    "登録してください。",
)
_NO_KEY = Text(
    "the API key that this was asked for with is revoked, expired or unknown. Ask again with one that is valid.",
    "この処理を依頼した API キーは失効しているか、期限切れ、または不明です。有効なキーで依頼し直してください。",
)
