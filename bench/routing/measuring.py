"""Everybody in every task."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from multiprocessing import get_context

import numpy as np
from msgspec import Struct, structs
from threadpoolctl import threadpool_limits

from bench.routing.answers import CASCADES
from bench.routing.ceilings import Ceiling, ceiling
from bench.routing.entrants import After, Entrant, before
from bench.routing.findings import Ground, Judged, ground
from bench.routing.metrics import curve
from bench.routing.pools import CURVE, NEW, SAMPLED, TASKS, Task
from bench.routing.product import product
from bench.routing.recordings import Price
from bench.routing.rules import Exchange, Threshold
from bench.routing.simple import METHODS, Regression
from bench.routing.study import best_single, judge
from bench.routing.world import Case, World

_DRAWN = 20
Say = Callable[[str], None]


class Measured(Struct, frozen=True, eq=False):
    """By task: what it offers, a random router's APGR where there is a pair, its ceiling, and how everybody did.

    `held_out`: judged on a folder of its own. `missing` are tasks for which the folders have no items.
    """

    grounds: Mapping[str, Ground]
    randoms: Mapping[str, float]
    judged: tuple[Judged, ...]
    held_out: bool
    missing: tuple[str, ...]
    ceilings: Mapping[str, Ceiling] = {}

    def of(self, task: str, entrant: str) -> Judged | None:
        """How this one did there."""
        return next((one for one in self.judged if one.task.name == task and one.entrant == entrant), None)


def measure(world: World, tasks: Sequence[Task], say: Say) -> Measured:
    """Have everybody judged, one after the other; `say` is told what is going on."""
    done = Measured({}, {}, (), world.held_out is not None, ())
    for task in tasks:
        if not task.held_out_only or world.held_out is not None:
            done = merged((done, _measured(world, task, say)))
    return done


def measure_apart(world: World, tasks: Sequence[Task], say: Say, jobs: int) -> Measured:
    """The same by several processes at once; tasks that share their fits stay together."""
    groups: dict[tuple[object, ...], list[Task]] = {}
    for task in tasks:
        groups.setdefault((task.kind == "cascade", task.learn, task.name if task in SAMPLED else ""), []).append(task)
    with ProcessPoolExecutor(jobs, get_context("spawn"), initializer=threadpool_limits, initargs=(1,)) as pool:
        found = merged(list(pool.map(measure, repeat(world), groups.values(), repeat(say))))
    order = [task.name for task in tasks]
    return structs.replace(found, judged=tuple(sorted(found.judged, key=lambda one: order.index(one.task.name))))


def merged(parts: Sequence[Measured]) -> Measured:
    """Several as one."""
    return Measured(
        grounds={name: ground for part in parts for name, ground in part.grounds.items()},
        randoms={name: apgr for part in parts for name, apgr in part.randoms.items()},
        judged=tuple(one for part in parts for one in part.judged),
        held_out=any(part.held_out for part in parts),
        missing=tuple(name for part in parts for name in part.missing),
        ceilings={name: top for part in parts for name, top in part.ceilings.items()},
    )


def _measured(world: World, task: Task, say: Say) -> Measured:
    known, test = world.case(task), world.test(task)
    asked = test if world.held_out is not None else known
    if known is None or asked is None:
        return Measured({}, {}, (), world.held_out is not None, (task.name,))
    best = best_single(known)
    offered = ground(task, asked, best)
    randoms = {} if offered.oracle_curve is None else {task.name: _random(asked)}
    tables = [table for one in (world.learn, world.held_out) if one is not None for table in one.tables]
    top = ceiling(task, asked, best, tables) if task.learn == "folds" and task.kind != "cascade" else None
    judged = []
    for entrant in entrants(task, world.learn.prices):
        if entrant.vectors and not (known.embedded and asked.embedded):
            continue
        say(f"{task.title}: {entrant.name}")
        found = judge(world, task, entrant)
        if found is not None:
            say("    " + _short(found))
            judged.append(found)
    tops = {} if top is None else {task.name: top}
    return Measured({task.name: offered}, randoms, tuple(judged), world.held_out is not None, (), tops)


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
