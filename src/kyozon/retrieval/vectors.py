"""The vectors of one embedder: every permitted one is looked at, as bytes first, the best then as they are.

Nothing is approximated by a graph: what a walk over one finds depends on the vectors that it passes, forbidden ones too.
"""

import numkong
import numpy as np
from numpy.typing import NDArray

from kyozon.retrieval.centring import Side, centring
from kyozon.retrieval.columns import Column

Floats = NDArray[np.float32]
Slots = NDArray[np.int32]

_STEPS = 127
_SPARSE = 0.3
"""Below this share, copying what is permitted together costs less than looking at everything (measured at 384 numbers)."""


class Vectors:
    """Vectors by one embedder, each at a slot of its own, with the row it belongs to; a row may have several.

    They are held as they are compared: centred where their common part is known, and of length 1.
    """

    def __init__(self, embedder: str, dimensions: int) -> None:
        self._centring = centring(embedder, dimensions)
        self._rows = Column(np.int32)
        self._coarse = Column(np.int8, dimensions)
        self._scales = Column(np.float32)
        self._exact = Column(np.float16, dimensions)

    @property
    def rows(self) -> NDArray[np.int32]:
        """The row of each slot; they ascend."""
        return self._rows.view

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return sum(column.nbytes for column in (self._rows, self._coarse, self._scales, self._exact))

    def extend(self, rows: NDArray[np.int32], vectors: Floats) -> None:
        """Add vectors of any length but none of zeros; `rows` are none below those that are there."""
        unit = self._comparable(vectors, "passage")
        coarse, scales = _coarse(unit)
        self._rows.extend(rows)
        self._coarse.extend(coarse)
        self._scales.extend(scales)
        self._exact.extend(unit)

    def asked(self, vector: Floats) -> Floats:
        """The vector of a query as those here are: centred, of length 1."""
        found: Floats = self._comparable(vector[None, :], "query")[0]
        return found

    def near(self, query: Floats, slots: Slots | None = None) -> Floats:
        """The cosine of each slot's vector, or of those of `slots`, with a unit vector, to about one hundredth."""
        seen, scales = self._coarse.view, self._scales.view
        gathered = slots is not None and len(slots) < _SPARSE * len(seen)
        if gathered:
            seen, scales = seen[slots], scales[slots]
        if not len(seen):
            return np.zeros(0, np.float32)
        steps, scale = _coarse(query[None, :])
        # Products of whole numbers are exact: they depend on nothing but the two vectors.
        products = np.asarray(numkong.cdist(steps, np.ascontiguousarray(seen), "dot"))[0]
        found: Floats = products.astype(np.float32) * (scales * scale[0])
        return found if gathered or slots is None else found[slots]

    def cosines(self, query: Floats, rows: NDArray[np.int64]) -> Floats:
        """The cosine of each row's nearest vector with a unit vector; not a number for a row that has none."""
        found = np.full(len(rows), np.nan, np.float32)
        begins = np.searchsorted(self.rows, rows, "left")
        sizes = np.searchsorted(self.rows, rows, "right") - begins
        having = np.flatnonzero(sizes)
        if len(having):
            firsts = np.cumsum(sizes[having]) - sizes[having]
            slots = np.repeat(begins[having] - firsts, sizes[having]) + np.arange(sizes.sum())
            products = (self._exact.view[slots].astype(np.float32) * query).sum(axis=1)
            found[having] = np.maximum.reduceat(products, firsts)
        return found

    def _comparable(self, vectors: Floats, side: Side) -> Floats:
        unit = normalised(vectors)
        return normalised(self._centring.of(unit, side)) if self._centring else unit

    def blank(self, gone: NDArray[np.bool_]) -> None:
        """Overwrite the vectors of the rows that `gone` is true for; their slots stay until compaction."""
        slots = np.flatnonzero(gone[self.rows])
        for column in (self._coarse, self._scales, self._exact):
            column.view[slots] = 0

    def renumber(self, new: NDArray[np.int32]) -> None:
        """After compaction: row `i` is now `new[i]`, or gone where that is negative."""
        rows = new[self.rows]
        for column in (self._rows, self._coarse, self._scales, self._exact):
            column.keep(rows >= 0)
        self._rows.view[:] = rows[rows >= 0]


def normalised(vectors: Floats) -> Floats:
    """Vectors of length 1, row by row."""
    lengths = np.sqrt((vectors * vectors).sum(axis=1, keepdims=True))
    unit: Floats = vectors / np.maximum(lengths, np.finfo(np.float32).tiny)
    return unit


def _coarse(vectors: Floats) -> tuple[NDArray[np.int8], Floats]:
    """Each number as a multiple, -127 to 127, of its vector's own step; and the steps."""
    steps = np.maximum(np.abs(vectors).max(axis=1), np.finfo(np.float32).tiny) / np.float32(_STEPS)
    return np.rint(vectors / steps[:, None]).astype(np.int8), steps
