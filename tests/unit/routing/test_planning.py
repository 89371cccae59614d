"""Whether a request begins at a cheap model: where that is worth more than any single model, and never beyond the goal."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from kyozon.domain.cascades import Cascade, Foresight
from kyozon.domain.models import ModelCard
from kyozon.domain.quality import Estimate, Goal
from kyozon.domain.requests import Before, Needs
from kyozon.routing import measured
from kyozon.routing.option import Option
from kyozon.routing.planned import planned, still
from kyozon.routing.planning import Chance, before, family, plan

_LOOK = Foresight(1.25, 0.1)
_NEEDS = Needs("chat", judgeable=1000, foresight=_LOOK)
_SHARES = st.floats(0.02, 0.98)


def option(name: str, cost: float | None, quality: float, *, tokens: int | None = 100, support: float = 1.0) -> Option:
    estimate = Estimate(quality, max(0.0, quality - 0.02), min(1.0, quality + 0.02), tokens, support)
    return Option(ModelCard(name, "vendor", name, "host"), None if cost is None else Decimal(str(cost)), estimate)


def chance(name: str, cost: float, quality: float, support: float = 1.0) -> Chance:
    return Chance(option(name, cost, quality), quality, support)


SMALL, LARGE, OTHER = option("small-1", 0.1, 0.8), option("large-1", 1.0, 0.9), option("tiny-1", 0.02, 0.5)


def routed(*options: Option, goal: float = 0.9, **needs: object) -> Cascade | None:
    asked = structs.replace(_NEEDS, quality=Goal(goal), **needs)
    ranking = measured.router(options, asked)
    assert sorted(one.card.id for one in ranking.options) == sorted(one.card.id for one in options)
    if ranking.cascade is not None:
        names = [one.card.id for one in ranking.options]
        parts = (ranking.cascade.first, ranking.cascade.strong, ranking.cascade.opinion)
        assert names[: len(parts)] == [name for name in parts if name] or names[:2] == list(parts[:2])
    return ranking.cascade


def test_a_cheap_model_begins_where_the_strong_one_is_dear() -> None:
    found = routed(SMALL, LARGE)
    assert found is not None
    assert (found.first, found.strong, found.opinion) == ("small-1", "large-1", None)
    assert found.quality > 0.8
    assert Decimal("0.1") < found.cost < Decimal(1)


def test_the_second_opinion_is_of_another_family() -> None:
    kin, stranger = option("small-2", 0.01, 0.7), option("other-1", 0.05, 0.7)
    assert [family(one.card) for one in (SMALL, kin, stranger)] == ["small", "small", "other"]
    found = routed(SMALL, LARGE, kin, stranger, goal=0.97)
    assert found is not None
    assert (found.first, found.opinion) == ("small-1", "other-1")


@pytest.mark.parametrize(
    ("options", "needs"),
    [
        ((SMALL,), {}),
        ((SMALL, LARGE), {"goal": 1.0}),
        ((SMALL, LARGE), {"judgeable": 0}),
        ((SMALL, LARGE), {"judgeable": 99}),
        ((SMALL, LARGE), {"foresight": None}),
        ((SMALL, LARGE), {"foresight": Foresight(0.0, 0.0)}),
        ((SMALL, option("large-1", None, 0.9)), {}),
        ((option("small-1", 0, 0.8), option("large-1", 0, 0.9)), {}),
        ((option("small-1", 1.0, 0.8), LARGE), {}),
        ((option("small-1", 0.99, 0.8), LARGE), {}),
        ((option("small-1", 0.1, 0.9), LARGE), {}),
        ((option("small-1", 0.1, 0.8, support=0.0), option("large-1", 1.0, 0.9, support=0.0)), {}),
        ((SMALL, LARGE), {"before": Before("vendor", "large-1", loop=True)}),
    ],
    ids=[
        "one model",
        "the best is asked for",
        "not to be judged",
        "too long to be held back",
        "nobody looks",
        "a look brings nothing",
        "unknown price",
        "nothing costs anything",
        "as dear",
        "nearly as dear",
        "as good",
        "unlike anything known",
        "results of tools",
    ],
)
def test_else_one_model_is_asked(options: tuple[Option, ...], needs: dict[str, object]) -> None:
    assert routed(*options, **needs) is None  # type: ignore[arg-type] # whatever the case asks for


def test_a_length_nobody_knows_is_the_longest_allowed() -> None:
    small = option("small-1", 0.1, 0.8, tokens=None)
    assert routed(small, LARGE, judgeable=100, output_tokens=100) is not None
    assert routed(small, LARGE, judgeable=100, output_tokens=101) is None


@given(st.lists(st.tuples(_SHARES, st.floats(0.01, 1)), min_size=2, max_size=5), _SHARES, _SHARES)
def test_a_higher_goal_never_expects_less(models: list[tuple[float, float]], one: float, two: float) -> None:
    chances = [chance(f"m-{place}", cost, quality) for place, (quality, cost) in enumerate(models)]
    dearest, best = max(float(each.cost) for each in chances), max(each.quality for each in chances)
    reached = []
    for goal in sorted((one, two)):
        rate = (1 - goal) * best / dearest
        found = plan(chances, rate, _LOOK)
        alone = max(chances, key=lambda each: (each.quality - rate * float(each.cost), each.quality))
        reached.append((alone.quality if found is None else found.quality, goal))
    (low, _), (high, _) = reached
    assert high >= low - 1e-4
    assert all(quality >= goal * best - 1e-4 for quality, goal in reached)


@given(st.lists(st.tuples(_SHARES, st.floats(0.01, 1)), min_size=1, max_size=5), _SHARES)
def test_a_plan_is_worth_more_than_any_model_alone(models: list[tuple[float, float]], rate: float) -> None:
    chances = [chance(f"m-{place}", cost, quality) for place, (quality, cost) in enumerate(models)]
    found = plan(chances, rate, _LOOK)
    if found is not None:
        names = [each.option.card.id for each in chances]
        assert len({found.first, found.strong, found.opinion} & set(names)) == 3 - (found.opinion is None)
        worth = found.quality - rate * float(found.cost)
        assert worth > max(each.quality - rate * float(each.cost) for each in chances) - 1e-3


@given(_SHARES, st.floats(0, 3))
def test_what_a_look_will_say_is_on_the_average_what_is_expected(prior: float, spread: float) -> None:
    from kyozon.routing.planning import _spread  # noqa: PLC0415 - what the plan rests on

    found = _spread(prior, spread)
    assert sum(found) / len(found) == pytest.approx(prior, abs=0.03)
    assert before(prior, 0.0) == pytest.approx(before(prior, spread) / (1 + 0.39269908 * spread**2) ** 0.5)


def test_a_plan_falls_with_the_moments_accidents() -> None:
    found = routed(SMALL, LARGE, OTHER, goal=0.97)
    assert found is not None
    assert still(found, (SMALL, LARGE, OTHER)) == found
    assert still(found, (LARGE, SMALL, OTHER)) is None  # the first rests after failures
    assert still(found, (SMALL, OTHER)) is None  # the strong one has no room
    assert still(found, ()) is still(None, (SMALL,)) is None
    assert [card.id for card in planned(found, [LARGE.card, SMALL.card])] == ["small-1", "large-1"]
    assert planned(None, [LARGE.card]) == []
