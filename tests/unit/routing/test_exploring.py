"""Which other model is tried, and with what probability."""

from collections import Counter
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from kyozon.domain.cascades import Cascade
from kyozon.domain.decisions import Exploration
from kyozon.domain.language import Text
from kyozon.domain.policy import Exploring
from kyozon.domain.quality import Estimate, Goal
from kyozon.domain.requests import Before, Needs
from kyozon.routing.exploring import choice_of, left_to_chance, may_explore, others, propensities
from kyozon.routing.option import Option, Ranking
from tests.fakes.installation import CHEAP, DEAR, IN_HOUSE, card

BECAUSE = Text("first", "最初")
FOURTH = card("fourth", "boutique", "external", "3")


def option(of: object, quality: float, cost: str | None = "1") -> Option:
    price = None if cost is None else Decimal(cost)
    return Option(of, price, Estimate(quality, quality - 0.1, min(1.0, quality + 0.1)))  # type: ignore[arg-type] # a card


def well(_: object) -> bool:
    return True


OPTIONS = (option(CHEAP, 0.8), option(DEAR, 0.9, "9"), option(IN_HOUSE, 0.85), option(FOURTH, 0.5))
RANKING = Ranking(OPTIONS, BECAUSE)


def test_others_are_good_enough_healthy_priced_and_no_demos() -> None:
    assert [one.card.id for one in others(RANKING, 0.8, well)] == ["dear", "in-house"]
    assert [one.card.id for one in others(RANKING, 0.5, well)] == ["dear", "in-house", "fourth"]
    assert [one.card.id for one in others(RANKING, 0.8, lambda found: found.id != "dear")] == ["in-house"]
    unpriced = (*OPTIONS[:2], option(IN_HOUSE, 0.85, None))
    assert [one.card.id for one in others(Ranking(unpriced, BECAUSE), 0.8, well)] == ["dear"]
    demo = (*OPTIONS[:2], option(structs.replace(IN_HOUSE, demo=True), 0.85))
    assert [one.card.id for one in others(Ranking(demo, BECAUSE), 0.8, well)] == ["dear"]
    unknown = (*OPTIONS[:2], Option(IN_HOUSE, Decimal(1)))
    assert [one.card.id for one in others(Ranking(unknown, BECAUSE), 0.8, well)] == ["dear"]


def test_a_model_at_two_providers_is_one_model() -> None:
    twins = (OPTIONS[0], option(DEAR, 0.9), option(structs.replace(DEAR, provider="local"), 0.9), OPTIONS[2])
    assert [one.card.place for one in others(Ranking(twins, BECAUSE), 0.8, well)] == [DEAR.place, IN_HOUSE.place]
    assert others(Ranking((OPTIONS[0], option(structs.replace(CHEAP, provider="local"), 0.8)), BECAUSE), 0.8, well) == ()


@pytest.mark.parametrize("goal", [Goal(1.0, "max"), Goal(1.0), None])
def test_the_best_is_not_left_to_chance(goal: Goal | None) -> None:
    assert may_explore(Goal(0.95, "high"), Needs("chat"))
    assert not may_explore(goal, Needs("chat"))


def test_a_conversation_may_be_but_not_the_results_of_tools() -> None:
    assert may_explore(Goal(0.9), Needs("chat", before=Before("bargain", "cheap", 100)))
    assert not may_explore(Goal(0.9), Needs("chat", before=Before("bargain", "cheap", loop=True)))


@given(share=st.floats(0.001, 1), draw=st.floats(0, 1, exclude_max=True))
def test_what_is_recorded_is_the_probability_of_what_was_done(share: float, draw: float) -> None:
    found, drawn = left_to_chance(RANKING, Exploring(share), draw, well)
    assert drawn is not None
    chances = propensities(RANKING, others(RANKING, 0.8, well), share)
    first = found.options[0].card.id
    assert drawn.propensity == chances[(first,)]
    assert drawn.explored is (first != "cheap") is (draw < share)
    assert sum(chances.values()) == pytest.approx(1)
    assert sorted(one.card.id for one in found.options) == sorted(one.card.id for one in OPTIONS)


def test_over_all_draws_each_other_model_is_as_likely() -> None:
    count, rule = 10_000, Exploring(0.3)
    firsts = Counter(left_to_chance(RANKING, rule, step / count, well)[0].options[0].card.id for step in range(count))
    assert firsts == {"cheap": 7000, "dear": 1500, "in-house": 1500}


def test_the_rest_keeps_its_order_and_the_reason_says_that_it_was_drawn() -> None:
    found, drawn = left_to_chance(RANKING, Exploring(0.5), 0.4, well)
    assert drawn is not None
    assert [one.card.id for one in found.options] == ["in-house", "cheap", "dear", "fourth"]
    assert "drawn by chance in the place of cheap" in found.reason.en
    assert "抽選" in found.reason.ja
    kept, _ = left_to_chance(RANKING, Exploring(0.5), 0.6, well)
    assert kept is RANKING


def test_who_would_not_answer_alone_may_be_drawn_to() -> None:
    plan = Cascade("cheap", "dear", None, 0.9, Decimal(3), 0.1)
    together = structs.replace(RANKING, cascade=plan)
    assert choice_of(together) == ("cheap", "dear", "")
    assert [one.card.id for one in others(together, 0.8, well)] == ["cheap", "dear", "in-house"]
    assert propensities(together, others(together, 0.8, well), 0.3)[("cheap",)] == pytest.approx(0.1)
    found, drawn = left_to_chance(together, Exploring(0.3), 0.0, well)
    assert drawn == Exploration(0.3 / 3, 0.0, explored=True, instead=("cheap", "dear", ""))
    assert (choice_of(found), found.options) == (("cheap",), OPTIONS)
    assert "answer alone" in found.reason.en
    assert left_to_chance(together, Exploring(0.3), 0.5, well)[0].cascade == plan


def test_where_no_other_is_good_enough_nothing_is_drawn() -> None:
    assert left_to_chance(RANKING, Exploring(1.0, floor=1.0), 0.0, lambda found: found.id != "dear") == (RANKING, None)
    assert left_to_chance(RANKING, Exploring(0.0), 0.0, well) == (RANKING, None)
