"""What another way to choose is worth, against the truth: answers of all models are known, and all but one are hidden."""

import random
from collections.abc import Iterator
from statistics import fmean

import pytest
from msgspec import structs

from kyozon.domain.policy import Exploring
from kyozon.domain.quality import Goal, parse_goal
from kyozon.domain.requests import Needs
from kyozon.evaluation.off_policy import CLIP, Evaluated, Logged, Value, evaluated, possible, requests_needed
from kyozon.routing.exploring import left_to_chance, others, propensities
from kyozon.routing.measured import router
from kyozon.routing.option import Option, Ranking
from tests.samples.answers import Question, questions

FLOOR = 0.5
HIGH, ECONOMY = parse_goal("high"), parse_goal("economy")
Plan = tuple[Question, Ranking, Option]


def plans(goal: Goal) -> list[Plan]:
    """Each question, how it is decided, and what the other goal would choose."""
    needs = Needs("chat", quality=HIGH), Needs("chat", quality=goal)
    return [(one, router(one.options, needs[0]), router(one.options, needs[1]).options[0]) for one in questions()]


def logged(plan: Plan, share: float, chosen: Option) -> Logged:
    """What is on record where `chosen` answered."""
    question, ranking, there = plan
    chances = propensities(ranking, others(ranking, FLOOR, lambda _: True), share)
    name, usual = there.card.id, ranking.options[0].card.id
    return Logged(
        reward=question.scores[chosen.card.id],
        expected=chosen.estimate.quality if chosen.estimate else 0.0,
        expected_other=there.estimate.quality if there.estimate else 0.0,
        propensity=chances.get((name,), 0.0),
        chosen=chosen.card.id == name,
        elsewhere=name != usual,
    )


def every_course(plan: Plan, share: float) -> Iterator[tuple[float, Logged]]:
    """All that chance may do with one question, and how probable it is."""
    _, ranking, _ = plan
    found = others(ranking, FLOOR, lambda _: True)
    for (name,), chance in propensities(ranking, found, share).items():
        chosen = next(option for option in ranking.options if option.card.id == name)
        yield chance, logged(plan, share, chosen)


def drawn(made: list[Plan], share: float, count: int, seed: int) -> list[Logged]:
    """So many requests as the product decides them."""
    chance = random.Random(seed)  # noqa: S311 - tests want the same again
    found = []
    for _ in range(count):
        plan = chance.choice(made)
        ranking, _ = left_to_chance(plan[1], Exploring(share, FLOOR), chance.random(), lambda _: True)
        found.append(logged(plan, share, ranking.options[0]))
    return found


def truth(made: list[Plan]) -> float:
    return fmean(question.scores[there.card.id] for question, _, there in made)


def known(found: Evaluated | None) -> Evaluated:
    assert found is not None
    return found


@pytest.mark.parametrize("share", [0.02, 0.5])
@pytest.mark.parametrize("goal", [ECONOMY, parse_goal("max"), Goal(0.5)])
def test_over_everything_that_chance_may_do_two_of_the_three_are_right(goal: Goal, share: float) -> None:
    made = plans(goal)
    assert any(there is not ranking.options[0] for _, ranking, there in made)
    robust = inverse = 0.0
    for plan in made:
        for chance, one in every_course(plan, share):
            alone = known(evaluated([one]))
            robust += chance * alone.dr.value / len(made)
            inverse += chance * alone.ips.value / len(made)
    assert robust == pytest.approx(truth(made))
    assert inverse == pytest.approx(truth(made))


def test_doubly_robust_is_right_however_wrong_the_expectations_are() -> None:
    made, share = plans(ECONOMY), 0.1
    found = 0.0
    for plan in made:
        for chance, one in every_course(plan, share):
            other = 0.9 if one.elsewhere else 0.1
            wrong = structs.replace(one, expected=other if one.chosen else 0.1, expected_other=other)
            found += chance * known(evaluated([wrong])).dr.value / len(made)
    assert found == pytest.approx(truth(made))


