"""The figures by which routers are compared: RouteLLM's three, and what a choice really costs and gives.

APGR, CPT50 and CPT80 are those of RouteLLM (Ong and others 2024, arXiv 2406.18665): ten bins of equal size by the
router's score, the quality gained over the weak model as a share of what the strong one would gain, linear in between.
"""

from collections.abc import Sequence

import numpy as np
from msgspec import Struct

from bench.routing.recordings import Bools, Floats, Ints

_BINS = 10
_ROUNDS = 1000


class Curve(Struct, frozen=True, eq=False):
    """Shares of requests that go to the strong model, ascending from 0 to 1, and the share of the gain reached there."""

    shares: Floats
    gains: Floats

    @property
    def apgr(self) -> float:
        """Average performance gap recovered: the area under the curve; .5 for a random router."""
        return float(np.trapezoid(self.gains, self.shares))

    def cpt(self, gain: float) -> float:
        """Call-performance threshold: the least share of strong calls at which this share of the gain is reached."""
        above = np.flatnonzero(self.gains >= gain)
        if not len(above):
            return 1.0
        place = int(above[0])
        if place == 0:
            return float(self.shares[0])
        low, high = self.gains[place - 1], self.gains[place]
        part = (gain - low) / (high - low)
        return float(self.shares[place - 1] + part * (self.shares[place] - self.shares[place - 1]))


def curve(need: Floats, weak: Floats, strong: Floats) -> Curve:
    """The curve of a score (n; higher: rather the strong model), given both models' results on the n items.

    Raises:
        ValueError: the two models are equally good, so that there is no gap to recover.
    """
    gap = strong.mean() - weak.mean()
    if gap == 0:
        raise ValueError("the two models are equally good: no gap to recover")
    edges = np.unique(np.quantile(need, np.linspace(0, 1, _BINS + 1)))[::-1]
    up = need[None, :] >= edges[:, None]
    quality = np.where(up, strong, weak).mean(axis=1)
    shares = np.concatenate(([0.0], up.mean(axis=1), [1.0]))
    gains = np.concatenate(([0.0], (quality - weak.mean()) / gap, [1.0]))
    return Curve(shares, gains)


class Outcome(Struct, frozen=True, eq=False):
    """What a choice gave and cost on n items, and what always asking the best single model would have (all n)."""

    quality: Floats
    cost: Floats
    best_quality: Floats
    best_cost: Floats

    @property
    def quality_ratio(self) -> float:
        """Mean quality as a share of the best single model's."""
        return float(self.quality.mean() / self.best_quality.mean())

    @property
    def cost_share(self) -> float:
        """Cost as a share of the best single model's."""
        return float(self.cost.sum() / self.best_cost.sum())

    def rows(self, places: Ints | Bools) -> "Outcome":
        """Some of the items."""
        return Outcome(self.quality[places], self.cost[places], self.best_quality[places], self.best_cost[places])

    def bounds(self, seed: int = 0, rounds: int = _ROUNDS) -> tuple[float, float]:
        """The 95 % interval of the quality ratio: paired bootstrap by item, percentiles."""
        rng, number = np.random.default_rng(seed), len(self.quality)
        drawn = [rng.integers(0, number, number) for _ in range(rounds)]
        ratios = [self.quality[rows].mean() / max(self.best_quality[rows].mean(), 1e-12) for rows in drawn]
        low, high = np.percentile(ratios, (2.5, 97.5))
        return float(low), float(high)


def joined(parts: Sequence[Outcome]) -> Outcome:
    """Several sets of items as one."""
    return Outcome(
        np.concatenate([part.quality for part in parts]),
        np.concatenate([part.cost for part in parts]),
        np.concatenate([part.best_quality for part in parts]),
        np.concatenate([part.best_cost for part in parts]),
    )


def apgr_bounds(need: Floats, weak: Floats, strong: Floats, rounds: int = 200) -> tuple[float, float]:
    """The 95 % interval of APGR: bootstrap by item, percentiles."""
    rng, number = np.random.default_rng(0), len(need)
    found = []
    for _ in range(rounds):
        rows = rng.integers(0, number, number)
        if strong[rows].mean() != weak[rows].mean():
            found.append(curve(need[rows], weak[rows], strong[rows]).apgr)
    low, high = np.percentile(found, (2.5, 97.5))
    return float(low), float(high)


def mix(quality: Floats, cost: Floats, wanted: float) -> float:
    """Cost of the cheapest random mixture of single models that is expected to reach a quality.

    `quality` and `cost` are the models' means (m). The lower hull of the points, walked to the wanted quality; one that
    no model reaches costs what the best one does.
    """
    best = int(np.argmax(quality))
    if wanted >= quality[best]:
        return float(cost[quality >= quality[best]].min())
    enough = [float(price) for value, price in zip(quality, cost, strict=True) if value >= wanted]
    for low in np.flatnonzero(quality < wanted):
        for high in np.flatnonzero(quality >= wanted):
            part = (wanted - quality[low]) / (quality[high] - quality[low])
            enough.append(float(cost[low] + part * (cost[high] - cost[low])))
    return min(enough)


def oracle(scores: Floats, cost: Floats, wanted: float) -> float:
    """Mean cost of the cheapest choice that reaches a mean quality, by someone who knows every score: a loose ceiling.

    Walks the items' steps of quality on their lower hulls from the best value on, as in the fractional knapsack.
    """
    steps = [step for row in range(len(scores)) for step in _steps(scores[row], cost[row])]
    total = float(sum(price for _, price, first in steps if first))
    missing = wanted * len(scores) - sum(gain for gain, _, first in steps if first)
    for gain, price in sorted(
        ((gain, price) for gain, price, first in steps if not first), key=lambda step: step[1] / step[0]
    ):
        if missing <= 1e-9:  # noqa: PLR2004 - sums of 32-bit scores are not exact
            break
        total += price * min(1.0, missing / gain)
        missing -= gain
    return total / len(scores)


def _steps(scores: Floats, cost: Floats) -> list[tuple[float, float, bool]]:
    """Gain and price of each step up the lower hull of one item, the first from nothing to its cheapest model."""
    here = int(np.lexsort((-scores, cost))[0])
    found = [(float(scores[here]), float(cost[here]), True)]
    while True:
        better = np.flatnonzero(scores > scores[here])
        if not len(better):
            return found
        slope = (cost[better] - cost[here]) / (scores[better] - scores[here])
        step = int(better[np.argmin(slope)])
        found.append((float(scores[step] - scores[here]), max(0.0, float(cost[step] - cost[here])), False))
        here = step
