"""What is known of means while observations still come in, so that looking as often as one likes does no harm.

For observations from 0 to 1 with mean m, and each l, the product of exp(l x) / (1 - m + m exp(l)) is a supermartingale: on
that interval exp(l x) lies below its chord. Mixed over l as the beta distribution is conjugate to it, the products become

    B(a + s, a + n - s) / B(a, a) / (m^s (1 - m)^(n - s))

for n observations of sum s, whatever their order. By Ville's inequality that reaches 1 / alpha at any time with a chance of
alpha at most, so the m for which it has not are a confidence sequence: Robbins (1970), Ann. Math. Statist. 41, with the
beta-binomial mixture of Howard, Ramdas, McAuliffe and Sekhon (2021), Ann. Statist. 49, section 3. Of two groups the product
of both does the same for the pair of their means.
"""

import math
from collections.abc import Callable

from msgspec import Struct

_PRIOR = 0.5
_HALVINGS = 24
"""Of an interval: below any digit that is shown."""
_GOLDEN = (math.sqrt(5) - 1) / 2


class Group(Struct, frozen=True):
    """Observations from 0 to 1: their sum, and how many there are."""

    total: float = 0.0
    count: float = 0.0

    @property
    def mean(self) -> float | None:
        """None where there are none."""
        return min(1.0, max(0.0, self.total / self.count)) if self.count > 0 else None

    def against(self) -> Callable[[float], float]:
        """The logarithm of what has been won by betting against each mean from 0 to 1."""
        rest = max(0.0, self.count - self.total)
        won = _log_beta(_PRIOR + self.total, _PRIOR + rest) - _log_beta(_PRIOR, _PRIOR)
        return lambda mean: won - _times_log(self.total, mean) - _times_log(rest, 1 - mean)


def surely_between(group: Group, alpha: float) -> tuple[float, float]:
    """The interval that holds the mean at every look together, but for a chance of `alpha`: all of 0 to 1 of nothing.

    Observations may come in any order, but whether one is among them must not hang on what it is.
    """
    if group.mean is None:
        return 0.0, 1.0
    won, most = group.against(), math.log(1 / alpha)
    return _edge(0.0, group.mean, won, most), _edge(1.0, group.mean, won, most)


def surely_apart(before: Group, after: Group, alpha: float) -> tuple[float, float]:
    """The same of the mean of `after` less that of `before`; all of -1 to 1 where one of them is of nothing."""
    if before.mean is None or after.mean is None:
        return -1.0, 1.0
    one, other = before.against(), after.against()

    def won(apart: float) -> float:
        """What both together have won against means that are so far apart, where they have won least."""
        return _least(lambda mean: one(mean) + other(mean + apart), max(0.0, -apart), min(1.0, 1.0 - apart))

    seen, most = after.mean - before.mean, math.log(1 / alpha)
    return _edge(-1.0, seen, won, most), _edge(1.0, seen, won, most)


def _edge(outside: float, inside: float, won: Callable[[float], float], most: float) -> float:
    """Where the interval ends, between what may be `outside` and what is surely `inside`; rounded outwards."""
    if won(outside) <= most:
        return outside
    for _ in range(_HALVINGS):
        middle = (outside + inside) / 2
        if won(middle) > most:
            outside = middle
        else:
            inside = middle
    return outside


def _least(convex: Callable[[float], float], low: float, high: float) -> float:
    """The least value of a convex function, by golden sections."""
    left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
    at_left, at_right = convex(left), convex(right)
    for _ in range(_HALVINGS):
        if at_left < at_right:
            high, right, at_right = right, left, at_left
            left = high - _GOLDEN * (high - low)
            at_left = convex(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + _GOLDEN * (high - low)
            at_right = convex(right)
    return min(at_left, at_right)


def _log_beta(one: float, other: float) -> float:
    return math.lgamma(one) + math.lgamma(other) - math.lgamma(one + other)


def _times_log(factor: float, number: float) -> float:
    if factor <= 0:
        return 0.0
    return factor * math.log(number) if number > 0 else -math.inf
