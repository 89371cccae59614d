"""How an APGR grows with the labels that were learnt from, and how many more a target would take.

The curve is top - fall x labels^-power, a power law with an asymptote as learning curves have it (Cortes and others 1994),
fitted by least squares to what was measured. Its uncertainty is drawn: each point moves by its own sampling error, as if
these were independent, and the curve is fitted again.
"""

from collections.abc import Sequence

import numpy as np
from msgspec import Struct

from bench.routing.recordings import Floats

_POWERS = np.arange(0.1, 1.01, 0.05)
_DRAWS = 400
_NINETY = (5, 95)
_FURTHEST = 1e6
"""An extrapolation beyond so many labels is no figure any more."""


class Point(Struct, frozen=True):
    """An APGR reached with so many labels, and its standard error."""

    labels: int
    apgr: float
    error: float


class Law(Struct, frozen=True):
    """top - fall x labels^-power."""

    top: float
    fall: float
    power: float

    def at(self, labels: float) -> float:
        """The APGR that is expected of so many labels."""
        return self.top - self.fall * float(labels**-self.power)

    def needed(self, target: float) -> float:
        """How many labels reach the target: infinity where none do, or more than a million."""
        if self.top <= target or self.fall <= 0:
            return float("inf")
        labels = float((self.fall / (self.top - target)) ** (1 / self.power))
        return labels if labels <= _FURTHEST else float("inf")


class Outlook(Struct, frozen=True):
    """What the curve says of a target: labels needed, their 90 % interval, and in which share of draws none are enough."""

    target: float
    labels: float
    bounds: tuple[float, float]
    never: float


def law(labels: Sequence[float], apgrs: Sequence[float]) -> Law:
    """The curve that fits best; of three points or more."""
    found: list[tuple[float, Law]] = []
    goal = np.array(apgrs)
    for power in _POWERS.tolist():
        features = np.column_stack((np.ones(len(goal)), -(np.array(labels, dtype=float) ** -power)))
        (top, fall), *_ = np.linalg.lstsq(features, goal)
        error: Floats = features @ np.array([top, fall]) - goal
        found.append((float(error @ error), Law(float(top), float(fall), power)))
    return min(found, key=lambda one: one[0])[1]


def outlook(points: Sequence[Point], target: float) -> Outlook:
    """How many labels the target would take."""
    labels, apgrs = [point.labels for point in points], np.array([point.apgr for point in points])
    rng, errors = np.random.default_rng(0), np.array([point.error for point in points])
    drawn = [law(labels, rng.normal(apgrs, errors).tolist()).needed(target) for _ in range(_DRAWS)]
    low, high = np.percentile(drawn, _NINETY, method="nearest")
    never = float(np.mean(np.isinf(drawn)))
    return Outlook(target, law(labels, apgrs.tolist()).needed(target), (float(low), float(high)), never)
