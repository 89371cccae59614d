"""What another goal is worth, estimated from what the router would have logged: all scores but one a request are hidden."""

from collections.abc import Sequence

import numpy as np
from msgspec import Struct

from bench.learning.traffic import Floats, Traffic, expected
from kyozon.domain.quality import Goal, parse_goal
from kyozon.evaluation.off_policy import Evaluated, Logged, evaluated
from kyozon.routing.exploring import others, propensities
from kyozon.routing.option import Ranking

HERE = parse_goal("high")
TARGETS = tuple(map(parse_goal, ("max", "balanced", "economy")))
SHARES = (0.02, 0.05, 0.1)
WAYS = ("ips", "snips", "dr")
FLOOR = 0.8


class Judged(Struct, frozen=True):
    """One share of exploring and one goal, over many logs.

    `truth` is the true difference of the mean score. `errors` and `coverage` (of the 95 % intervals) are of each way to
    estimate the goal's score, `difference` the same of the difference; `concluded` is the share of the logs that the
    product draws a conclusion from, `covered` the coverage of the difference in those, `half` the half width of its
    interval.
    """

    share: float
    goal: str
    truth: float
    errors: dict[str, float]
    coverage: dict[str, float]
    difference: float
    half: float
    tried: float
    effective: float
    concluded: float
    covered: float | None


class _Scene(Struct, frozen=True, eq=False):
    """For each item what may be on record: first the router's choice, then each of the others."""

    courses: tuple[tuple[Logged, ...], ...]
    counts: Floats
    goal_score: float
    here_score: float


def judged(traffic: Traffic, requests: int, logs: int) -> list[Judged]:
    """Every share and goal, over so many logs of so many scored requests."""
    usual = traffic.ranked(HERE)
    found = []
    for goal in TARGETS:
        there = traffic.ranked(goal)
        for share in SHARES:
            scene = _scene(traffic, usual, there, share)
            chance = np.random.default_rng(7)
            results = [_log(scene, share, requests, chance) for _ in range(logs)]
            found.append(_judged(scene, share, goal, results))
    return found


def _scene(traffic: Traffic, usual: Sequence[Ranking], there: Sequence[Ranking], share: float) -> _Scene:
    courses, goal_scores, here_scores = [], [], []
    for place, (ranking, other) in enumerate(zip(usual, there, strict=True)):
        drawn_from = others(ranking, FLOOR, lambda _: True)
        chances = propensities(ranking, drawn_from, share)
        target, scores = other.options[0], traffic.scores[place]
        row = [
            Logged(
                reward=float(scores[traffic.places[option.card.id]]),
                expected=expected(option).quality,
                expected_other=expected(target).quality,
                propensity=chances.get((target.card.id,), 0.0),
                chosen=option.card.id == target.card.id,
                elsewhere=target.card.id != ranking.options[0].card.id,
            )
            for option in (ranking.options[0], *drawn_from)
        ]
        courses.append(tuple(row))
        if row[0].propensity:
            goal_scores.append(float(scores[traffic.places[target.card.id]]))
            here_scores.append(sum(chance * float(scores[traffic.places[name]]) for (name,), chance in chances.items()))
    counts = np.array([len(row) - 1 for row in courses], float)
    return _Scene(tuple(courses), counts, float(np.mean(goal_scores)), float(np.mean(here_scores)))


def _log(scene: _Scene, share: float, requests: int, chance: np.random.Generator) -> Evaluated:
    """One log, drawn as `routing.exploring` draws."""
    items, draws = chance.integers(0, len(scene.courses), requests), chance.random(requests)
    others_ = scene.counts[items]
    explored = (draws < share) & (others_ > 0)
    chosen = np.where(explored, 1 + np.floor(draws / share * others_), 0).astype(int)
    found = evaluated([scene.courses[item][one] for item, one in zip(items.tolist(), chosen.tolist(), strict=True)])
    if found is None:
        raise ValueError("no request is covered")
    return found


def _judged(scene: _Scene, share: float, goal: Goal, results: Sequence[Evaluated]) -> Judged:
    truth = scene.goal_score - scene.here_score
    errors, coverage = {}, {}
    for way in WAYS:
        values = [getattr(one, way) for one in results]
        errors[way] = float(np.sqrt(np.mean([(value.value - scene.goal_score) ** 2 for value in values])))
        coverage[way] = float(np.mean([value.low <= scene.goal_score <= value.high for value in values]))
    sound = [one.difference for one in results if one.lack is None]
    return Judged(
        share=share,
        goal=goal.name,
        truth=truth,
        errors=errors,
        coverage=coverage,
        difference=float(np.sqrt(np.mean([(one.difference.value - truth) ** 2 for one in results]))),
        half=float(np.mean([(one.difference.high - one.difference.low) / 2 for one in results])),
        tried=float(np.mean([one.tried for one in results])),
        effective=float(np.mean([one.effective for one in results])),
        concluded=len(sound) / len(results),
        covered=float(np.mean([one.low <= truth <= one.high for one in sound])) if sound else None,
    )