def test_the_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    made = plans(ECONOMY)
    found = [known(evaluated(drawn(made, 0.2, 1500, seed))) for seed in range(60)]
    assert all(one.lack is None for one in found)
    widths = {}
    for name in ("ips", "snips", "dr"):
        intervals = [getattr(one, name) for one in found]
        assert 52 <= sum(one.low <= truth(made) <= one.high for one in intervals) <= 60, name
        widths[name] = fmean(one.high - one.low for one in intervals)
    assert widths["dr"] < widths["ips"]


def test_where_the_other_policy_is_the_same_nothing_is_gained_or_lost() -> None:
    found = known(evaluated(drawn(plans(HIGH), 0.0, 400, 1)))
    assert found.difference == Value(0.0, 0.0, 0.0)
    assert found.dr.value == found.ips.value == found.snips.value == found.logged
    assert (found.lack, found.elsewhere, found.effective) == (None, 0, 400)


def test_without_chance_there_is_nothing_to_say_of_what_was_never_chosen() -> None:
    found = known(evaluated(drawn(plans(ECONOMY), 0.0, 400, 1)))
    assert found.lack == "uncovered"
    assert found.uncovered > 20
    elsewhere = [one for one in drawn(plans(ECONOMY), 0.0, 400, 1) if one.elsewhere]
    assert evaluated(elsewhere) is None
    assert evaluated([]) is None


def test_too_few_requests_or_too_few_that_were_tried_are_said_to_be() -> None:
    assert known(evaluated(drawn(plans(HIGH), 0.1, 29, 1))).lack == "few"
    seldom = known(evaluated(drawn(plans(ECONOMY), 0.01, 1000, 1)))
    assert (seldom.uncovered, seldom.lack) == (0, "untried")
    assert 0 < seldom.tried < 30


def test_weights_are_clipped_openly() -> None:
    rare = Logged(1.0, 0.5, 0.5, propensity=0.0001, chosen=True, elsewhere=True)
    usual = Logged(0.0, 0.5, 0.5, propensity=1.0, chosen=True)
    found = known(evaluated([rare, usual]))
    assert found.clipped == 1
    assert found.ips.value == CLIP / 2
    assert known(evaluated([rare, usual], clip=1e9)).clipped == 0


def bills(seed: int) -> list[Logged]:
    """Of two models the dear one costs ten times as much; to either chance sends some, and a fifteenth is paid of each."""
    chance = random.Random(seed)  # noqa: S311 - tests want the same again
    found = []
    for _ in range(600):
        tried, price = chance.random() < 0.2, chance.uniform(0.5, 1.5)
        expected = 10.0 if tried else 1.0
        found.append(Logged(price * expected / 15, expected, 10.0, propensity=0.2, chosen=tried, elsewhere=True))
    return found


def test_money_is_right_though_a_fifteenth_of_what_was_expected_is_paid() -> None:
    logs = [bills(seed) for seed in range(60)]
    money = [known(evaluated(log, proportional=True)).dr for log in logs]
    plain = [known(evaluated(log)).dr for log in logs]
    assert 52 <= sum(one.low <= 10 / 15 <= one.high for one in money) <= 60
    assert all(one.low > 0 for one in money)
    assert fmean(one.high - one.low for one in money) < fmean(one.high - one.low for one in plain) / 10
    free = [structs.replace(one, expected=0.0, expected_other=0.0) for one in logs[0]]
    assert known(evaluated(free, proportional=True)).dr == known(evaluated(free)).dr


def test_nothing_is_said_that_cannot_be() -> None:
    tried = Logged(1.0, 0.8, 0.9, propensity=0.2, chosen=True, elsewhere=True)
    usual = Logged(0.9, 0.8, 0.9, propensity=0.2, chosen=False, elsewhere=True)
    found = known(evaluated([tried] * 30 + [usual] * 60))
    assert found.dr.value > 1
    said = possible(found, 1.0)
    assert (said.dr.value, said.dr.high, said.ips.high) == (1.0, 1.0, 1.0)
    assert said.logged + said.difference.value == said.logged + said.difference.high == 1.0
    assert 0 <= said.dr.low <= 1
    assert possible(said, 1.0) == said


def test_four_times_the_requests_halve_the_interval() -> None:
    found = known(evaluated(drawn(plans(ECONOMY), 0.2, 2000, 3)))
    half = (found.difference.high - found.difference.low) / 2
    assert requests_needed(found, half / 2) == pytest.approx(8000, abs=1)
