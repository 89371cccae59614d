"""How well what was wanted is ranked: recall, nDCG and MRR, from the places at which it was found."""

import math
from collections.abc import Sequence

Rank = int | None
"""The place of something wanted, counted from 1; None where it was not found."""
DEPTH = 10


def recall(ranks: Sequence[Rank]) -> float:
    """The share of what was wanted that was found at all; `ranks` has one for each thing wanted, and is not empty."""
    return sum(rank is not None for rank in ranks) / len(ranks)


def ndcg(ranks: Sequence[Rank], depth: int = DEPTH) -> float:
    """Normalised discounted cumulative gain (Järvelin and Kekäläinen, 2002), where each thing wanted is worth the same."""
    gained = sum(1 / math.log2(1 + rank) for rank in ranks if rank is not None and rank <= depth)
    best = sum(1 / math.log2(1 + rank) for rank in range(1, min(len(ranks), depth) + 1))
    return gained / best


def reciprocal(ranks: Sequence[Rank], depth: int = DEPTH) -> float:
    """The reciprocal of the first place with something wanted; its mean is the MRR. 0 where nothing is among the first."""
    return max((1 / rank for rank in ranks if rank is not None and rank <= depth), default=0.0)
