"""Passages in memory, found by their words and by their vectors, exactly, among those that a reader may see.

Nothing that is not permitted has any part in what is found: not in the order, not in a score, not in a tie. The same
permitted passages give the same result byte for byte, in whatever order they came and whatever came and went beside them.
"""

from collections.abc import Mapping, Sequence
from itertools import groupby

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from kyozon.retrieval import bm25
from kyozon.retrieval.columns import Column
from kyozon.retrieval.directory import Directory, Entry, Scope
from kyozon.retrieval.fusing import DEFAULT, Candidates, Fusion, fused
from kyozon.retrieval.postings import ROWS, Postings, merged, renumbered, sealed
from kyozon.retrieval.tokens import Keys, Places, keys, keys_of
from kyozon.retrieval.vectors import Vectors

Floats = NDArray[np.float32]

_GROWTH = 3  # Segments are merged into the one before them unless that is so many times as large.
_WASTE = 0.25
_DEAD = 4096  # passages that are not worth a compaction yet
_TEXTS = 256  # cut at once, so that what is worked on stays in the processor's cache


class Piece(Struct, frozen=True, gc=False):  # so many come at once that collecting garbage would be felt
    """A chunk: its place in its document and what is searched.

    `vectors` are those of its `windows` by `embedder`, one after the other, in little-endian half-precision floats.
    """

    ordinal: int
    text: str
    embedder: str = ""
    windows: int = 0
    vectors: bytes = b""


class Query(Struct, frozen=True):
    """What is looked for: words, and their vector for each embedder that was asked. `most` is how many to find.

    `dense_weight` is the share of the vectors' word, between 0 and 1; None leaves it to how much the words tell.
    """

    text: str
    vectors: Mapping[str, Floats]
    most: int = 10
    dense_weight: float | None = None


class Found(Struct, frozen=True):
    """A chunk and how well it fits, between 0 and 1."""

    document: str
    ordinal: int
    score: float


class Traces(Struct, frozen=True):
    """Postings in which removed documents still stand; `rows[i]` is `i` for what is there, negative for what is gone.

    `removed` counts the removals, ever, that these are the traces of.
    """

    parts: tuple[Postings, ...]
    rows: NDArray[np.int32]
    removed: int

    def erased(self) -> tuple[Postings, ...]:
        """The same postings without them: new ones, so that these may be searched meanwhile, in another thread."""
        return tuple(renumbered(part, self.rows) for part in self.parts)


