"""What a search reads: who may look where, what has changed, and the words of what was found."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from kyozon.domain.knowledge import Attributes, Passage, Reader
from kyozon.domain.labels import Label


class Reach(Struct, frozen=True):
    """Where a reader may look at one moment, and how far an index has to have come: the tenant's count of changes.

    `reader` has his groups; `collections` are those that he may read, of those he asked for, with the embedder of each.
    """

    version: int
    reader: Reader
    collections: Mapping[str, str]


class Indexed(Struct, frozen=True):
    """A document as an index knows it: `label` is the effective one, None where what it is made from is not known.

    `content` and `embedder` say what its chunks and vectors are made from: those of the same are the same.
    """

    id: str
    version: int
    collection: str
    label: Label | None
    readers: frozenset[str]
    attributes: Attributes
    content: str
    embedder: str
    chunks: int


class IndexedChunk(Struct, frozen=True, gc=False):  # so many come at once that collecting garbage would be felt
    """A chunk as an index knows it; `text` is what is searched.

    `vectors` are those of its `windows` by its collection's embedder, one after the other, in little-endian half-precision
    floats; none where it has none.
    """

    document: str
    ordinal: int
    text: str
    embedder: str = ""
    windows: int = 0
    vectors: bytes = b""


class KnowledgeFeed(Protocol):
    """The truth that an index is derived from, and that has the last word. Every method may raise `StorageUnavailable`."""

    async def reach(self, reader: Reader, collections: Sequence[str]) -> Reach:
        """Where he may look, and how far an index has to have come for it."""
        ...

    async def recent(self, most: int) -> Sequence[tuple[str, int]]:
        """Tenants whose collections somebody has used within a week, the last one first; each with its count of changes."""
        ...

    async def versions(self, tenants: Sequence[str]) -> Mapping[str, int]:
        """The count of changes of each of these tenants; of one where nothing ever changed, none."""
        ...

    async def changes(self, tenant: str, since: int, after: str, most: int) -> Sequence[Indexed]:
        """Documents that changed after version `since`, or at it and come after `after` by name, in that order."""
        ...

    async def gone(self, tenant: str, since: int) -> Sequence[str]:
        """The names of documents that went after version `since`."""
        ...

    async def chunks(self, tenant: str, documents: Sequence[str]) -> Sequence[IndexedChunk]:
        """The chunks of these documents, with the vectors of the embedder that each one's collection has."""
        ...

    async def passages(self, reader: Reader, keys: Sequence[tuple[str, int]]) -> Mapping[tuple[str, int], Passage]:
        """The words of these chunks, by document and ordinal, as far as the reader may see them now; scores of 0."""
        ...
