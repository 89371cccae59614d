"""Ranks, intervals and differences of runs over a corpus."""

import math
import random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kyozon.domain.errors import InvalidRequest
from kyozon.evaluation.corpus import Run, compared, run_of, summary
from kyozon.evaluation.ranks import ndcg, recall, reciprocal
from kyozon.evaluation.resampling import difference, interval

RANKS = st.lists(st.none() | st.integers(1, 50), min_size=1, max_size=8, unique_by=lambda rank: rank or object())
SHARES = st.lists(st.floats(0, 1), min_size=1, max_size=40)


def run(scores: dict[str, float], measure: str = "files.recall") -> Run:
    return Run({"kyozon": "1"}, {key: {measure: value} for key, value in scores.items()})


def test_measures_by_hand() -> None:
    ranks = [2, None, 4]
    assert recall(ranks) == pytest.approx(2 / 3)
    assert reciprocal(ranks) == 0.5
    best = 1 + 1 / math.log2(3) + 1 / 2
    assert ndcg(ranks) == pytest.approx((1 / math.log2(3) + 1 / math.log2(5)) / best)
    assert (ndcg([11]), reciprocal([11]), recall([11])) == (0, 0, 1)


@given(RANKS)
def test_measures_lie_between_nothing_and_all(ranks: list[int | None]) -> None:
    for measure in (recall, ndcg, reciprocal):
        assert 0 <= measure(ranks) <= 1
    assert ndcg(list(range(1, len(ranks) + 1))) == pytest.approx(1)


@settings(max_examples=15)
@given(SHARES)
def test_an_interval_holds_its_mean_and_is_the_same_again(values: list[float]) -> None:
    found = interval(values)
    assert 0 <= found.low <= found.mean <= found.high <= 1
    assert found == interval(values)


def test_few_questions_that_all_go_well_prove_little() -> None:
    assert interval([1.0] * 5).low == pytest.approx(0.025**0.2, abs=1e-4)
    assert interval([0.0] * 5).high == pytest.approx(1 - 0.025**0.2, abs=1e-4)
    assert interval([1.0] * 200).low > 0.98


def test_an_interval_misses_about_as_often_as_it_says() -> None:
    chance = random.Random(6)  # noqa: S311 - the same again
    found = [interval([float(chance.random() < 0.7) for _ in range(60)]) for _ in range(100)]
    assert sum(one.low <= 0.7 <= one.high for one in found) >= 88


def test_worse_better_and_unclear() -> None:
    good, bad = [1.0] * 20, [1.0] * 8 + [0.0] * 12
    assert (difference(bad, good).verdict, difference(good, bad).verdict) == ("worse", "better")
    assert difference(bad, good).mean == -0.6
    assert difference(good, good).verdict == "unclear"
    mixed = difference([1.0, 0.0] * 10, [0.0, 1.0] * 10)
    assert (mixed.verdict, mixed.differing) == ("unclear", 20)


def test_five_questions_that_all_got_worse_may_be_chance() -> None:
    assert difference([0.0] * 5, [1.0] * 5).verdict == "unclear"
    assert difference([0.0] * 6, [1.0] * 6).verdict == "worse"


def test_equal_runs_are_hardly_ever_told_apart() -> None:
    chance = random.Random(7)  # noqa: S311 - the same again
    drawn = [[float(chance.random() < 0.8) for _ in range(40)] for _ in range(120)]
    verdicts = [difference(now, before).verdict for now, before in zip(drawn[:60], drawn[60:], strict=True)]
    assert verdicts.count("unclear") >= 53


def test_runs_are_compared_over_the_questions_that_both_have() -> None:
    before = run({str(number): 1.0 for number in range(20)})
    now = run({str(number): float(number < 12) for number in range(10, 40)})
    found = compared(now, before)["files.recall"]
    assert (found.count, found.differing, found.mean, found.verdict) == (10, 8, -0.8, "worse")
    assert summary(now)["files.recall"].count == 30
    assert compared(now, run({"5": 1.0})) == {}


def test_many_measures_need_clearer_differences() -> None:
    """Of two measures each must be wrong half as rarely: six questions that differ are enough for one, not for two."""
    one = {"a": 0.0}, {"a": 1.0}
    two = {"a": 0.0, "b": 0.0}, {"a": 1.0, "b": 1.0}
    verdicts = []
    for now, before in (one, two):
        runs = [Run({}, {str(number): scores for number in range(6)}) for scores in (now, before)]
        verdicts.append({found.verdict for found in compared(*runs).values()})
    assert verdicts == [{"worse"}, {"unclear"}]


def test_a_kept_run_is_read_and_nothing_else() -> None:
    kept = run({"a": 0.5})
    assert run_of(msgspec.json.encode(kept)) == kept
    with pytest.raises(InvalidRequest, match="--save"):
        run_of(b'{"scores": 1}')
