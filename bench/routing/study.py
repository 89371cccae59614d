"""One entrant in one task: learnt without the test, its setting fixed without the test, judged on the test.

Without a held-out folder each part (a fold, or a whole benchmark) is the test in turn. What is expected of it comes from
a fit that has not seen it; the setting used on it is the cheapest that reaches the target on the other parts, each of them
judged by the fit that has not seen it either. With a held-out folder the setting is fixed in the same way on all parts of
the other folder, and the fit that is judged has seen all of that. For a benchmark never seen, the other parts are the other
benchmarks, all together: of a few dozen items each, one by itself would say more of luck than of the setting.
"""

from collections.abc import Sequence

import numpy as np
from msgspec import Struct
from scipy.stats import rankdata

from bench.routing.entrants import Entrant, Ready, milliseconds
from bench.routing.findings import At, Judged, at, gap
from bench.routing.methods import Opened
from bench.routing.metrics import Curve, Outcome, apgr_bounds, curve, joined
from bench.routing.pools import SEEDS, TARGETS, Task
from bench.routing.recordings import Item
from bench.routing.rules import Chosen, outcome, settle
from bench.routing.world import Case, World

CORE_HOUR = 0.05
"""USD for an hour of one core, by which the router's own time is charged: what clouds ask for a virtual one."""
_MS_OF_HOUR = 3_600_000


class Heat(Struct, frozen=True, eq=False):
    """Requests, opened by a fit that has not seen them."""

    case: Case
    ready: Ready
    opened: Opened


class Tried(Struct, frozen=True, eq=False):
    """What came of each setting in each of several heats."""

    heats: Sequence[Heat]
    outcomes: Sequence[Sequence[Outcome]]

    @property
    def items(self) -> list[Item]:
        """Those of all heats."""
        return [item for heat in self.heats for item in heat.case.table.items]

    def together(self, setting: int, but: int | None = None) -> Outcome:
        """Of all heats but one."""
        return joined([found[setting] for place, found in enumerate(self.outcomes) if place != but])


class Study:
    """One entrant in one task."""

    def __init__(self, world: World, task: Task, entrant: Entrant, known: Case, test: Case | None) -> None:
        """`known` are the items of the folder to learn from, `test` those that are held out, where there are some."""
        self._world, self._task, self._entrant = world, task, entrant
        self._known, self._test = known, test
        self._best = best_single(known)

    def judge(self) -> Judged:
        """Learn, fix the settings, and see."""
        fixed = self._task.learn in ("folds", "unseen")
        development = self._parts() if fixed or self._test is None else []
        tests = development if self._test is None else self._held_out(self._test)
        overhead_ms = self._cpu_ms(tests[0])
        found, frontier = {}, []
        if fixed:
            settings = self._entrant.settings([heat.opened for heat in development])
            before = self._tried(development, settings, overhead_ms)
            after = before if self._test is None else self._tried(tests, settings, overhead_ms)
            frontier = [_point(after.together(place)) for place in range(len(settings))]
            found = {target: self._at(before, after, target, frontier) for target in TARGETS}
        pair = self._task.kind != "many" and all(gap(heat.case) for heat in tests)
        return Judged(
            task=self._task,
            entrant=self._entrant.name,
            items=len({item.id for heat in tests for item in heat.case.table.items}),
            curves=self._curves(tests) if pair else (),
            interval=apgr_bounds(*_results(tests))
            if pair and (self._task.learn != "sample" or self._test is None)
            else None,
            at=found,
            frontier=tuple(sorted(frontier)),
            cpu_ms=overhead_ms,
        )

    def _parts(self) -> list[Heat]:
        heats = []
        for seed, part in enumerate(self._known.parts):
            ready = self._entrant.learn(self._world.training(self._task, part, seed))
            case = self._known.rows(self._known.part(part))
            heats.append(Heat(case, ready, ready(case)))
        return heats

    def _held_out(self, test: Case) -> list[Heat]:
        seeds = SEEDS if self._task.learn == "sample" else 1
        fits = [self._entrant.learn(self._world.training(self._task, -1, seed)) for seed in range(seeds)]
        return [Heat(test, ready, ready(test)) for ready in fits]

    def _cpu_ms(self, heat: Heat) -> float:
        own = milliseconds(heat.ready, heat.case)
        return own + (self._world.vectors.cpu_ms if self._entrant.vectors else 0.0)

    def _tried(self, heats: Sequence[Heat], settings: Sequence[float], overhead_ms: float) -> Tried:
        return Tried(heats, [[self._outcome(heat, setting, overhead_ms) for setting in settings] for heat in heats])

    def _outcome(self, heat: Heat, setting: float, overhead_ms: float) -> Outcome:
        followed = heat.opened.follow(setting)
        chosen = Chosen(followed.choice, followed.paid)
        charge = overhead_ms / _MS_OF_HOUR * CORE_HOUR
        return outcome(chosen, heat.case.table.scores, heat.case.cost, self._best, charge)

    def _at(self, before: Tried, after: Tried, target: float, frontier: Sequence[tuple[float, float]]) -> At:
        made = []
        for place, heat in enumerate(after.heats):
            own = place if after is before else None
            setting = settle([before.together(setting, own) for setting in range(len(frontier))], target)
            made.append(self._always(heat) if setting is None else after.outcomes[place][setting])
        return at(joined(made), after.items, frontier, target)

    def _always(self, heat: Heat) -> Outcome:
        scores, cost = heat.case.table.scores[:, self._best], heat.case.cost[:, self._best]
        return Outcome(scores, cost, scores, cost)

    def _curves(self, heats: Sequence[Heat]) -> tuple[Curve, ...]:
        """One for all parts together; for samples one for each seed."""
        if self._task.learn == "sample":
            return tuple(curve(*_results([heat])) for heat in heats)
        return (curve(*_results(heats)),)


def best_single(case: Case) -> int:
    """The column of the best model; the cheaper of equals."""
    quality, price = case.table.scores.mean(axis=0), case.cost.mean(axis=0)
    return int(np.lexsort((price, -quality))[0])


def judge(world: World, task: Task, entrant: Entrant) -> Judged | None:
    """How an entrant does in a task; `None` where there are no items for it."""
    known, test = world.case(task), world.test(task)
    if known is None or (world.held_out is not None and test is None):
        return None
    return Study(world, task, entrant, known, test).judge()


def _results(heats: Sequence[Heat]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Need, as a rank among the requests of the same fit, and the scores of the weak and of the strong model.

    The scales of several fits are not one: where a part is harder by chance the fit that has not seen it expects it easier.
    """
    scores = np.concatenate([heat.case.table.scores for heat in heats])
    ranks = [(rankdata(heat.opened.need) - 0.5) / len(heat.opened.need) for heat in heats]
    return np.concatenate(ranks), scores[:, -2], scores[:, -1]


def _point(found: Outcome) -> tuple[float, float]:
    return found.cost_share, found.quality_ratio
