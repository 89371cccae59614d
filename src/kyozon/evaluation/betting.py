"""P-values of observations that come one by one, and bets against their being uniform.

Conformal p-values: the rank of an observation among all before it. As long as observations are exchangeable, whatever their
distribution, they are uniform and independent (Vovk, Gammerman and Shafer, Algorithmic Learning in a Random World, 2005,
chapter 8). What is remembered is bounded by `REMEMBERED`; from there on that holds nearly.
"""

from bisect import bisect_left, bisect_right
from collections import Counter, deque
from typing import Final, Protocol

REMEMBERED: Final = 50_000
_BINS, _RECENT, _SMOOTHING = 10, 100, 2.0


class Bet(Protocol):
    """What is laid on the next p-value."""

    def factor(self, p: float) -> float:
        """What a stake becomes at this p-value: 1 on average where p-values are uniform. Never negative."""


class PValues(Protocol):
    """What makes p-values of observations."""

    def p(self, value: float, chance: float, /) -> float:
        """From 0 to 1."""


class Slope:
    """A bet that p-values are small, or for a negative slope that they are large."""

    def __init__(self, slope: float) -> None:
        self._slope = slope

    def factor(self, p: float) -> float:
        """Between 1 - slope / 2 and 1 + slope / 2."""
        return 1 + self._slope * (0.5 - p)


class Recent:
    """A bet that p-values go on as the last hundred were, by a histogram (Fedorova et al. 2012)."""

    def __init__(self) -> None:
        self._last: deque[int] = deque(maxlen=_RECENT)
        self._counts = [0] * _BINS

    def factor(self, p: float) -> float:
        """How much oftener than one in ten its tenth has come of late."""
        bin_ = min(int(p * _BINS), _BINS - 1)
        found = _BINS * (self._counts[bin_] + _SMOOTHING) / (len(self._last) + _BINS * _SMOOTHING)
        if len(self._last) == _RECENT:
            self._counts[self._last[0]] -= 1
        self._last.append(bin_)
        self._counts[bin_] += 1
        return found


class Ranks:
    """P-values of numbers: small for small ones."""

    def __init__(self) -> None:
        self._seen: list[float] = []

    def p(self, value: float, chance: float) -> float:
        """The share of all so far that are no greater; `chance`, from 0 up to 1, goes between equal ones."""
        below, up_to = bisect_left(self._seen, value), bisect_right(self._seen, value)
        found = (below + chance * (up_to - below + 1)) / (len(self._seen) + 1)
        if len(self._seen) < REMEMBERED:
            self._seen.insert(up_to, value)
        return found


class Frequencies:
    """P-values of names, given by number: small for rare ones."""

    def __init__(self) -> None:
        self._counts: Counter[float] = Counter()
        self._total = 0

    def p(self, name: float, chance: float) -> float:
        """The share of all so far whose names are no more frequent; `chance` goes between equally frequent ones."""
        counts = self._counts
        own = counts[name] + 1
        rarer = sum(count for other, count in counts.items() if count < own and other != name)
        equal = own + sum(count for other, count in counts.items() if count == own and other != name)
        found = (rarer + chance * equal) / (self._total + 1)
        if self._total < REMEMBERED:
            counts[name] = own
            self._total += 1
        return found
