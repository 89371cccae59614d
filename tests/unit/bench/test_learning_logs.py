"""The logs of `bench.learning` are what the product would have logged; the page says what was measured."""

import numpy as np
import pytest

from bench.learning import drifting, hidden, page
from bench.learning.traffic import Traffic
from kyozon.domain.policy import Exploring
from kyozon.domain.quality import parse_goal
from kyozon.routing.exploring import left_to_chance
from tests.samples.answers import questions


@pytest.fixture(scope="module")
def traffic() -> Traffic:
    found = questions()
    names = [option.card.id for option in found[0].options]
    return Traffic(
        options=tuple(one.options for one in found),
        scores=np.array([[one.scores[name] for name in names] for one in found]),
        places={name: place for place, name in enumerate(names)},
        supports=np.array([0.9 + 0.1 * place / len(found) for place in range(len(found))]),
        domains=tuple("law" if place % 5 == 0 else "math" for place in range(len(found))),
        strange=((0.1, "code"), (0.2, "code")),
    )


def test_a_log_is_drawn_as_the_product_draws(traffic: Traffic) -> None:
    share, goal = 0.4, parse_goal("economy")
    usual, there = traffic.ranked(hidden.HERE), traffic.ranked(goal)
    scene = hidden._scene(traffic, usual, there, share)
    chance = np.random.default_rng(3)
    items, draws = chance.integers(0, traffic.items, 300), chance.random(300)
    others = scene.counts[items]
    chosen = np.where((draws < share) & (others > 0), 1 + np.floor(draws / share * others), 0).astype(int)
    for item, draw, place in zip(items.tolist(), draws.tolist(), chosen.tolist(), strict=True):
        ranking, drawn = left_to_chance(usual[item], Exploring(share, hidden.FLOOR), draw, lambda _: True)
        first, course = ranking.options[0].card.id, scene.courses[item][place]
        assert course.reward == traffic.scores[item, traffic.places[first]]
        assert course.chosen is (first == there[item].options[0].card.id)
        if course.chosen and drawn is not None:
            assert course.propensity == drawn.propensity


def test_what_is_measured_stands_on_the_page(traffic: Traffic) -> None:
    judged = tuple(hidden.judged(traffic, 800, 4))
    assert {(one.goal, one.share) for one in judged} == {(g.name, s) for g in hidden.TARGETS for s in hidden.SHARES}
    most = max(judged, key=lambda one: one.share)
    assert most.errors["dr"] < 0.1
    found = page.Found(traffic.items, 800, 4, judged, (), drifting.Quiet(1000, 0))
    assert page.metrics(found)["drift.quiet_requests"] == 1000
    assert f"economy_{most.share:g}.dr_error" in page.metrics(found)
    shown = page.page(found)
    assert [len(table.rows) for table in shown.tables] == [9, 9, 1]


def test_a_weaker_model_under_another_name_is_noticed(traffic: Traffic) -> None:
    kinds = drifting._Kinds(traffic)
    delay = drifting._delay(kinds, kinds.weaker, "quality", 1)
    assert delay is not None
    assert delay < 300
    assert drifting.quiet(traffic, 1, 2000) == drifting.Quiet(2000, 0)
