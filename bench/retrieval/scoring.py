"""How good an order is, by the passages that are right: nDCG@10 with binary gain, recall@5, MRR@10."""

import math
from collections.abc import Sequence

from msgspec import Struct

_DEEP = 10
_SEEN = 5


class Quality(Struct, frozen=True):
    """Averages over questions, between 0 and 1."""

    ndcg10: float
    recall5: float
    mrr10: float


def quality(orders: Sequence[Sequence[str]], relevant: Sequence[Sequence[str]]) -> Quality:
    """Of the order found for each question, best first; raises `ValueError` for none."""
    if not orders:
        raise ValueError("no questions")
    scores = [_of(order[:_DEEP], set(right)) for order, right in zip(orders, relevant, strict=True)]
    return Quality(*(sum(column) / len(scores) for column in zip(*scores, strict=True)))


def _of(order: Sequence[str], right: set[str]) -> tuple[float, float, float]:
    hits = [rank for rank, name in enumerate(order) if name in right]
    gained = sum(_gain(rank) for rank in hits)
    most = sum(_gain(rank) for rank in range(min(len(right), _DEEP)))
    seen = sum(1 for rank in hits if rank < _SEEN)
    return gained / most, seen / len(right), 1 / (hits[0] + 1) if hits else 0.0


def _gain(rank: int) -> float:
    return 1 / math.log2(rank + 2)
