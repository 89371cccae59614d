"""What learning from judgements is worth: one's own use is a benchmark never seen, some models are known by cards alone.

Requests are drawn with replacement from questions of one fold, answered by whom the router chooses or chance draws, and
some of the answers are judged; what was learnt goes live, and the next round begins. Each version is tried on the questions
of another fold. Every model's score on every question is recorded.
"""

import math
from collections.abc import Sequence
from decimal import Decimal

import numpy as np
from msgspec import Struct

from bench.learning.newcomers import OWN, TEST, Floats, Item, Newcomers
from bench.report import Table
from bench.routing.pools import SEVEN
from kyozon.domain.quality import Goal, parse_goal
from kyozon.domain.requests import Needs
from kyozon.metering.estimate import text_tokens
from kyozon.routing import measured
from kyozon.routing.estimating.facts import plain_name
from kyozon.routing.estimating.judgements import Judgement
from kyozon.routing.estimating.learning import learnt
from kyozon.routing.estimating.quality_model import QualityModel
from kyozon.routing.estimating.seeing import Seen
from kyozon.routing.exploring import others
from kyozon.routing.option import Option, Ranking

POOL = tuple(map(plain_name, SEVEN))
REQUESTS, ROUNDS, QUICK_ROUNDS = 10_000, 4, 1
EXPLORE, FLOOR = 0.05, 0.5
JUDGED, WRONG = 0.2, 0.1
DRAWS, QUICK_DRAWS = 3, 1
TARGETS = (0.9, 0.95, 0.99)
GOALS = (0.0, 0.2, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.93, 0.95, 0.97, 0.99, 1.0)
LIVE = parse_goal("balanced")
HALF = 0.5
NOTE = (
    "New models and lessons: the fit learns from three fifths of the questions, lessons are drawn from another fifth, and "
    "the last fifth judges. A lesson moves models, everywhere and by domain; which prompt is hard it does not say. So "
    "recorded results of the same benchmark remain worth far more than judgements. Where a pool is well known from such "
    "results already, lessons change little."
)


class Reached(Struct, frozen=True):
    """Of unseen questions: the error of what is expected of models against each other, and what each of `TARGETS` costs.

    The error is the mean absolute one of mean scores, less what all models have in common. Targets and costs are shares of
    those of the best single model; a cost is that of the cheapest mixture of two goals, infinite where none reaches it.
    """

    error: float
    cost: tuple[float, ...]


class Round(Struct, frozen=True):
    """What is reached after so many rounds, in which `judged` answers were judged: means and standard deviations."""

    number: int
    picky: bool
    judged: float
    after: Reached
    spread: Reached


class Found(Struct, frozen=True):
    """What is reached before, after each round, and by a model that knows all of the pool by results of this benchmark."""

    before: Reached
    rounds: tuple[Round, ...]
    informed: Reached


class _Side(Struct, frozen=True, eq=False):
    """The questions of a fold as a model sees them: n by m scores and costs, and the prompts' tokens."""

    items: tuple[Item, ...]
    seen: tuple[Seen, ...]
    scores: Floats
    costs: Floats
    tokens: Floats


