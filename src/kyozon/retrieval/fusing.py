"""One order out of two lists: what the words say and what the vectors say, on scales that can be added.

Each list is brought to the span between its best and its fiftieth score (weighted min-max, measured ahead of reciprocal
ranks). The words' list counts the less, the less of the query the best passage covers: a question that shares hardly a word
with any passage, be it worded otherwise or in another language, is left to the vectors.
"""

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

Floats = NDArray[np.float32]


class Fusion(Struct, frozen=True):
    """`candidates` of each list are compared. `dense` is the vectors' share where the words cover the query.

    A list's floor is its score of rank `floor`. The words count in full from the coverage `covered` on, below it by its
    share to the power `doubt`. `docs/benchmarks/retrieval.md` says how these were chosen.
    """

    candidates: int = 100
    floor: int = 50
    dense: float = 0.35
    covered: float = 0.35
    doubt: float = 2.5


DEFAULT = Fusion()


class Candidates(Struct, frozen=True):
    """What is to be put in order: the words' scores and the most they could be, the cosines by each embedder.

    A cosine is not a number where the candidate has no vector by that embedder. The best of each list are among them.
    """

    words: Floats
    ideal: float
    cosines: tuple[Floats, ...]


def fused(found: Candidates, dense_weight: float | None, how: Fusion = DEFAULT) -> Floats:
    """A score between 0 and 1 for each candidate; `dense_weight` takes the place of what would be chosen."""
    words = _spanned(found.words, how.floor)
    seen = [_spanned(cosines, how.floor) for cosines in found.cosines if not np.isnan(cosines).all()]
    if not seen:
        return words
    weight = how.dense if dense_weight is None else dense_weight
    trust = _trust(found, how) if dense_weight is None else 1.0
    dense = np.max(np.stack(seen), axis=0)
    scores: Floats = (weight * dense + (1 - weight) * trust * words).astype(np.float32)
    return scores


def _trust(found: Candidates, how: Fusion) -> float:
    """How much the words' list counts, between 0 and 1, by the share of the query that the best passage covers."""
    if found.ideal <= 0:
        return 0.0
    coverage = float(found.words.max()) / found.ideal
    return float(min(1.0, coverage / how.covered) ** how.doubt)


def _spanned(scores: Floats, floor: int) -> Floats:
    """From 0 at the score of rank `floor`, and for what has none, to 1 at the best."""
    there = ~np.isnan(scores)
    ordered = np.sort(scores[there])
    low, high = ordered[-min(floor, len(ordered))], ordered[-1]
    if high <= low:
        return (there & (scores > 0)).astype(np.float32)
    spanned: Floats = np.where(there, np.clip((scores - low) / (high - low), 0, 1), 0).astype(np.float32)
    return spanned
