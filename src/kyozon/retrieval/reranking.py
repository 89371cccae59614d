"""The order that a reranking model gives: its scores on the scale of all searches, its best first."""

import math
from collections.abc import Sequence

from msgspec import structs

from kyozon.domain.knowledge import Passage


def reordered(passages: Sequence[Passage], scores: Sequence[float], *, logits: bool = False) -> tuple[Passage, ...]:
    """The passages by the model's `scores`, one for each; the best first, equals in the order that they were in.

    A passage's score comes from its own alone, never from how the others fare: `logits` go through the logistic function,
    which keeps the order; others are meant to lie between 0 and 1, and are cut to that where they do not.
    """
    order = sorted(range(len(passages)), key=lambda place: -scores[place])
    told = [_logistic(score) if logits else min(1.0, max(0.0, score)) for score in scores]
    return tuple(structs.replace(passages[place], score=told[place]) for place in order)


def _logistic(score: float) -> float:
    """Without an overflow at either end."""
    small = math.exp(-abs(score))
    return 1 / (1 + small) if score >= 0 else small / (1 + small)