class _Course:
    """The pool on the questions of two folds, as a model sees them before any lesson: a lesson does not change that."""

    def __init__(self, newcomers: Newcomers, model: QualityModel) -> None:
        self.model, self.cards = model, {name: newcomers.card(name) for name in POOL}
        rates = [newcomers.rates[name] for name in POOL]
        self._into, self._out = (
            np.array(each) / 1e6 for each in zip(*((one.input, one.output) for one in rates), strict=True)
        )
        self.own, self.test = (self._side(newcomers.of(fold, *POOL)) for fold in (OWN, TEST))

    def _side(self, items: Sequence[Item]) -> _Side:
        scores = np.array([[item.results[name][0] for name in POOL] for item in items])
        lengths = np.array([[item.results[name][1] or np.nan for name in POOL] for item in items], dtype=float)
        lengths = np.where(np.isnan(lengths), np.nanmean(lengths, axis=0), lengths)
        tokens = np.array([float(text_tokens(item.text)) for item in items])
        seen = tuple(self.model.look(item.text) for item in items)
        return _Side(tuple(items), seen, scores, tokens[:, None] * self._into + lengths * self._out, tokens)

    def options(self, model: QualityModel, side: _Side) -> list[tuple[Option, ...]]:
        """What the router weighs."""
        found = []
        for seen, tokens in zip(side.seen, side.tokens.tolist(), strict=True):
            estimates = [model.estimate(seen, card) for card in self.cards.values()]
            lengths = np.array([float(one.output_tokens or 0) for one in estimates])
            prices = (tokens * self._into + lengths * self._out).tolist()
            told = zip(self.cards.values(), prices, estimates, strict=True)
            found.append(tuple(Option(card, Decimal(f"{price:.9f}"), one) for card, price, one in told))
        return found

    def reached(self, model: QualityModel) -> Reached:
        """Try a version on unseen questions."""
        options, scores, costs = self.options(model, self.test), self.test.scores, self.test.costs
        off = np.array([[_quality(one) for one in each] for each in options]).mean(axis=0) - scores.mean(axis=0)
        best, rows = int(scores.mean(axis=0).argmax()), np.arange(len(scores))
        most, top = float(costs[:, best].sum()), float(scores[:, best].mean())
        points = []
        for goal in GOALS:
            picks = np.array([_place(_ranking(each, Goal(goal))) for each in options])
            points.append((float(costs[rows, picks].sum()) / most, float(scores[rows, picks].mean()) / top))
        return Reached(float(np.abs(off - off.mean()).mean()), tuple(_cost_at(points, target) for target in TARGETS))

    def judgements(self, model: QualityModel, chance: np.random.Generator, *, picky: bool) -> list[Judgement]:
        """What people say of answers. With `picky`, who is not content answers twice as often as who is."""
        found = []
        rankings = [_ranking(each, LIVE) for each in self.options(model, self.own)]
        for place in chance.integers(len(rankings), size=REQUESTS).tolist():
            option, probability, drawn = _answering(rankings[place], chance)
            score = float(self.own.scores[place, POOL.index(option.card.id)])
            answers = JUDGED * ((4 if score < HALF else 2) / 3) if picky else JUDGED
            if chance.random() > answers:
                continue
            said = 1 - score if chance.random() < WRONG else score
            domain = model.contents.domains[int(self.own.seen[place].domains.argmax())]
            odds = math.log(_quality(option) / (1 - _quality(option)))
            found.append(Judgement(option.card.id, domain, odds, said, 1.0, probability, drawn, frozenset()))
        return found


def taught(newcomers: Newcomers, *, quick: bool = False) -> Found:
    """Before, after each round, and with all results."""
    course = _Course(newcomers, newcomers.abroad)
    rounds = [one for picky in (False, True) for one in _rounds(course, picky=picky, quick=quick)]
    informed = _Course(newcomers, newcomers.informed)
    return Found(course.reached(course.model), tuple(rounds), informed.reached(informed.model))


def metrics(found: Found) -> dict[str, float]:
    """The figures by name."""
    named = {"before": found.before, "informed": found.informed}
    named |= {f"round_{one.number}{'_picky' if one.picky else ''}": one.after for one in found.rounds}
    flat: dict[str, float] = {}
    for name, reached in named.items():
        flat[f"learn.{name}.error"] = reached.error
        pairs = zip(TARGETS, reached.cost, strict=True)
        flat |= {f"learn.{name}.cost_at_{100 * target:.0f}": cost for target, cost in pairs}
    return flat


