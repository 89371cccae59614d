"""Documents that wait to be taken in: each is its own job, held by one server at a time."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Protocol

from msgspec import Struct

from kyozon.domain.audit import AuditEvent
from kyozon.domain.callers import ApiKey
from kyozon.domain.knowledge import Chunk, Chunking, Failure, Parsed, Progress, Reader


class Job(Struct, frozen=True):
    """A document that is held, as `claim`, to be taken in, or, where it `renews`, to get vectors of another embedder.

    `key` is the one that attached it, or that asked for the other embedder; None where there is none. `owner` brought the
    file, whose hash is `sha256`. `begun` says what its chunks were made from, empty where there are none yet. `tries`
    counts how often it was claimed since something was last kept of it.
    """

    claim: str
    document: str
    tenant: str
    collection: str
    file: str
    filename: str
    owner: str
    sha256: str
    chunking: Chunking
    embedder: str
    key: ApiKey | None
    begun: str = ""
    tries: int = 0
    renews: bool = False


class Missing(Struct, frozen=True):
    """A chunk's text and context that have no vectors yet, and the hash that stands for both."""

    content: bytes
    text: str
    context: str = ""


class Vectors(Struct, frozen=True):
    """The vectors of a chunk's windows, half-precision floats, little endian, one after the other; by the chunk's hash."""

    content: bytes
    windows: int
    packed: bytes


class Unpacked(Protocol):
    """A file on disk, for the length of an `async with`; None where there is none."""

    async def __aenter__(self) -> Path | None:
        """Unpack it."""
        ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> bool | None:
        """Remove it."""
        ...


class Reindex(Struct, frozen=True):
    """How far the vectors of a collection's next embedder have come, in documents; `failure` says why they never did."""

    embedder: str
    next_embedder: str | None
    done: int
    total: int
    failure: Failure | None = None


class IngestionStore(Protocol):
    """The documents that wait, and what is made of them.

    What is kept of a document that is not completed is read by nobody, and repeated by nobody after a crash. A method that
    says False has changed nothing: the job is not, or no longer, held under that claim, since somebody has deleted or
    cancelled the document, or another server has taken it over. Every method may raise `StorageUnavailable`.
    """

    async def claim(self, after: str) -> Job | None:
        """Hold the next document that waits; None where none does.

        It is of the tenant that follows `after`, of the collection that follows the last one held here of that tenant, and
        in it the least tried, then oldest. Whoever dies, or does not `hold` it for a minute, loses it.
        """
        ...

    async def hold(self, job: Job, progress: Progress | None) -> bool:
        """Hold it for another minute, and say how far it has come."""
        ...

    def file(self, job: Job) -> Unpacked:
        """The bytes of its file on disk, as long as the block runs; None where the file is gone."""
        ...

    async def copy(self, job: Job, made_from: str) -> bool:
        """Take text and chunks from another document of the same owner that were made from the same; False without one."""
        ...

    async def draft(self, job: Job, made_from: str, parsed: Parsed, chunks: Sequence[Chunk]) -> bool:
        """Keep text and chunks in the place of what there was."""
        ...

    async def reuse(self, job: Job) -> tuple[int, int]:
        """Take vectors of the same words from documents of the same owner; how many chunks have one then, of how many."""
        ...

    async def missing(self, job: Job, most: int) -> Sequence[Missing]:
        """Words of its chunks that have no vector yet, each once, in their order."""
        ...

    async def keep(self, job: Job, vectors: Sequence[Vectors]) -> bool:
        """Keep vectors."""
        ...

    async def publish(self, job: Job, progress: Progress | None = None) -> bool:
        """Let it be found from this moment, and the document that it replaces no more; `progress` says what that took.

        False, too, where chunks lack a vector of the embedder that the collection has by now: it waits again.
        """
        ...

    async def renewed(self, job: Job) -> bool:
        """Say that it has all vectors of the next embedder."""
        ...

    async def later(self, job: Job, seconds: float, *, counted: bool) -> bool:
        """Let go of it; it waits so many seconds at least. `counted` says whether this was one of its tries."""
        ...

    async def fail(self, job: Job, failure: Failure) -> bool:
        """Give it up, and delete what was begun. Where it `renews`, its collection keeps the embedder that it has."""
        ...

    async def watch(self, waiting: Callable[[], None]) -> None:
        """Call `waiting` whenever a document begins to wait, as `Database.watch`; runs until cancelled."""
        ...


class IngestionQueue(Protocol):
    """How many documents of all tenants are on their way."""

    async def states(self) -> Mapping[str, int]:
        """Those that wait (`waiting`), are tried again later (`retrying`), or are worked on (`reading`, `embedding`).

        Raises:
            StorageUnavailable: it cannot be asked.
        """
        ...


class ReindexStore(Protocol):
    """Collections that get the vectors of another embedder. Every method may raise `StorageUnavailable`."""

    async def reindex(self, tenant: str, collection: str, embedder: str, event: AuditEvent) -> bool:
        """Have a collection get the vectors of another embedder, in the background; False where there is no such one.

        What is embedded for it counts for the key that the event names.
        """
        ...

    async def reindexing(self, reader: Reader, collection: str) -> Reindex | None:
        """How far that has come, in documents that the reader may see; None where his tenant has no such collection.

        Why one failed that he may not see is not said.
        """
        ...

    async def switch(self) -> Sequence[str]:
        """Have collections search with their next embedder where every document has its vectors; their names."""
        ...
