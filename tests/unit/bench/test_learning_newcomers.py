"""What `bench.learning` says of new models and of lessons: the parts that need no data."""

import math

import pytest

from bench.learning import joining, learnt
from bench.learning.learnt import Found, Reached, Round


def test_a_target_between_two_goals_costs_a_mixture_of_them() -> None:
    points = [(0.2, 0.8), (0.6, 1.0), (0.9, 0.95)]

    assert learnt._cost_at(points, 0.8) == 0.2
    assert learnt._cost_at(points, 0.9) == pytest.approx(0.4)
    assert learnt._cost_at(points, 1.0) == 0.6
    assert learnt._cost_at(points, 1.1) == math.inf


def test_the_table_and_the_figures_tell_the_same() -> None:
    reached = Reached(0.1, (0.4, 0.6, 0.9))
    after = Reached(0.05, (0.2, 0.5, 0.8))
    rounds = (Round(1, False, 2000, after, reached), Round(1, True, 1800, after, reached))  # noqa: FBT003 - in order
    found = Found(reached, rounds, after)
    flat = learnt.metrics(found)

    assert flat["learn.before.error"] == 0.1
    assert flat["learn.round_1.cost_at_90"] == flat["learn.round_1_picky.cost_at_90"] == 0.2
    assert len(learnt.table(found).rows) == 4
    assert len(flat) == 4 * (1 + len(learnt.TARGETS))


def test_what_is_known_of_a_model_is_told_by_what_it_is_known_by() -> None:
    known = [joining.Known("card", 0.09, 0.12, 0.6, 0.95), joining.Known("30", 0.06, 0.1, 0.4, 0.92)]

    assert joining.metrics(known)["join.30.coverage"] == 0.92
    assert [row[0] for row in joining.table(known).rows] == ["its card alone", "30 results"]
