"""The measures of an order, against values worked out by hand."""

import math

import pytest

from bench.retrieval.scoring import quality


def test_by_hand() -> None:
    found = quality([["a", "x", "b"], ["x", "y"]], [["a", "b"], ["z"]])
    best = 1 + 1 / math.log2(3)
    assert found.ndcg10 == pytest.approx((1 + 1 / math.log2(4)) / best / 2)
    assert (found.recall5, found.mrr10) == (0.5, 0.5)


def test_what_comes_after_ten_does_not_count() -> None:
    others = [f"x{number}" for number in range(10)]
    assert quality([[*others, "a"]], [["a"]]).ndcg10 == 0
    assert quality([["a", *others]], [["a"]]) == quality([["a"]], [["a"]])


def test_nothing_asked_has_no_average() -> None:
    with pytest.raises(ValueError, match="no questions"):
        quality([], [])
