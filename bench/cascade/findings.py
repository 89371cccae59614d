"""What follows from the answers: quality, processor time, and what a cascade is worth beside a random mixture.

The processor time of each engine is measured over all strategies. It is divided among the answers by what each was charged
there: so the same call counts the same, however busy the machine was just then, and items can be drawn again. All intervals
are of 95 %, from 2,000 paired bootstrap samples of items.
"""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from bench.cascade.answers import Answer
from bench.cascade.running import ALONE, AUTO, WAYS, Measured
from bench.cascade.weights import LARGE, SMALL

Floats = NDArray[np.float64]

_ROUNDS, _SEED = 2000, 5
ALONE_SMALL, ALONE_LARGE = f"{ALONE} {SMALL.name}", f"{ALONE} {LARGE.name}"


class Scored(Struct, frozen=True, eq=False):
    """A strategy, item by item (n): whether its answer was right, and the seconds of processor time its engines took."""

    right: Floats
    seconds: Floats

    def rows(self, places: NDArray[np.intp]) -> "Scored":
        """Some of the items, or the same ones more than once."""
        return Scored(self.right[places], self.seconds[places])

    @property
    def quality(self) -> float:
        """The share of right answers."""
        return float(self.right.mean())

    @property
    def cost(self) -> float:
        """Seconds an answer."""
        return float(self.seconds.mean())


class Interval(Struct, frozen=True):
    """A figure, and between what it lies."""

    value: float
    low: float
    high: float


class Pair(Struct, frozen=True, eq=False):
    """The two models alone, of which a coin can be tossed for each request: the cheapest mixture of them."""

    small: Scored
    large: Scored

    def rows(self, places: NDArray[np.intp]) -> "Pair":
        """Some of the items."""
        return Pair(self.small.rows(places), self.large.rows(places))

    def quality_at(self, cost: float) -> float:
        """What the mixture that costs so much reaches; no more than the better model, whatever it costs."""
        gap = self.large.cost - self.small.cost
        share = (cost - self.small.cost) / gap if gap > 0 else 1.0
        return self.small.quality + min(max(share, 0.0), 1.0) * (self.large.quality - self.small.quality)

    def cost_at(self, quality: float) -> float:
        """What the mixture costs that reaches so much; the large model's cost where none does."""
        gap = self.large.quality - self.small.quality
        share = (quality - self.small.quality) / gap if gap > 0 else 1.0
        return self.small.cost + min(max(share, 0.0), 1.0) * (self.large.cost - self.small.cost)

    def oracle(self) -> Scored:
        """The small model's answer, and the large one's where only that is right: what no judge can better."""
        needed = self.large.right > self.small.right
        seconds = self.small.seconds + np.where(needed, self.large.seconds, 0.0)
        return Scored(np.maximum(self.small.right, self.large.right), seconds)


class Began(Struct, frozen=True):
    """How requests went, as shares of all: begun at the small model, and of those handed on to the large one."""

    small: float
    escalated: float
    large: float


def scored(found: Measured, strategy: str) -> Scored:
    """A strategy's answers, with the seconds that their calls take by the rates of this run."""
    answers, per_money = found.answers[strategy], rates(found)
    seconds = [sum(float(call.amount) * per_money[call.model] for call in one.calls) for one in answers]
    return Scored(np.array([float(one.right) for one in answers]), np.array(seconds))


def rates(found: Measured) -> dict[str, float]:
    """Of each engine: the seconds that it took, for a unit of the money that was charged for its calls."""
    every = [one for answers in found.answers.values() for one in answers]
    return {name: _took(every, name) / _charged(every, name) for name in (SMALL.name, LARGE.name)}


def _took(answers: Sequence[Answer], name: str) -> float:
    return sum(one.spent.engines.get(name, 0.0) for one in answers)


def _charged(answers: Sequence[Answer], name: str) -> float:
    return float(sum(call.amount for one in answers for call in one.calls if call.model == name))


def pair(found: Measured) -> Pair:
    """The two models alone."""
    return Pair(scored(found, ALONE_SMALL), scored(found, ALONE_LARGE))


