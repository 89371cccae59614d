"""Which rows hold a token and how often: sealed segments, read by numpy."""

from collections.abc import Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from kyozon.retrieval.tokens import Keys

Rows = NDArray[np.int32]
Counts = NDArray[np.uint8]
_MOST = 255


class Postings(Struct, frozen=True):
    """For `keys[i]`, which ascend, the rows `rows[starts[i]:starts[i + 1]]`, ascending, and how often it stands in each."""

    keys: Keys
    starts: NDArray[np.int64]
    rows: Rows
    counts: Counts

    def __len__(self) -> int:
        """How many pairs of a token and a row."""
        return len(self.rows)

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return self.keys.nbytes + self.starts.nbytes + self.rows.nbytes + self.counts.nbytes

    def find(self, wanted: Keys) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Where the rows of each wanted token begin and end; an empty stretch for those that are nowhere."""
        if not len(self.keys):
            nothing = np.zeros(len(wanted), np.int64)
            return nothing, nothing
        at = np.minimum(np.searchsorted(self.keys, wanted), len(self.keys) - 1)
        there = self.keys[at] == wanted
        return np.where(there, self.starts[at], 0), np.where(there, self.starts[at + 1], 0)


def sealed(first: int, tokens: Sequence[Keys]) -> Postings:
    """The postings of rows `first`, `first` + 1, …, whose tokens these are."""
    flat = np.concatenate([*tokens, np.zeros(0, np.uint64)])
    owner = np.repeat(np.arange(first, first + len(tokens), dtype=np.int32), [len(one) for one in tokens])
    order = np.argsort(flat, kind="stable")  # within a token the rows stay in order
    flat, owner = flat[order], owner[order]
    begins = np.ones(len(flat), bool)
    begins[1:] = (flat[1:] != flat[:-1]) | (owner[1:] != owner[:-1])
    at = np.flatnonzero(begins)
    counts = np.diff(np.append(at, len(flat)))
    return _grouped(flat[at], owner[at], np.minimum(counts, _MOST).astype(np.uint8))


def merged(one: Postings, other: Postings) -> Postings:
    """Both in one, where all rows of `other` come after those of `one`."""
    both = np.union1d(one.keys, other.keys)
    lengths = np.zeros(len(both), np.int64)
    for part in (one, other):
        lengths[np.searchsorted(both, part.keys)] += np.diff(part.starts)
    starts = np.concatenate([[0], np.cumsum(lengths)])
    rows, counts = np.empty(starts[-1], np.int32), np.empty(starts[-1], np.uint8)
    free = starts[:-1].copy()
    for part in (one, other):
        at, sizes = np.searchsorted(both, part.keys), np.diff(part.starts)
        place = np.repeat(free[at] - part.starts[:-1], sizes) + np.arange(len(part))
        rows[place], counts[place] = part.rows, part.counts
        free[at] += sizes
    return Postings(both, starts, rows, counts)


def renumbered(part: Postings, new: Rows) -> Postings:
    """The same after compaction: row `i` is now `new[i]`, or gone where that is negative. Their order stays."""
    rows = new[part.rows]
    kept = rows >= 0
    flat = np.repeat(part.keys, np.diff(part.starts))
    return _grouped(flat[kept], rows[kept], part.counts[kept])


def _grouped(flat: Keys, rows: Rows, counts: Counts) -> Postings:
    begins = np.ones(len(flat), bool)
    begins[1:] = flat[1:] != flat[:-1]
    at = np.flatnonzero(begins)
    return Postings(flat[at], np.append(at, len(flat)), rows, counts)
