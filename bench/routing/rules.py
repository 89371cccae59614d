"""From what is expected of each model to whom is asked: a rule with one setting, and how that setting is chosen.

The setting is chosen on items whose scores may be looked at, and then kept: never read off the curve of the test.
"""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from msgspec import Struct

from bench.routing.methods import Predicted, needed
from bench.routing.metrics import Outcome
from bench.routing.recordings import Bools, Floats, Ints
from kyozon.domain.quality import Estimate
from kyozon.routing.measured import loss, surest

_STEPS = 61


class Rule(Protocol):
    """Chooses a column of the pool for each of n requests."""

    def settings(self, seen: Sequence[Predicted]) -> Sequence[float]:
        """Settings to try, given what is expected of some requests."""

    def choose(self, predicted: Predicted, price: Floats, setting: float) -> Ints:
        """Whom to ask. `price` (n by m) is what a call is expected to cost."""


class Threshold:
    """Of two models, the second where it is needed at least so much."""

    def settings(self, seen: Sequence[Predicted]) -> Sequence[float]:
        """Quantiles of the need, from asking it never to always."""
        need = np.concatenate([needed(one) for one in seen])
        inner = np.unique(np.quantile(need, np.linspace(0, 1, 2 * _STEPS)))[::-1]
        return [float("inf"), *inner.tolist(), float("-inf")]

    def choose(self, predicted: Predicted, price: Floats, setting: float) -> Ints:  # noqa: ARG002 - prices don't matter
        """0 or 1."""
        return np.asarray(needed(predicted) >= setting).astype(np.intp)


class Exchange:
    """The best balance of expected quality and price, at a rate of exchange between the two."""

    def settings(self, seen: Sequence[Predicted]) -> Sequence[float]:  # noqa: ARG002 - the same for all
        """Rates, as quality given up for the mean price of the dearest model."""
        return [*np.geomspace(10, 1e-4, _STEPS).tolist(), 0.0]

    def choose(self, predicted: Predicted, price: Floats, setting: float) -> Ints:
        """The column of the greatest balance."""
        unit = price.mean(axis=0).max()
        return np.asarray(np.argmax(predicted.quality - setting * price / unit, axis=1))


class Goal:
    """The product's rule: the least of what may be lost and, at the rate that a goal sets, of what it costs."""

    def settings(self, seen: Sequence[Predicted]) -> Sequence[float]:  # noqa: ARG002 - the same for all
        """Goals as an operator or a caller may set them, dense near 1."""
        return [*(1 - np.geomspace(1, 1e-4, 2 * _STEPS)).tolist(), 1.0]

    def choose(self, predicted: Predicted, price: Floats, setting: float) -> Ints:
        """The best trade, as `routing.measured` has it; the cheaper of equals."""
        trade = losses(predicted) + (1 - setting) * price / price.max(axis=1, keepdims=True)
        return np.lexsort((price, trade), axis=1)[:, 0]


def losses(predicted: Predicted) -> Floats:
    """What each model may lose (n by m), by the product's own functions."""
    support = np.ones(len(predicted.quality)) if predicted.support is None else predicted.support
    found = []
    for quality, low, known in zip(predicted.quality.tolist(), predicted.low.tolist(), support.tolist(), strict=True):
        estimates = [Estimate(value, least, 1.0, support=known) for value, least in zip(quality, low, strict=True)]
        best = surest(estimates)
        found.append([loss(estimate, best) for estimate in estimates])
    return np.array(found)


class Chosen(Struct, frozen=True, eq=False):
    """A choice for each of n requests, and the calls that were paid for it (n by m)."""

    choice: Ints
    paid: Bools


def single(choice: Ints, models: int) -> Chosen:
    """Only the model whose answer is given was asked."""
    return Chosen(choice, np.arange(models) == choice[:, None])


def outcome(chosen: Chosen, scores: Floats, cost: Floats, best: int, overhead: float = 0.0) -> Outcome:
    """What a choice gives and costs; `overhead` is the USD of one decision.

    Raises:
        ValueError: an answer is given that was not paid for.
    """
    rows = np.arange(len(scores))
    if not chosen.paid[rows, chosen.choice].all():
        raise ValueError("an answer was given that was not paid for")
    spent = np.where(chosen.paid, cost, 0.0).sum(axis=1) + overhead
    return Outcome(scores[rows, chosen.choice], spent, scores[:, best], cost[:, best])


def settle(tried: Sequence[Outcome], target: float) -> int | None:
    """The place of the cheapest setting that reaches the target; `None` where none does."""
    enough = [
        (float(one.cost.sum()), place)
        for place, one in enumerate(tried)
        if one.quality.mean() >= target * one.best_quality.mean() - 1e-12
    ]
    return min(enough)[1] if enough else None
