"""Intervals of means, and of the differences of pairs, by resampling (the percentile bootstrap: Efron, 1979).

Resamples are drawn by a generator with a fixed seed: the same figures give the same intervals.
"""

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

ALPHA = 0.05
"""The chance that an interval, or any of those that are told together, misses."""
_DRAWS = 10_000
_AT_ONCE = 500
_DIGITS = 4

Verdict = Literal["better", "worse", "unclear"]


class Interval(Struct, frozen=True):
    """A mean of `count` observations, and between which values it surely lies."""

    mean: float
    low: float
    high: float
    count: int


class Difference(Struct, frozen=True):
    """A mean difference of `count` pairs, of which `differing` differ at all, and what can be said of it."""

    mean: float
    low: float
    high: float
    count: int
    differing: int
    verdict: Verdict


def interval(values: Sequence[float], alpha: float = ALPHA) -> Interval:
    """The mean of values from 0 to 1, of which there is at least one.

    Where all are 0, or all are 1, resamples would know no doubt; there the bound is that of Clopper and Pearson (1934),
    which holds for every distribution between 0 and 1.
    """
    found = np.asarray(values, float)
    low, high = _percentiles(found, alpha)
    edge = (alpha / 2) ** (1 / len(found))
    if found.min() == 1.0:
        low = edge
    elif found.max() == 0.0:
        high = 1 - edge
    return Interval(_round(found.mean()), _round(low), _round(high), len(found))


def difference(now: Sequence[float], before: Sequence[float], alpha: float = ALPHA) -> Difference:
    """Of each pair the first less the second.

    It is called better or worse where the interval leaves 0 out, and where so many pairs differ that chance alone would
    seldom (with probability `alpha`) turn all of them to one side, as in the sign test.
    """
    apart = np.asarray(now, float) - np.asarray(before, float)
    low, high = _percentiles(apart, alpha)
    differing = int(np.count_nonzero(apart))
    enough = differing >= 1 + math.log2(1 / alpha)
    verdict: Verdict = "better" if enough and low > 0 else "worse" if enough and high < 0 else "unclear"
    return Difference(_round(apart.mean()), _round(low), _round(high), len(apart), differing, verdict)


def _percentiles(values: NDArray[np.float64], alpha: float) -> tuple[float, float]:
    chance, count = np.random.default_rng(0), len(values)
    means = [values[chance.integers(count, size=(_AT_ONCE, count))].mean(axis=1) for _ in range(_DRAWS // _AT_ONCE)]
    low, high = np.quantile(np.concatenate(means), [alpha / 2, 1 - alpha / 2])
    return float(low), float(high)


def _round(value: float) -> float:
    return round(float(value), _DIGITS)
