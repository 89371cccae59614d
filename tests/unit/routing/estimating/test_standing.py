"""An anchor that has not answered questions of a kind is measured by those that have, and by the form of the question."""

from importlib.resources import files

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kyozon.routing.estimating.anchored import Anchored, believed, of_benchmarks
from kyozon.routing.estimating.quality_model import QualityModel
from kyozon.routing.estimating.standing import CARRIED, FARTHEST, LIKE, UNLIKE, Standing

USUAL = np.array([0.5, 0.7, 0.9])
PLAIN, LONG = np.zeros(2, np.float32), np.array([1.0, 0.0], np.float32)
CHANCES = st.lists(st.floats(0.02, 0.98), min_size=3, max_size=3)


def standing(length: float = 0.0) -> Standing:
    """Three anchors, the last of which is the better the longer a question is."""
    return Standing(USUAL, np.zeros(2), np.ones(2), np.array([[0.0, 0.0, length], [0.0, 0.0, 0.0]]))


@given(chances=CHANCES)
def test_who_knows_the_kind_of_question_is_believed(chances: list[float]) -> None:
    placed = standing(0.1).placed(np.array(chances), np.ones(3), LONG)
    assert placed.tolist() == pytest.approx(chances)


@given(chances=CHANCES)
def test_who_does_not_stands_as_usual_beside_those_who_do(chances: list[float]) -> None:
    placed = standing().placed(np.array(chances), np.array([1.0, 0.0, 0.0]), PLAIN)
    assert placed[0] == pytest.approx(chances[0])
    assert placed[2] - placed[1] == pytest.approx(CARRIED * (chances[2] - chances[1]) + (1 - CARRIED) * 0.2)


@given(chances=CHANCES)
def test_where_nobody_knows_their_mean_stays(chances: list[float]) -> None:
    placed = standing(0.1).placed(np.array(chances), np.zeros(3), LONG)
    assert placed.mean() == pytest.approx(np.mean(chances))


def test_a_form_unlike_all_that_was_learnt_of_counts_nothing() -> None:
    chances, known = np.array([0.5, 0.5, 0.5]), np.array([1.0, 1.0, 0.0])
    lengths = (0.0, 1.0, FARTHEST, 3.1, np.sqrt(2 * LIKE) + 0.2, np.sqrt(2 * UNLIKE) + 0.01, 99.0)
    none, some, far, farther, less, *strange = (standing(0.1).placed(chances, known, each * LONG)[2] for each in lengths)
    assert some - none > 0.09
    assert far - none == farther - none == pytest.approx((some - none) * FARTHEST)
    assert none < less < far
    assert strange == pytest.approx([none, none])


def anchored(home: float) -> Anchored:
    """Two anchors over two domains: both are known in the first, the first alone in the second."""
    known = np.array([[1.0, home], [1.0, 0.0]])
    stands = Standing(np.array([0.5, 0.8]), np.zeros(2), np.ones(2), np.zeros((2, 2)))
    return Anchored((0.0, 2.0), np.zeros((2, 2)), known, known, stands)


def test_trees_are_believed_at_home_and_the_usual_distance_elsewhere() -> None:
    tiers, trees = np.array([-1.0, 0.0, 1.0]), np.array([0.0, 0.0])
    at_home = anchored(1.0).odds(trees, tiers, np.array([1.0, 0.0]), PLAIN)
    elsewhere = 1 / (1 + np.exp(-anchored(1.0).odds(trees, tiers, np.array([0.0, 1.0]), PLAIN)))
    assert at_home.tolist() == pytest.approx([0.0, 0.0])
    assert elsewhere[0] == pytest.approx(0.5)
    assert elsewhere[1] - elsewhere[0] > 0.2


def test_a_benchmark_is_known_by_all_its_domains_together() -> None:
    counts = of_benchmarks(np.array([[10.0, 20.0, 5.0]]), ("law:tort", "law:tax", "sums"))
    assert counts.tolist() == [[30.0, 30.0, 5.0]]
    assert believed(np.array([0.0, 20.0]), 20.0).tolist() == [0.0, 0.5]


def test_the_shipped_file_says_how_its_anchors_stand() -> None:
    shipped = QualityModel.read(files("kyozon.routing.estimating").joinpath("quality.msgpack").read_bytes())
    assert "standing usual" in shipped.contents.arrays
