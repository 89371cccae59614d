"""What another way to choose would have been worth, from requests that were chosen for in this one.

Of each request one model's answer is known. Where chance had a hand in the choice, and its probability is on record, those
answers that the other way would have asked for, too, stand for the ones it never got: each as often as it was unlikely.

- Inverse propensity scoring (Horvitz and Thompson 1952) is right on average and varies most.
- Self-normalised (Swaminathan and Joachims 2015), it varies less and is right with many requests.
- Doubly robust (Dudík, Langford and Li 2011; Dudík, Erhan, Langford and Li 2014), it takes what was expected of each model
  and corrects that by what came out: right on average whatever was expected, and the less varied the better that was.

What is expected of a score is near enough to it. What is expected to be paid may be off many times over, in one direction:
answers are shorter than they might be. So money is estimated with expectations set right by what the other way's choices
came to (`proportional`): the ratio estimator (Cochran, Sampling Techniques, 1977, chapter 6), right with many requests.

Intervals are normal, from the influence of each request on the estimate: a request is one observation, however many people
judged it. Nothing here can see what would have become of requests that this way of choosing never leaves to chance: they
are counted, and too many of them leave nothing to conclude.
"""

import math
from collections.abc import Iterable, Sequence
from typing import Final, Literal

from msgspec import Struct, structs

CLIP: Final = 1000.0
"""No request stands for more than so many."""
FEWEST: Final = 30
"""Observations below which a normal interval says little."""
_UNCOVERED: Final = 0.05
_NORMAL: Final = 1.959964

Lack = Literal["few", "uncovered", "untried"]
"""Why nothing can be concluded: fewer than `FEWEST` requests · more than 5 % of them would go where none of their kind is
ever sent · of those that would go elsewhere fewer than `FEWEST` were sent there."""


class Logged(Struct, frozen=True):
    """One request: what came of it, and what the other policy would have done.

    `reward` is what came of it, a score or money. `expected` is what was expected of the model that
    was chosen, `expected_other` what was expected of the one that the other policy chooses; `propensity` is the probability
    with which that one was to be chosen here, `chosen` whether it was. `elsewhere` says that it is not the router's own
    choice.
    """

    reward: float
    expected: float
    expected_other: float
    propensity: float
    chosen: bool
    elsewhere: bool = False


class Value(Struct, frozen=True):
    """An estimate and its 95 % interval."""

    value: float
    low: float
    high: float


class Evaluated(Struct, frozen=True):
    """What the other policy is worth a request, three ways, and how far that can be trusted.

    `logged` is the mean of what came of the same requests, `difference` the doubly robust value less that. Of `requests`,
    `uncovered` ones are in no estimate; `elsewhere` ones would go to another model than the router's own choice, and
    `tried` of these did. `effective` is how many requests chosen by the other policy itself would say as much (Kish);
    `clipped` counts those that would stand for more than `CLIP`.
    """

    requests: int
    uncovered: int
    elsewhere: int
    tried: int
    effective: float
    clipped: int
    logged: float
    ips: Value
    snips: Value
    dr: Value
    difference: Value

    @property
    def lack(self) -> Lack | None:
        """Why nothing can be concluded; None where something can."""
        if self.requests - self.uncovered < FEWEST:
            return "few"
        if self.uncovered > _UNCOVERED * self.requests:
            return "uncovered"
        return "untried" if self.elsewhere and self.tried < FEWEST else None


def evaluated(logged: Sequence[Logged], *, clip: float = CLIP, proportional: bool = False) -> Evaluated | None:
    """What the other policy is worth; None where no request is covered.

    `proportional` says that expectations hold up to a factor, which is found from the same requests.
    """
    seen = [one for one in logged if one.propensity > 0]
    if not seen:
        return None
    stands_for = [min(1 / one.propensity, clip) if one.chosen else 0.0 for one in seen]
    pairs = list(zip(seen, stands_for, strict=True))
    factor = _factor(pairs) if proportional else 1.0
    robust = [factor * one.expected_other + times * (one.reward - factor * one.expected) for one, times in pairs]
    even = [1.0] * len(seen)
    return Evaluated(
        requests=len(logged),
        uncovered=len(logged) - len(seen),
        elsewhere=sum(one.elsewhere for one in seen),
        tried=sum(one.elsewhere and one.chosen for one in seen),
        effective=_effective(stands_for),
        clipped=sum(one.chosen and 1 / one.propensity > clip for one in seen),
        logged=_mean([one.reward for one in seen], even).value,
        ips=_mean([times * one.reward for one, times in pairs], even),
        snips=_mean([one.reward for one in seen], stands_for),
        dr=_mean(robust, even),
        difference=_mean([value - one.reward for value, one in zip(robust, seen, strict=True)], even),
    )


def possible(found: Evaluated, most: float) -> Evaluated:
    """The same within what can be, where every request is worth between 0 and `most`."""
    return structs.replace(
        found,
        ips=_within(found.ips, 0.0, most),
        snips=_within(found.snips, 0.0, most),
        dr=_within(found.dr, 0.0, most),
        difference=_within(found.difference, -found.logged, most - found.logged),
    )


def requests_needed(found: Evaluated, within: float) -> int:
    """How many requests like these would bring the interval of the difference down to `within` to either side."""
    said = found.difference
    half = max(said.high - said.value, said.value - said.low)
    return math.ceil((found.requests - found.uncovered) * (half / within) ** 2)


def _factor(pairs: Sequence[tuple[Logged, float]]) -> float:
    """What came of the other policy's own choices, for each unit that was expected of them; 1 where nothing was."""
    expected = math.fsum(times * one.expected for one, times in pairs)
    return math.fsum(times * one.reward for one, times in pairs) / expected if expected else 1.0


def _within(value: Value, least: float, most: float) -> Value:
    return Value(*(min(max(one, least), most) for one in (value.value, value.low, value.high)))


def _mean(values: Sequence[float], weights: Sequence[float]) -> Value:
    """The weighted mean, a ratio of two sums, linearised."""
    total = math.fsum(weights)
    if not total:
        return Value(math.nan, math.nan, math.nan)
    middle = math.fsum(w * value for w, value in zip(weights, values, strict=True)) / total
    around = math.fsum((w * (value - middle)) ** 2 for w, value in zip(weights, values, strict=True))
    count = len(values)
    half = _NORMAL * math.sqrt(around * count / max(1, count - 1)) / total
    return Value(middle, middle - half, middle + half)


def _effective(weights: Iterable[float]) -> float:
    found = list(weights)
    squares = math.fsum(one * one for one in found)
    return math.fsum(found) ** 2 / squares if squares else 0.0
