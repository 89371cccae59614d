"""Accept the answer that is there, ask one more model for a second opinion, or escalate to the strong model.

A sequential decision: each act has an expected quality less what its call costs, at a rate of exchange between the two.
A second opinion is worth what it changes: the log-odds that the answer is good move to about `slope` times them plus
`shift`, normally spread (a value of information, Howard 1966), and the best act is taken then. All functions work on
numbers and, element by element, on arrays of them.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from kyozon.domain.cascades import Act
from kyozon.routing.verifying.verifier import Move, Verdict

Floats = NDArray[np.float64]

_POINTS, _WEIGHTS = np.polynomial.hermite_e.hermegauss(9)
_SHARES = _WEIGHTS / _WEIGHTS.sum()
_SURE = 1e-6


class Opinion(Struct, frozen=True):
    """A model that could be asked for a second opinion: what its call is expected to cost, and how it moves the verdict."""

    cost: float
    move: Move


class Worth(Struct, frozen=True, eq=False):
    """What each act is worth, in expected quality less cost; `ask` is minus infinity where nobody is left to ask."""

    accept: Any
    ask: Any
    escalate: Any


def weigh(good: Any, escalate: Any, opinions: Sequence[Opinion], rate: float) -> Worth:
    """The acts' worth. `good` is the probability that the answer is good, `escalate` the worth of escalating.

    `opinions` are those that can still be asked, in their order; `rate` is the quality that a unit of cost must bring.
    """
    kept = np.clip(good, _SURE, 1 - _SURE)
    return _weigh(np.log(kept / (1 - kept)), np.asarray(escalate, dtype=float), opinions, rate)


def decide(verdict: Verdict, strong_cost: float, opinions: Sequence[Opinion], rate: float) -> Act:
    """What to do with an answer that is paid for, at a `rate` of quality for cost; accept where nothing is worth more."""
    worth = weigh(verdict.good, verdict.stronger - rate * strong_cost, opinions, rate)
    if worth.accept >= max(worth.ask, worth.escalate):
        return "accept"
    return "escalate" if worth.escalate >= worth.ask else "ask"


def _weigh(odds: Floats, escalate: Floats, opinions: Sequence[Opinion], rate: float) -> Worth:
    accept = 1 / (1 + np.exp(-odds))
    if not opinions:
        return Worth(accept, np.full_like(accept, -np.inf), escalate)
    first, *rest = opinions
    centre = first.move.slope * odds + first.move.shift
    ask = np.full_like(accept, -rate * first.cost)
    for point, share in zip(_POINTS.tolist(), _SHARES.tolist(), strict=True):
        then = _weigh(centre + first.move.spread * point, escalate, rest, rate)
        ask = ask + share * np.maximum(np.maximum(then.accept, then.escalate), then.ask)
    return Worth(accept, ask, escalate)
