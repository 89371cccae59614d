"""A hundred thousand passages: windows of real texts, each with a vector near a real one of its kind."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from bench.retrieval.embedding import Vectoriser, Vectors
from bench.retrieval.sets import Pack, packs
from kyozon.domain.labels import Label
from kyozon.retrieval.directory import Entry
from kyozon.retrieval.index import Piece

EMBEDDER = "e5"
OF_A_DOCUMENT = 10
SHELVES = 100
"""An attribute of so many values, one hundredth of the documents each."""

_LENGTH = {True: 180, False: 500}  # characters of a passage, with and without Japanese
_EMBEDDED = 400
_SPREAD = 0.6
_SEED = 7


class Passages(Struct, frozen=True):
    """Texts and unit vectors, in the order in which they are indexed; and questions with theirs."""

    texts: tuple[str, ...]
    vectors: NDArray[np.float16]
    questions: tuple[str, ...]
    asked: Vectors

    def document(self, number: int) -> tuple[Entry, list[Piece]]:
        """Ten passages each."""
        rows = range(number * OF_A_DOCUMENT, (number + 1) * OF_A_DOCUMENT)
        attributes = {"shelf": float(number % SHELVES)}
        entry = Entry(f"doc_{number}", "vs", Label(), frozenset(), attributes)
        pieces = [Piece(at, self.texts[row], EMBEDDER, 1, self.vectors[row].tobytes()) for at, row in enumerate(rows)]
        return entry, pieces


def passages(data: Path, vectoriser: Vectoriser, count: int, questions: int) -> Passages:
    """`count` passages of the sets in a folder.

    To embed so many would take hours. So some hundred real passages are, and every other one gets one of those vectors,
    moved at random as far as passages of one subject are apart (a cosine of about .86); the questions' vectors are real.
    """
    found = packs(data)
    texts = _windows("\n".join(paper.text for pack in found for paper in pack.papers), count)
    chosen = _spread([paper.whole for pack in found for paper in pack.papers], _EMBEDDED)
    real = vectoriser.vectors(chosen, "passage")
    asked = _spread(_asked(found), questions)
    return Passages(texts, _moved(real, count), tuple(asked), vectoriser.vectors(asked, "query"))


def _asked(found: Sequence[Pack]) -> list[str]:
    return [question.text for pack in found for question in pack.questions]


def _spread(given: Sequence[str], count: int) -> list[str]:
    return [given[at * len(given) // count] for at in range(min(count, len(given)))]


def _windows(text: str, count: int) -> tuple[str, ...]:
    """Windows of about a passage's length; where the text is too short for so many, they overlap."""
    step = len(text) / count
    starts = (int(at * step) for at in range(count))
    return tuple(text[start : start + _LENGTH[not text[start : start + 20].isascii()]] for start in starts)


def _moved(real: Vectors, count: int) -> NDArray[np.float16]:
    chance = np.random.default_rng(_SEED)
    moved = np.empty((count, real.shape[1]), np.float16)
    for begin in range(0, count, 10_000):
        part = real[np.arange(begin, min(begin + 10_000, count)) % len(real)]
        noise = chance.standard_normal(part.shape).astype(np.float32) / np.sqrt(np.float32(part.shape[1]))
        vectors = part + _SPREAD * noise
        moved[begin : begin + len(part)] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return moved
