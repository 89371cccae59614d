"""Documents that wait, in memory; a parser of text; and all services of documents over `tests.fakes.knowledge`."""

import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from hashlib import sha256
from itertools import count
from pathlib import Path

from msgspec import structs

from kyozon.domain.audit import AuditEvent
from kyozon.domain.callers import Caller
from kyozon.domain.knowledge import Chunk, Document, Failure, Parsed, Progress, Reader
from kyozon.ports.knowledge_ingestion import Job, Missing, Reindex, Vectors
from kyozon.ports.knowledge_parsing import Report
from kyozon.services.knowledge.answering import AnsweringService
from kyozon.services.knowledge.collections import CollectionService
from kyozon.services.knowledge.documents import DocumentService
from kyozon.services.knowledge.files import FileService
from kyozon.services.knowledge.groups import GroupService
from kyozon.services.knowledge.ingesting import Ingesting
from kyozon.services.knowledge.ranking import Ranking
from kyozon.services.knowledge.rights import reader_of
from kyozon.services.knowledge.searching import SearchService
from kyozon.services.knowledge.taking_in import TakingIn
from tests.fakes.installation import FakeInstallation
from tests.fakes.knowledge import Knowledge, MemoryCollections, MemoryDocuments, MemoryFeed, MemoryFiles, MemoryGroups


class MemoryIngestion:
    """Implements `IngestionStore` for one server; nothing is reused."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._all = knowledge
        self._held: dict[str, str] = {}
        self._claims = count(1)
        self._turns: dict[str, str] = {}

    async def claim(self, after: str) -> Job | None:
        every = self._all.documents.values()
        waiting = [one for one in every if one.status == "in_progress" and one.id not in self._held]
        if not waiting:
            return None
        one = min(waiting, key=lambda each: self._turn(each, after))
        self._turns[one.tenant] = one.collection
        file, attached = self._all.files[one.file], self._all.attached[one.id]
        self._held[one.id] = claim = f"claim {next(self._claims)}"
        embedder = self._all.collections[one.collection].embedder
        named = (claim, one.id, one.tenant, one.collection, one.file, one.filename, file.user, file.sha256)
        return Job(*named, one.chunking, embedder, self._all.keys.get(attached.key_id))

    async def hold(self, job: Job, progress: Progress | None) -> bool:
        del progress
        return self._mine(job)

    @asynccontextmanager
    async def file(self, job: Job) -> AsyncIterator[Path | None]:
        with tempfile.NamedTemporaryFile() as unpacked:
            unpacked.write(self._all.bodies[job.file])
            unpacked.flush()
            yield Path(unpacked.name)

    async def copy(self, job: Job, made_from: str) -> bool:
        del job, made_from
        return False

    async def draft(self, job: Job, made_from: str, parsed: Parsed, chunks: Sequence[Chunk]) -> bool:
        del made_from, parsed
        if self._mine(job):
            self._all.discard(job.document)
            self._all.chunks[job.document] = tuple(chunks)
        return self._mine(job)

    async def reuse(self, job: Job) -> tuple[int, int]:
        return 0, len(self._all.chunks[job.document])

    async def missing(self, job: Job, most: int) -> Sequence[Missing]:
        chunks = self._all.chunks[job.document]
        lacking = [chunk for chunk in chunks if (job.document, chunk.ordinal) not in self._all.vectors]
        return [Missing(_content(chunk), chunk.text, chunk.context) for chunk in lacking[:most]]

    async def keep(self, job: Job, vectors: Sequence[Vectors]) -> bool:
        made = {one.content: one for one in vectors}
        for chunk in self._all.chunks[job.document]:
            if _content(chunk) in made:
                self._all.vectors[job.document, chunk.ordinal] = made[_content(chunk)]
        return self._mine(job)

    async def publish(self, job: Job, progress: Progress | None = None) -> bool:
        del progress
        if not self._mine(job):
            return False
        chunks, old = self._all.chunks[job.document], self._all.attached[job.document].replaces
        size = sum(len(chunk.text.encode()) for chunk in chunks)
        done = structs.replace(self._all.documents[job.document], status="completed", chunks=len(chunks), bytes=size)
        self._all.documents[job.document] = done
        self._all.change(job.document)
        self._all.drop([old] if old in self._all.documents else [])
        return True

    async def renewed(self, job: Job) -> bool:
        raise NotImplementedError

    async def later(self, job: Job, seconds: float, *, counted: bool) -> bool:
        """It stays held: nothing here waits for another try."""
        del seconds, counted
        return self._mine(job)

    async def fail(self, job: Job, failure: Failure) -> bool:
        if self._mine(job):
            there = self._all.documents[job.document]
            self._all.documents[job.document] = structs.replace(there, status="failed", failure=failure)
            self._all.discard(job.document)
        return True

    async def watch(self, waiting: Callable[[], None]) -> None:
        raise NotImplementedError

    def _turn(self, one: Document, after: str) -> tuple[bool, str, bool, str, str]:
        last = self._turns.get(one.tenant, "")
        return one.tenant <= after, one.tenant, one.collection <= last, one.collection, one.id

    def _mine(self, job: Job) -> bool:
        there = self._all.documents.get(job.document)
        return there is not None and there.status == "in_progress" and self._held.get(job.document) == job.claim


class NothingRenewed:
    """Implements `ReindexStore` for collections that keep their embedder."""

    async def reindex(self, tenant: str, collection: str, embedder: str, event: AuditEvent) -> bool:
        raise NotImplementedError

    async def reindexing(self, reader: Reader, collection: str) -> Reindex | None:
        raise NotImplementedError

    async def switch(self) -> Sequence[str]:
        return ()


class TextParser:
    """Implements `DocumentParser` for text, whose title is the name of its file."""

    async def parse(self, path: Path, filename: str, report: Report | None = None) -> Parsed:
        del report
        return Parsed(path.read_text("utf-8"), title=filename)  # noqa: ASYNC240 - a few bytes


class MemoryRights:
    """Implements `Rights`."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._all = knowledge

    async def may_read(self, caller: Caller, value: str) -> bool:
        return self._all.upstream_open_to(reader_of(caller), value)


class Papers:
    """The real services of documents, over what `house` has and stores in memory."""

    def __init__(self, house: FakeInstallation) -> None:
        registry, provenance, world = house.registry, house.provenance, house.time.world
        self.knowledge = known = Knowledge(house.stored)
        self.files = FileService(MemoryFiles(known), registry, provenance, world)
        self.collections = CollectionService(MemoryCollections(known), registry, world, "embedder")
        self.documents = DocumentService(MemoryDocuments(known), self.files, self.collections, provenance, world)
        self.groups = GroupService(MemoryGroups(known), world)
        ranking = Ranking(house.reranking, registry)
        self.search = SearchService(MemoryFeed(known), house.embeddings, provenance, self.collections, ranking)
        self.answering = AnsweringService(house.chat, self.search, provenance, MemoryRights(known), registry, world)
        waiting = MemoryIngestion(known)
        taking_in = TakingIn(waiting, TextParser(), house.embeddings, provenance, world)
        self.ingesting = Ingesting(waiting, NothingRenewed(), taking_in, world, workers=1)

    async def take_in(self) -> None:
        """Take in all documents that wait."""
        after: str | None = ""
        while after is not None:
            after = await self.ingesting.next(after)


def _content(chunk: Chunk) -> bytes:
    return sha256(chunk.indexed.encode()).digest()
