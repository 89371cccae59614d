"""What is found out about a task and about those who took part in it."""

from collections.abc import Mapping, Sequence

import numpy as np
from msgspec import Struct

from bench.routing.metrics import Curve, Outcome, curve, mix, oracle
from bench.routing.pools import TARGETS, Task
from bench.routing.recordings import Item
from bench.routing.world import Case

FEW = 20
"""A category with fewer items says nothing."""


class Ground(Struct, frozen=True, eq=False):
    """What a task offers without any router, as shares of the best model's cost and quality.

    `mix` (the cheapest random mixture) and `oracle` (the choice of one who knows every score) are by target; `singles` are
    the models: name, quality ratio, cost share.
    """

    task: Task
    items: int
    mix: Mapping[float, float]
    oracle: Mapping[float, float]
    singles: tuple[tuple[str, float, float], ...]
    oracle_curve: Curve | None

    def mix_at(self, quality_ratio: float) -> float:
        """Share of cost of the cheapest random mixture that is as good as this."""
        quality = np.array([ratio for _, ratio, _ in self.singles])
        return mix(quality, np.array([share for _, _, share in self.singles]), quality_ratio)


class Group(Struct, frozen=True):
    """Some of the items: quality ratio and cost share there."""

    name: str
    items: int
    quality: float
    cost: float


class At(Struct, frozen=True, eq=False):
    """What came of the setting that was fixed beforehand for a target, and the 95 % interval of the quality ratio.

    `on_curve` is the least cost share at which the test's own curve reaches the target, as hindsight would choose it
    (`None`: nowhere). `categories` and `languages` are of the same choice.
    """

    outcome: Outcome
    bounds: tuple[float, float]
    on_curve: float | None
    categories: tuple[Group, ...]
    languages: tuple[Group, ...]


class Judged(Struct, frozen=True, eq=False):
    """How an entrant did in a task.

    `curves` has one for each seed, or none where the pool has no order; of several there is no `interval`. `frontier`
    holds the cost share and quality ratio of every setting, `cpu_ms` the processor time of one decision, its prompt's
    vector included.
    """

    task: Task
    entrant: str
    items: int
    curves: tuple[Curve, ...]
    interval: tuple[float, float] | None
    at: Mapping[float, At]
    frontier: tuple[tuple[float, float], ...]
    cpu_ms: float

    @property
    def apgr(self) -> float:
        """Mean of the curves'."""
        return float(np.mean([one.apgr for one in self.curves]))

    def cpt(self, gain: float) -> float:
        """Mean of the curves'."""
        return float(np.mean([one.cpt(gain) for one in self.curves]))


def ground(task: Task, case: Case, best: int) -> Ground:
    """The zero line and the loose ceiling, with the test's own scores; `best` is the column of the best single model."""
    scores, cost = case.table.scores, case.cost
    quality, price = scores.mean(axis=0), cost.mean(axis=0)
    wanted = {target: target * quality[best] for target in TARGETS}
    weak, strong = scores[:, -2], scores[:, -1]
    return Ground(
        task=task,
        items=len(scores),
        mix={target: mix(quality, price, value) / float(price[best]) for target, value in wanted.items()},
        oracle={target: oracle(scores, cost, value) / float(price[best]) for target, value in wanted.items()},
        singles=tuple(
            (model, float(quality[place] / quality[best]), float(price[place] / price[best]))
            for place, model in enumerate(task.pool)
        ),
        oracle_curve=curve(strong - weak, weak, strong) if task.kind != "many" and gap(case) else None,
    )


def gap(case: Case) -> bool:
    """Whether the last two of the pool differ, so that there is something to recover."""
    weak, strong = case.table.scores[:, -2:].mean(axis=0)
    return bool(weak != strong)


def at(outcome: Outcome, items: Sequence[Item], frontier: Sequence[tuple[float, float]], target: float) -> At:
    """Of what came of a choice."""
    reached = [cost for cost, quality in frontier if quality >= target]
    return At(
        outcome=outcome,
        bounds=outcome.bounds(),
        on_curve=min(reached) if reached else None,
        categories=groups(outcome, [item.category for item in items]),
        languages=groups(outcome, [item.language for item in items]),
    )


def groups(outcome: Outcome, names: Sequence[str]) -> tuple[Group, ...]:
    """By name, the worst first; those with few items are left out."""
    labels = np.array(names)
    found = []
    for name in np.unique(labels):
        some = outcome.rows(np.asarray(labels == name))
        if len(some.quality) >= FEW and some.best_quality.sum() > 0:
            found.append(Group(str(name), len(some.quality), some.quality_ratio, some.cost_share))
    return tuple(sorted(found, key=lambda group: group.quality))
