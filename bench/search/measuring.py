"""Builds indexes of three sizes and takes the time of searches, turn by turn with the others'."""

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from bench.retrieval.embedding import Vectors
from bench.search.passages import EMBEDDER, OF_A_DOCUMENT, SHELVES, Passages
from bench.search.rivals import BruteForce, Tantivy
from kyozon.domain.knowledge import Comparison, Reader
from kyozon.domain.labels import Clearance, Level
from kyozon.retrieval.directory import Scope
from kyozon.retrieval.index import Index, Query

_MILLI = 1000.0
_EVERYTHING = Scope(Reader("t", "u", Clearance(Level.RESTRICTED)), frozenset({"vs"}))
_SHELF = 3
_FILTERED = Scope(_EVERYTHING.reader, _EVERYTHING.collections, Comparison("shelf", "eq", float(_SHELF)))


class Times(Struct, frozen=True):
    """Milliseconds of each search: of the processor, and on the clock."""

    cpu: tuple[float, ...]
    wall: tuple[float, ...]

    @property
    def mean_cpu(self) -> float:
        """Of the processor, a search."""
        return float(np.mean(self.cpu))

    def wall_at(self, share: float) -> float:
        """On the clock, at this quantile."""
        return float(np.quantile(self.wall, share))


class Sized(Struct, frozen=True):
    """An index of `passages`: bytes of arrays, MiB that the process grew by, processor seconds to build it; searches."""

    passages: int
    index_bytes: int
    grown_mib: float
    built_cpu_s: float
    hybrid: Times
    filtered: Times
    numpy: Times
    tantivy: Times
    recall: float
    recall_filtered: float


def measure(found: Passages, sizes: Sequence[int]) -> list[Sized]:
    """An index of each size, over the first passages."""
    return [_sized(found, size) for size in sizes]


def _sized(found: Passages, size: int) -> Sized:
    _say(f"… {size:,} passages")
    before, began = _resident(), time.process_time()
    index = Index()
    for number in range(size // OF_A_DOCUMENT):
        index.put(*found.document(number))
    index.search(Query("", {}), _EVERYTHING)  # seals what is pending
    built, grown = time.process_time() - began, _resident() - before
    brute, tantivy = BruteForce(found.vectors[:size]), Tantivy(found.texts[:size])
    asked = list(zip(found.questions, found.asked, strict=True))

    def hybrid(scope: Scope) -> Callable[[str, Vectors], object]:
        return lambda text, vector: index.search(Query(text, {EMBEDDER: vector}), scope)

    ways: tuple[Callable[[str, Vectors], object], ...] = (
        hybrid(_EVERYTHING),
        hybrid(_FILTERED),
        lambda _, vector: brute.search(vector),
        lambda text, _: tantivy.search(text),
    )
    all_together, filtered, numpy, words = _in_turn(ways, asked)
    everything = np.arange(size)
    kept = everything[everything // OF_A_DOCUMENT % SHELVES == _SHELF]
    recall, recall_filtered = [
        _recall(index, brute, found.asked, *one) for one in ((_EVERYTHING, everything), (_FILTERED, kept))
    ]
    return Sized(size, index.nbytes, grown, built, all_together, filtered, numpy, words, recall, recall_filtered)


def _in_turn(ways: Sequence[Callable[[str, Vectors], object]], asked: Sequence[tuple[str, Vectors]]) -> list[Times]:
    """Every way answers a question before the next is asked, so that what else the machine does falls on all of them."""
    seen: list[list[tuple[float, float]]] = [[] for _ in ways]
    for text, vector in asked:
        for times, way in zip(seen, ways, strict=True):
            cpu, wall = time.thread_time(), time.perf_counter()
            way(text, vector)
            times.append(((time.thread_time() - cpu) * _MILLI, (time.perf_counter() - wall) * _MILLI))
    return [Times(*zip(*times, strict=True)) for times in seen]


def _recall(index: Index, brute: BruteForce, asked: Vectors, scope: Scope, among: NDArray[np.int64]) -> float:
    """Of the ten nearest by floats the share that is found when the vectors alone decide."""
    shares = []
    for vector in asked:
        hits = index.search(Query("", {EMBEDDER: vector}, 10, 1.0), scope)
        rows = {int(hit.document.removeprefix("doc_")) * OF_A_DOCUMENT + hit.ordinal for hit in hits}
        right = set(brute.search(vector, among).tolist())
        shares.append(len(rows & right) / len(right))
    return float(np.mean(shares))


def _resident() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 2**20


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)
