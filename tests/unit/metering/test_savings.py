"""Sums of a saving are exact, and its intervals are those that resampling gives."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kyozon.metering.savings import Sums

money = st.decimals(min_value=0, max_value=1000, places=9)


def sums_of(pairs: list[tuple[Decimal, Decimal]]) -> Sums:
    sums = Sums()
    for paid, reference in pairs:
        sums.take(paid, reference)
    return sums


@given(st.lists(st.tuples(money, money), max_size=50), st.randoms(use_true_random=False))
def test_sums_are_exact_in_any_order(pairs: list[tuple[Decimal, Decimal]], chance: object) -> None:
    sums = sums_of(pairs)
    shuffled = pairs.copy()
    chance.shuffle(shuffled)  # type: ignore[attr-defined] # Hypothesis gives a Random
    assert sums_of(shuffled) == sums
    exact = sum((Fraction(reference) - Fraction(paid) for paid, reference in pairs), Fraction(0))
    assert Fraction(sums.saved) == exact
    assert (sums.requests, sums.share is None) == (len(pairs), not any(reference for _, reference in pairs))


@given(st.lists(st.tuples(money, money), min_size=30, max_size=60))
def test_an_interval_holds_its_figure(pairs: list[tuple[Decimal, Decimal]]) -> None:
    sums = sums_of(pairs)
    assert (around := sums.saved_between()) is not None
    assert around[0] <= sums.saved.quantize(Decimal("0.000001")) <= around[1]
    share = sums.share_between()
    if sums.share is None:
        assert share is None
    else:
        assert share is not None
        assert share[0] <= sums.share <= share[1]


def test_too_few_requests_have_no_interval() -> None:
    sums = sums_of([(Decimal(1), Decimal(2))] * 29)
    assert (sums.saved_between(), sums.share_between(), sums.share) == (None, None, Decimal("0.5"))
    sums.take(Decimal(1), Decimal(2))
    assert sums.saved_between() == (Decimal(30), Decimal(30))
    assert sums.share_between() == (Decimal("0.5"), Decimal("0.5"))


def test_the_intervals_are_those_of_a_bootstrap() -> None:
    chance = np.random.default_rng(7)
    reference = np.exp(chance.normal(-6, 0.8, 400))
    paid = reference * chance.beta(2, 3, 400)
    sums = sums_of([(Decimal(repr(float(p))), Decimal(repr(float(r)))) for p, r in zip(paid, reference, strict=True)])
    drawn = chance.integers(0, 400, (4000, 400))
    saved, whole = (reference - paid)[drawn].sum(axis=1), reference[drawn].sum(axis=1)
    for found, resampled, unit in (
        (sums.saved_between(), saved, 0.03 * float(sums.saved)),
        (sums.share_between(), saved / whole, 0.005),
    ):
        assert found is not None
        assert [float(bound) for bound in found] == pytest.approx(np.percentile(resampled, [2.5, 97.5]), abs=unit)