def cascades(found: Measured) -> dict[str, Scored]:
    """What Kyozon did, by the way it was asked."""
    return {name: scored(found, f"{AUTO} {name}") for name in WAYS}


def began(answers: Sequence[Answer]) -> Began:
    """Count who was asked."""
    paths = [tuple(call.model for call in one.calls) for one in answers]
    small, both = sum(path[0] == SMALL.name for path in paths), sum(path == (SMALL.name, LARGE.name) for path in paths)
    return Began(small / len(paths), both / len(paths), sum(path == (LARGE.name,) for path in paths) / len(paths))


def told_apart(answers: Sequence[Answer], alone: Sequence[Answer]) -> float | None:
    """The chance that of a right and a wrong answer of the small model the right one was judged the better (the AUC).

    None where nothing was judged, or all that was judged was right or wrong.
    """
    was_right = {one.item: one.right for one in alone}
    judged = [(call.good, was_right[one.item]) for one in answers for call in one.calls[:1] if call.good is not None]
    good, bad = ([value for value, right in judged if right is wanted] for wanted in (True, False))
    if not good or not bad:
        return None
    wins = np.subtract.outer(np.array(good), np.array(bad))
    return float(((wins > 0) + 0.5 * (wins == 0)).mean())


def interval(of: Callable[[NDArray[np.intp]], float], number: int) -> Interval:
    """A figure of `number` items, and its interval; `of` gives it for a sample, by the items' places."""
    draw = np.random.default_rng(_SEED)
    samples = [of(draw.integers(0, number, number)) for _ in range(_ROUNDS)]
    low, high = np.quantile(samples, (0.025, 0.975))
    return Interval(of(np.arange(number)), float(low), float(high))


def gain(both: Pair, cascade: Scored) -> Interval:
    """The quality above that of the random mixture which takes as much processor time."""

    def of(places: NDArray[np.intp]) -> float:
        some = cascade.rows(places)
        return some.quality - both.rows(places).quality_at(some.cost)

    return interval(of, len(cascade.right))


def quality(one: Scored) -> Interval:
    """The share of right answers."""
    return interval(lambda places: float(one.right[places].mean()), len(one.right))


def own_seconds(answers: Sequence[Answer]) -> float:
    """Kyozon's own processor time an answer, its database's included."""
    return sum(one.spent.own + one.spent.database for one in answers) / len(answers)


def metrics(found: Measured) -> dict[str, float]:
    """The flat figures. Costs are shares of what the large model alone takes."""
    return dict(_figures(found))


def _figures(found: Measured) -> Iterator[tuple[str, float]]:
    both = pair(found)
    yield "items", len(found.items)
    for name, one in (("small", both.small), ("large", both.large), ("oracle", both.oracle())):
        yield from _of(name, quality(one))
        yield f"{name}.cpu_s", one.cost
        yield f"{name}.cost", one.cost / both.large.cost
    for goal, one in cascades(found).items():
        yield from _of_cascade(found, goal, both, one)
    yield "ledger_difference", sum(float(abs(book.reckoned - book.ledger)) for book in found.books.values())


def _of_cascade(found: Measured, goal: str, both: Pair, one: Scored) -> Iterator[tuple[str, float]]:
    answers = found.answers[f"{AUTO} {goal}"]
    yield from _of(goal, quality(one))
    yield f"{goal}.cpu_s", one.cost
    yield f"{goal}.cost", one.cost / both.large.cost
    yield f"{goal}.mix_cost", both.cost_at(one.quality) / both.large.cost
    gained = gain(both, one)
    yield from ((f"{goal}.gain", gained.value), (f"{goal}.gain_lower", gained.low), (f"{goal}.gain_upper", gained.high))
    paths = began(answers)
    yield from ((f"{goal}.began_small", paths.small), (f"{goal}.escalated", paths.escalated))
    yield f"{goal}.own_cpu_s", own_seconds(answers)
    auc = told_apart(answers, found.answers[ALONE_SMALL])
    if auc is not None:
        yield f"{goal}.verdict_auc", auc


def _of(name: str, found: Interval) -> Iterator[tuple[str, float]]:
    yield f"{name}.quality", found.value
    yield f"{name}.quality_lower", found.low
    yield f"{name}.quality_upper", found.high