class Index:
    """Not to be used by two threads at once."""

    def __init__(self, how: bm25.Bm25 = bm25.Bm25(), fusion: Fusion = DEFAULT) -> None:  # noqa: B008 - both are frozen
        self._how = how
        self._fusion = fusion
        self._directory = Directory()
        self._segments: list[Postings] = []
        self._pending: list[tuple[Keys, Places]] = []
        self._waiting = 0  # rows of which the tokens are pending
        self._vectors: dict[tuple[str, int], Vectors] = {}
        self._owners, self._ordinals, self._lengths = Column(np.int32), Column(np.int32), Column(np.int32)
        self._sizes: dict[str, int] = {}
        self._dead = 0
        self._removed = self._erased = 0

    def __len__(self) -> int:
        """How many passages can be found."""
        return len(self._owners) - self._dead

    def __contains__(self, document: str) -> bool:
        return document in self._directory

    @property
    def nbytes(self) -> int:
        """Bytes of postings, vectors and rows."""
        parts: tuple[Postings | Vectors | Column, ...] = (
            *self._segments,
            *self._vectors.values(),
            self._owners,
            self._ordinals,
            self._lengths,
        )
        return sum(int(part.nbytes) for part in parts)

    def put(self, entry: Entry, pieces: Sequence[Piece]) -> None:
        """Add a document with its chunks, in place of what it had."""
        self.put_all([(entry, pieces)])

    def put_all(self, documents: Sequence[tuple[Entry, Sequence[Piece]]]) -> None:
        """Add several, no two of one name: what is done to many passages at once costs each of them less."""
        for entry, _ in documents:
            self.remove(entry.document)
        first, pieces = len(self._owners), [piece for _, own in documents for piece in own]
        for entry, own in documents:
            self._owners.extend(np.full(len(own), self._directory.put(entry), np.int32))
            self._sizes[entry.document] = len(own)
        self._ordinals.extend(np.array([piece.ordinal for piece in pieces], np.int32))
        self._add_words([piece.text for piece in pieces])
        self._add_vectors(first, pieces)

    def describe(self, entry: Entry) -> None:
        """Who may see a document that is there, and what it is filtered by, is now this."""
        self._directory.change(entry)

    def remove(self, document: str) -> None:
        """Forget a document, if it is there."""
        if document in self._directory:
            self._directory.remove(document)
            self._dead += self._sizes.pop(document)
            self._removed += 1
            if self._dead > max(_DEAD, _WASTE * len(self._owners)):
                self.compact()

    def settle(self) -> None:
        """Seal, and leave few segments: many at the end become one, whatever number of them a large change has brought."""
        self._seal()
        begin = max(0, len(self._segments) - 1)
        while begin and len(self._segments[begin - 1]) < _GROWTH * sum(map(len, self._segments[begin:])):
            begin -= 1
        if len(self._segments) - begin > 1:
            self._segments[begin:] = [merged(self._segments[begin:])]

    def compact(self) -> None:
        """Give back what removed documents took."""
        self._seal()
        there = self._directory.there
        kept = there[self._owners.view]
        new = np.where(kept, np.cumsum(kept) - 1, -1).astype(np.int32)
        self._segments = [part for part in (renumbered(one, new) for one in self._segments) if len(part)]
        for vectors in self._vectors.values():
            vectors.renumber(new)
        entries = [entry for entry in self._directory.entries if entry is not None]
        self._owners.keep(kept)
        self._owners.view[:] = (np.cumsum(there) - 1)[self._owners.view]
        self._ordinals.keep(kept)
        self._lengths.keep(kept)
        self._directory = Directory()
        for entry in entries:
            self._directory.put(entry)
        self._dead, self._erased = 0, self._removed

    def traces(self) -> Traces | None:
        """Blank what removed documents have left among the vectors, and tell what is left of them elsewhere, if anything.

        Compaction waits until much has gone, and keeps searches waiting. This does neither, but gives back little room.
        """
        if self._erased == self._removed:
            return None
        self.settle()
        gone = ~self._directory.there[self._owners.view]
        for vectors in self._vectors.values():
            vectors.blank(gone)
        rows = np.where(gone, -1, np.arange(len(gone))).astype(np.int32)
        return Traces(tuple(self._segments), rows, self._removed)

    def erase(self, traces: Traces, erased: Sequence[Postings]) -> None:
        """Put postings without traces in place; if some were merged or compacted meanwhile, there is a next time."""
        fresh = {id(old): new for old, new in zip(traces.parts, erased, strict=True)}
        if fresh.keys() <= set(map(id, self._segments)):
            self._erased = traces.removed
        self._segments = [part for part in (fresh.get(id(one), one) for one in self._segments) if len(part)]

    def search(self, query: Query, scope: Scope) -> tuple[Found, ...]:
        """The best chunks of what `scope` permits, best first; equals by document and ordinal."""
        self.settle()
        documents = self._directory.permitted(scope)
        if not documents.any():
            return ()
        permitted = documents[self._owners.view]
        lexical = bm25.scores(self._segments, permitted, self._lengths.view, keys(query.text), self._how)
        leading = [_leading(lexical.scores, np.flatnonzero(lexical.scores), self._fusion.candidates)]
        rows, cosines = self._dense(query, permitted, leading)
        if not len(rows):
            return ()
        scores = fused(Candidates(lexical.scores[rows], lexical.ideal, cosines), query.dense_weight, self._fusion)
        best = _leading(scores, np.arange(len(rows)), query.most)
        found = [self._found(int(rows[one]), float(scores[one])) for one in best]
        return tuple(sorted(found, key=lambda one: (-one.score, one.document, one.ordinal))[: query.most])

    def _dense(
        self, query: Query, permitted: NDArray[np.bool_], leading: list[NDArray[np.int64]]
    ) -> tuple[NDArray[np.int64], tuple[Floats, ...]]:
        """The candidates: `leading`, and the best of each embedder that was asked; and their cosines by each of those."""
        asked = [
            (held, held.asked(vector))
            for name, vector in sorted(query.vectors.items())
            if (held := self._vectors.get((name, len(vector)))) is not None
        ]
        for vectors, unit in asked:
            slots = np.flatnonzero(permitted[vectors.rows]).astype(np.int32)
            near = vectors.near(unit, None if len(slots) == len(vectors.rows) else slots)
            best = _leading(near, np.arange(len(slots)), self._fusion.candidates)
            leading.append(vectors.rows[slots[best]].astype(np.int64))
        rows = np.unique(np.concatenate(leading))
        return rows, tuple(vectors.cosines(unit, rows) for vectors, unit in asked)

    def _found(self, row: int, score: float) -> Found:
        entry = self._directory.entries[self._owners.view[row]]
        assert entry is not None  # noqa: S101 - what is not there is not permitted
        return Found(entry.document, int(self._ordinals.view[row]), score)

    def _add_words(self, texts: Sequence[str]) -> None:
        for begin in range(0, len(texts), _TEXTS):
            part = texts[begin : begin + _TEXTS]
            if self._waiting + len(part) > ROWS:
                self._seal()
            found, owners = keys_of(part)
            self._pending.append((found, owners + self._waiting))
            self._waiting += len(part)
            self._lengths.extend(np.bincount(owners, minlength=len(part)))

    def _add_vectors(self, first: int, pieces: Sequence[Piece]) -> None:
        """Those of one embedder together, as they are in their rows, from `first` on."""
        having = [(row, piece) for row, piece in enumerate(pieces, first) if piece.windows]
        for (embedder, dimensions), those in groupby(having, lambda one: _space(one[1])):
            rows, held = zip(*those, strict=True)
            numbers = np.frombuffer(b"".join(piece.vectors for piece in held), "<f2").reshape(-1, dimensions)
            vectors = self._vectors.setdefault((embedder, dimensions), Vectors(embedder, dimensions))
            windows = [piece.windows for piece in held]
            vectors.extend(np.repeat(np.array(rows, np.int32), windows), numbers.astype(np.float32))

    def _seal(self) -> None:
        if self._waiting:
            found, rows = (np.concatenate(part) for part in zip(*self._pending, strict=True))
            self._segments.append(sealed(len(self._lengths) - self._waiting, found, rows))
            self._pending, self._waiting = [], 0


def _space(piece: Piece) -> tuple[str, int]:
    """Whose vectors they are, and of how many numbers each."""
    return piece.embedder, len(piece.vectors) // (2 * piece.windows)


def _leading(scores: Floats, among: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    """Those of `among` with the highest scores, and all that equal the last of them, since rows come in any order."""
    if len(among) <= most:
        return among
    held = scores[among]
    last = np.partition(held, len(held) - most)[len(held) - most]
    leading: NDArray[np.int64] = among[held >= last]
    return leading
