import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.routing.metrics import Outcome, apgr_bounds, curve, joined, mix, oracle


def array(*values: float) -> np.ndarray:
    return np.array(values, dtype=float)


def test_the_curve_of_a_router_that_asks_the_strong_model_where_it_helps() -> None:
    weak = np.repeat(array(0, 1), 50)
    strong = np.ones(100)
    need = np.arange(100)[::-1].astype(float)  # the fifty that the weak model gets wrong come first
    found = curve(need, weak, strong)
    # The gain rises along a line to 1 at half of the calls and stays there: .25 + .5, but for the widths of the bins.
    assert found.apgr == pytest.approx(0.75, abs=0.01)
    assert found.cpt(0.5) == pytest.approx(0.25, abs=0.01)
    assert found.cpt(0.8) == pytest.approx(0.40, abs=0.01)


def test_a_router_that_errs_always_has_the_mirrored_curve() -> None:
    weak = np.repeat(array(0, 1), 50)
    found = curve(np.arange(100.0), weak, np.ones(100))
    assert found.apgr == pytest.approx(0.25, abs=0.01)
    assert found.cpt(0.5) == pytest.approx(0.75, abs=0.01)


def test_a_random_router_recovers_half() -> None:
    rng = np.random.default_rng(1)
    weak, strong = (rng.random(2000) < 0.6).astype(float), (rng.random(2000) < 0.8).astype(float)
    found = [curve(rng.random(2000), weak, strong) for _ in range(30)]
    assert np.mean([one.apgr for one in found]) == pytest.approx(0.5, abs=0.02)
    assert np.mean([one.cpt(0.5) for one in found]) == pytest.approx(0.5, abs=0.03)


def test_ten_bins_and_both_ends() -> None:
    found = curve(np.arange(1000.0), np.zeros(1000), np.ones(1000))
    assert found.shares.tolist() == pytest.approx([0, 0.001, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1], abs=0.002)
    assert found.gains == pytest.approx(found.shares)


def test_a_score_that_does_not_tell_requests_apart_is_as_good_as_chance() -> None:
    assert curve(np.zeros(10), np.zeros(10), np.ones(10)).apgr == pytest.approx(0.5)


def test_equally_good_models_have_no_gap() -> None:
    with pytest.raises(ValueError, match="no gap"):
        curve(np.arange(4.0), np.ones(4), np.ones(4))


@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.floats(0, 1)), min_size=5, max_size=60))
def test_a_curve_goes_from_the_weak_to_the_strong_model(rows: list[tuple[bool, bool, float]]) -> None:
    weak, strong, need = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    if weak.mean() == strong.mean():
        return
    found = curve(need, weak, strong)
    assert (found.shares[0], found.gains[0], found.shares[-1], found.gains[-1]) == (0, 0, 1, 1)
    assert (np.diff(found.shares) >= 0).all()
    assert 0 <= found.cpt(0.5) <= found.cpt(0.8) <= 1


def test_the_cheapest_mixture_lies_on_the_line_between_two_models() -> None:
    quality, cost = array(0.5, 0.9, 1.0), array(1, 2, 10)
    assert mix(quality, cost, 0.95) == pytest.approx(6)  # half of the middle one, half of the best
    assert mix(quality, cost, 0.7) == pytest.approx(1.5)
    assert mix(quality, cost, 1.0) == 10
    assert mix(quality, cost, 0.4) == 1


def test_a_model_that_is_dear_for_what_it_gives_is_left_out_of_the_mixture() -> None:
    assert mix(array(0.5, 0.6, 1.0), array(1, 9, 10), 0.75) == pytest.approx(5.5)


def test_a_quality_beyond_every_model_costs_what_the_best_costs() -> None:
    assert mix(array(0.5, 0.9), array(1, 3), 1.5) == 3


def test_the_oracle_pays_for_the_strong_model_only_where_it_helps() -> None:
    scores = np.array([[1, 1], [0, 1], [0, 0], [0, 1]], dtype=float)
    cost = np.tile(array(1, 10), (4, 1))
    assert oracle(scores, cost, 0.75) == pytest.approx((1 + 10 + 1 + 10) / 4)
    assert oracle(scores, cost, 0.5) == pytest.approx((1 + 10 + 1 + 1) / 4)
    assert oracle(scores, cost, 0.25) == pytest.approx(1)


def test_the_oracle_never_pays_for_a_worse_and_dearer_answer() -> None:
    assert oracle(np.array([[1.0, 0.0]]), np.array([[5.0, 1.0]]), 0.0) == 1
    assert oracle(np.array([[1.0, 0.0]]), np.array([[5.0, 1.0]]), 1.0) == 5


def test_an_outcome_is_a_share_of_the_best_models() -> None:
    found = Outcome(array(1, 0, 1), array(1, 2, 3), array(1, 1, 1), array(4, 4, 4))
    assert found.quality_ratio == pytest.approx(2 / 3)
    assert found.cost_share == pytest.approx(0.5)
    twice = joined([found, found.rows(np.array([0]))])
    assert twice.quality_ratio == pytest.approx(3 / 4)
    assert twice.cost_share == pytest.approx(7 / 16)


def test_the_interval_is_paired_by_item() -> None:
    right = np.tile(array(1, 0), 200)
    same = Outcome(right, right, right, right)
    assert same.bounds() == (1.0, 1.0)  # the same items are drawn for both
    other = Outcome(right[::-1], right, right, right)
    low, high = other.bounds()
    assert low < 0.95
    assert high > 1.05


def test_the_interval_of_apgr_holds_it() -> None:
    weak = np.repeat(array(0, 1), 100)
    need = np.arange(200.0)[::-1]
    low, high = apgr_bounds(need, weak, np.ones(200))
    assert low < curve(need, weak, np.ones(200)).apgr < high
