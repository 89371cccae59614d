"""Small worlds of documents for tests of the index."""

import numpy as np
from msgspec import Struct

from kyozon.domain.knowledge import Attributes, Filter, Reader
from kyozon.domain.labels import Clearance, Label, Level
from kyozon.retrieval.directory import Entry, Scope
from kyozon.retrieval.index import Found, Index, Piece, Query

EMBEDDER = "e5"
OPEN, SHUT = Label(Level.INTERNAL), Label(Level.RESTRICTED)
READER = Reader("acme", "ken", Clearance(Level.CONFIDENTIAL))
MINE = frozenset({"vs_mine"})


class Passage(Struct, frozen=True):
    """A chunk's words, and the vectors of its windows."""

    text: str
    vectors: tuple[tuple[float, ...], ...] = ()

    def piece(self, ordinal: int) -> Piece:
        vectors = np.array(self.vectors, "<f2").tobytes()
        return Piece(ordinal, self.text, EMBEDDER, len(self.vectors), vectors)


class Paper(Struct, frozen=True):
    """A document of a world."""

    name: str
    passages: tuple[Passage, ...]
    collection: str = "vs_mine"
    label: Label = OPEN
    readers: frozenset[str] = frozenset()
    attributes: Attributes = {}

    @property
    def entry(self) -> Entry:
        return Entry(self.name, self.collection, self.label, self.readers, self.attributes)


def paper(name: str, *texts: str, **more: object) -> Paper:
    """A document whose passages have no vectors."""
    return Paper(name, tuple(Passage(text) for text in texts), **more)  # type: ignore[arg-type]


def put(index: Index, *papers: Paper) -> Index:
    for one in papers:
        index.put(one.entry, [passage.piece(ordinal) for ordinal, passage in enumerate(one.passages)])
    return index


def search(
    index: Index, text: str, vector: tuple[float, ...] = (), condition: Filter | None = None, most: int = 10
) -> tuple[Found, ...]:
    """What the reader finds in his collection."""
    vectors = {EMBEDDER: np.array(vector, np.float32)} if vector else {}
    return index.search(Query(text, vectors, most), Scope(READER, MINE, condition))
