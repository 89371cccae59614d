"""Who is expected to keep the goal for time goes first; nobody is lost by it, and nobody won."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kyozon.domain.models import ModelCard
from kyozon.domain.pace import Soon
from kyozon.domain.quality import Estimate, Goal
from kyozon.domain.requests import Before, Needs
from kyozon.routing import cheapest, measured
from kyozon.routing.exploring import others
from kyozon.routing.in_time import ranked_in_time
from kyozon.routing.option import Option, Ranking, Router

ROUTERS = pytest.mark.parametrize("router", [cheapest.router, measured.router])


def option(name: str, cost: str, seconds: float | None, quality: float = 0.9) -> Option:
    soon = None if seconds is None else Soon(seconds, seconds)
    estimate = Estimate(quality, quality - 0.02, quality + 0.02, 100)
    return Option(ModelCard(name, "vendor", name, "host"), Decimal(cost), estimate, soon)


def needs(within: float | None, **fields: object) -> Needs:
    return Needs("chat", quality=Goal(0.8), within=within, **fields)  # type: ignore[arg-type] # whatever the test asks for


def names(ranking: Ranking) -> list[str]:
    return [one.card.id for one in ranking.options]


CHEAP, MIDDLE, DEAR = option("cheap", "1", 3.0), option("middle", "2", None), option("dear", "3", 1.0)


@ROUTERS
@pytest.mark.parametrize(
    ("within", "order", "late"),
    [
        (None, ["cheap", "middle", "dear"], 0),
        (3.0, ["cheap", "middle", "dear"], 0),
        (2.0, ["middle", "dear", "cheap"], 1),
        (0.5, ["middle", "cheap", "dear"], 2),
    ],
)
def test_late_ones_stand_behind_and_who_is_not_known_keeps_it(
    router: Router, within: float | None, order: list[str], late: int
) -> None:
    found = ranked_in_time(router, [DEAR, CHEAP, MIDDLE], needs(within))
    assert names(found) == order
    assert [one.late for one in found.options] == [False] * (3 - late) + [True] * late
    told = {0: "", 1: "1 more is permitted, but expected to take longer than 2 s", 2: "2 more are permitted"}
    assert told[late] in found.reason.en
    assert (f"{late} モデルは" in found.reason.ja) == bool(late)


@ROUTERS
def test_where_nobody_keeps_it_the_routers_choice_stands_and_it_is_said(router: Router) -> None:
    found = ranked_in_time(router, [DEAR, CHEAP], needs(0.5))
    assert names(found) == ["cheap", "dear"]
    assert found.reason.en.startswith("none of the 2 permitted models is expected to begin within 0.5 s; cheap is the ")
    alone = ranked_in_time(router, [DEAR], needs(0.5))
    assert alone.reason.en.startswith("the permitted model is not expected to begin within 0.5 s; ")


def test_the_quality_is_that_of_those_in_time() -> None:
    """The surest of all is late, so the goal is a share of what the others reach."""
    late, good, poor = option("late", "3", 9.0, 0.97), option("good", "2", 1.0, 0.7), option("poor", "1", 1.0, 0.66)
    asked = needs(2.0)
    assert names(measured.router([late, good, poor], asked))[0] == "late"
    assert names(ranked_in_time(measured.router, [late, good, poor], asked)) == ["poor", "good", "late"]


def test_who_called_tools_gets_their_results_however_slow() -> None:
    before = Before("vendor", "cheap", loop=True)
    found = ranked_in_time(measured.router, [DEAR, CHEAP], needs(2.0, before=before))
    assert names(found)[0] == "cheap"
    assert not any(one.late for one in found.options)


@ROUTERS
@given(
    seconds=st.lists(st.none() | st.floats(0, 10), min_size=1, max_size=6),
    within=st.none() | st.floats(0.01, 10),
)
def test_the_same_models_in_two_groups_each_in_the_routers_order(
    router: Router, seconds: list[float | None], within: float | None
) -> None:
    options = [option(f"m{place}", str(place + 1), one) for place, one in enumerate(seconds)]
    found = ranked_in_time(router, options, needs(within))
    assert sorted(names(found)) == sorted(one.card.id for one in options)
    late = {one.card.id for one in options if within is not None and one.soon and (one.soon.words or 0.0) > within}
    assert [one.late for one in found.options] == [False] * (len(options) - len(late)) + [True] * len(late)
    for group in ([one for one in options if one.card.id in late], [one for one in options if one.card.id not in late]):
        assert not group or [name for name in names(found) if name in {one.card.id for one in group}] == names(
            router(group, needs(within))
        )


def test_chance_gives_nothing_to_who_is_late() -> None:
    found = ranked_in_time(measured.router, [DEAR, CHEAP, MIDDLE], needs(2.0))
    assert [one.card.id for one in others(found, 0.5, lambda _: True)] == ["dear"]
