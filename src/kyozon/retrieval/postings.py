"""Which rows hold a token and how often: sealed segments, read by numpy."""

from collections.abc import Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from kyozon.retrieval.tokens import BITS, Keys

Rows = NDArray[np.int32]
Counts = NDArray[np.uint8]
_MOST = 255
_ROW_BITS = np.uint64(64 - BITS)
ROWS = 1 << (64 - BITS)
"""How many rows are sealed at once, at most: a key and a row are then one number, and to sort those is all the work."""


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


def sealed(first: int, keys: Keys, rows: NDArray[np.int64]) -> Postings:
    """The postings of the rows from `first` on, where `keys[i]` stands in row `first + rows[i]`; these are below `ROWS`."""
    both = keys << _ROW_BITS | rows.astype(np.uint64)
    both.sort()
    at = _changes(both)
    counts = np.minimum(np.diff(np.append(at, len(both))), _MOST).astype(np.uint8)
    both = both[at]
    return _grouped(both >> _ROW_BITS, (both & np.uint64(ROWS - 1)).astype(np.int32) + np.int32(first), counts)


def merged(parts: Sequence[Postings]) -> Postings:
    """All in one, where the rows of each come after those of the one before."""
    keys = _distinct(np.concatenate([part.keys for part in parts]))
    places = [np.searchsorted(keys, part.keys) for part in parts]
    lengths = np.zeros(len(keys), np.int64)
    for part, at in zip(parts, places, strict=True):
        lengths[at] += np.diff(part.starts)
    starts = np.append(0, np.cumsum(lengths))
    rows, counts = np.empty(starts[-1], np.int32), np.empty(starts[-1], np.uint8)
    free = starts[:-1].copy()
    for part, at in zip(parts, places, strict=True):
        place = _stretched(free[at], part.starts)
        rows[place], counts[place] = part.rows, part.counts
        free[at] += np.diff(part.starts)
    return Postings(keys, starts, rows, counts)


def renumbered(part: Postings, new: Rows) -> Postings:
    """The same, where row `i` is now `new[i]`, or gone where that is negative. Their order stays."""
    rows = new[part.rows]
    kept = rows >= 0
    starts = part.starts - np.searchsorted(np.flatnonzero(~kept), part.starts)
    there = starts[1:] > starts[:-1]
    return Postings(part.keys[there], np.append(starts[:-1][there], starts[-1]), rows[kept], part.counts[kept])


def _grouped(flat: Keys, rows: Rows, counts: Counts) -> Postings:
    at = _changes(flat)
    return Postings(flat[at], np.append(at, len(flat)), rows, counts)


# numpy's own `unique` and `repeat` keep all other threads waiting while they run; what these two are made of does not.


def _distinct(keys: Keys) -> Keys:
    ordered = np.sort(keys)
    return ordered[_changes(ordered)]


def _stretched(firsts: NDArray[np.int64], starts: NDArray[np.int64]) -> NDArray[np.int64]:
    """For each stretch from `starts[i]` to `starts[i + 1]`, none of them empty, numbers that count up from `firsts[i]`."""
    steps = np.ones(starts[-1], np.int64)
    steps[starts[:-1]] += firsts - np.append(1, firsts[:-1] + np.diff(starts)[:-1])
    return np.cumsum(steps)


def _changes(ordered: Keys) -> NDArray[np.int64]:
    """Where each value begins."""
    begins = np.ones(len(ordered), bool)
    begins[1:] = ordered[1:] != ordered[:-1]
    return np.flatnonzero(begins)
