"""Everybody in every task."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from msgspec import Struct

from bench.routing.answers import CASCADES
from bench.routing.entrants import After, Entrant, before
from bench.routing.findings import Ground, Judged, ground
from bench.routing.metrics import curve
from bench.routing.pools import CURVE, NEW, TASKS, Task
from bench.routing.product import product
from bench.routing.recordings import Price
from bench.routing.rules import Exchange, Threshold
from bench.routing.simple import METHODS, Regression
from bench.routing.study import best_single, judge
from bench.routing.world import Case, World

_DRAWN = 20


class Measured(Struct, frozen=True, eq=False):
    """By task: what it offers, a random router's APGR where there is a pair, and how everybody did.

    `held_out`: judged on a folder of its own. `missing` are tasks for which the folders have no items.
    """

    grounds: Mapping[str, Ground]
    randoms: Mapping[str, float]
    judged: tuple[Judged, ...]
    held_out: bool
    missing: tuple[str, ...]

    def of(self, task: str, entrant: str) -> Judged | None:
        """How this one did there."""
        return next((one for one in self.judged if one.task.name == task and one.entrant == entrant), None)


def measure(world: World, tasks: Sequence[Task], say: Callable[[str], None]) -> Measured:
    """Have everybody judged, one after the other; `say` is told what is going on."""
    grounds, randoms, judged, missing = {}, {}, [], []
    for task in tasks:
        if task.held_out_only and world.held_out is None:
            continue
        known, test = world.case(task), world.test(task)
        asked = test if world.held_out is not None else known
        if known is None or asked is None:
            missing.append(task.name)
            continue
        grounds[task.name] = ground(task, asked, best_single(known))
        if grounds[task.name].oracle_curve is not None:
            randoms[task.name] = _random(asked)
        for entrant in entrants(task, world.learn.prices):
            if entrant.vectors and not (known.embedded and asked.embedded):
                continue
            say(f"{task.title}: {entrant.name}")
            found = judge(world, task, entrant)
            if found is not None:
                say("    " + _short(found))
                judged.append(found)
    return Measured(grounds, randoms, tuple(judged), world.held_out is not None, tuple(missing))


def _random(case: Case) -> float:
    scores, rng = case.table.scores, np.random.default_rng(0)
    drawn = [curve(rng.random(len(scores)), scores[:, -2], scores[:, -1]).apgr for _ in range(_DRAWN)]
    return float(np.mean(drawn))


def _short(found: Judged) -> str:
    shown = [f"APGR {found.apgr:.3f}"] if found.curves else []
    for target, at in found.at.items():
        shown.append(f"{target:.0%}: {at.outcome.quality_ratio:.1%} at {at.outcome.cost_share:.1%}")
    return ", ".join(shown)


def entrants(task: Task, prices: Mapping[str, Price]) -> list[Entrant]:
    """Who takes part in a task: simple ways, and the product's own."""
    ours = product(task, prices)
    if task in CURVE:
        return [before(Regression(vectors=False), Threshold()), *ours[:1]]
    if task.kind == "cascade":
        return [*(After(one, one.name, one.vectors, task, prices) for one in CASCADES), *ours]
    if task.kind == "many":
        return [*(before(one, Exchange()) for one in METHODS if one.name != "prompt length"), *ours]
    return [*(before(one, Threshold()) for one in METHODS), *ours]


ALL = (*TASKS, *NEW, *CURVE)