def table(found: Found) -> Table:
    """The table of the page."""
    rows = [("nothing", "–", *_cells(found.before))]
    for one in found.rounds:
        told = f"{one.number * REQUESTS:,} requests" + (", the discontent judging twice as often" if one.picky else "")
        rows.append((told, f"{one.judged:,.0f}", *_cells(one.after, one.spread)))
    rows.append(("results of all seven on other questions of it", "–", *_cells(found.informed)))
    return Table(
        title="Learning from judgements: seven models, three of them by their cards, on a benchmark never seen (MMLU-Pro)",
        columns=("learnt from", "judged", "error", *(f"cost at {target:.0%}" for target in TARGETS)),
        align="lrr" + "r" * len(TARGETS),
        rows=tuple(rows),
        note=(
            "The cost of so much of GPT-4o's quality, as a share of its cost, and the error of what is expected of models "
            "against each other, on questions never judged. The router works at `balanced`, with `explore` "
            f"{EXPLORE:g} and `explore_floor` {FLOOR:g}; {JUDGED:.0%} of the answers are judged, {WRONG:.0%} of the "
            f"judgements are wrong; every {REQUESTS:,} requests it learns, and that goes live. Mean and standard deviation "
            f"of {DRAWS} runs."
        ),
    )


def _rounds(course: _Course, *, picky: bool, quick: bool) -> list[Round]:
    """The same rounds several times: what is reached after each, on the mean."""
    draws, number = (QUICK_DRAWS, QUICK_ROUNDS) if quick else (DRAWS, ROUNDS)
    reached = [_one(course, (draw, number), picky=picky) for draw in range(draws)]
    found = []
    for place in range(number):
        rows = np.array([(run[place][0], run[place][1].error, *run[place][1].cost) for run in reached])
        (judged, *mean), (_, *spread) = rows.mean(axis=0).tolist(), rows.std(axis=0).tolist()
        after, around = (Reached(each[0], tuple(each[1:])) for each in (mean, spread))
        found.append(Round(place + 1, picky, judged, after, around))
    return found


def _one(course: _Course, size: tuple[int, int], *, picky: bool) -> list[tuple[int, Reached]]:
    """One run: how many answers were judged so far, and what is reached, after each round."""
    draw, number = size
    chance, model, judged, found = np.random.default_rng([draw, picky]), course.model, 0, []
    for _ in range(number):
        judgements = course.judgements(model, chance, picky=picky)
        model, judged = learnt(model, course.cards, judgements).model, judged + len(judgements)
        found.append((judged, course.reached(model)))
    return found


def _answering(ranking: Ranking, chance: np.random.Generator) -> tuple[Option, float, bool]:
    """Who answers, how probable that was, and whether chance has chosen, as the product explores."""
    may = others(ranking, FLOOR, lambda _: True)
    if may and chance.random() < EXPLORE:
        return may[int(chance.integers(len(may)))], EXPLORE / len(may), True
    return ranking.options[0], 1 - EXPLORE if may else 1.0, False


def _cells(reached: Reached, spread: Reached | None = None) -> tuple[str, ...]:
    if spread is None:
        return f"{reached.error:.3f}", *(f"{share:.1%}" for share in reached.cost)
    shares = zip(reached.cost, spread.cost, strict=True)
    return f"{reached.error:.3f} ± {spread.error:.3f}", *(f"{share:.1%} ± {100 * by:.1f}" for share, by in shares)


def _cost_at(points: Sequence[tuple[float, float]], target: float) -> float:
    """The cheapest mixture of two points (cost, quality) that reaches the target."""
    enough = [cost for cost, quality in points if quality >= target]
    mixed = [
        low + (high - low) * (target - less) / (more - less)
        for low, less in points
        for high, more in points
        if less < target <= more
    ]
    return min([*enough, *mixed], default=math.inf)


def _ranking(options: tuple[Option, ...], goal: Goal) -> Ranking:
    return measured.router(options, Needs("chat", quality=goal))


def _place(ranking: Ranking) -> int:
    return POOL.index(ranking.options[0].card.id)


def _quality(option: Option) -> float:
    return 0.5 if option.estimate is None else min(max(option.estimate.quality, 0.01), 0.99)
