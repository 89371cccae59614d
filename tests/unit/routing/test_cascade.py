"""Accept, ask or escalate: each where it is worth most."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kyozon.routing.cascade import Opinion, decide, weigh
from kyozon.routing.verifying.verifier import Move, Verdict

_SHARES = st.floats(0.01, 0.99)
_OPINION = Opinion(0.05, Move(1.0, 0.0, 1.5))


def test_a_good_answer_is_accepted_and_a_bad_one_is_not() -> None:
    assert decide(Verdict(0.99, 0.95), 1.0, [_OPINION], 0.1) == "accept"
    assert decide(Verdict(0.02, 0.95), 1.0, [_OPINION], 0.1) == "escalate"


def test_a_doubtful_one_is_worth_a_cheap_opinion_and_no_dear_one() -> None:
    verdict = Verdict(0.7, 0.95)
    assert decide(verdict, 1.0, [_OPINION], 0.3) == "ask"
    assert decide(verdict, 1.0, [Opinion(1.0, _OPINION.move)], 0.3) != "ask"


def test_where_the_strong_model_is_no_better_nothing_is_escalated() -> None:
    assert decide(Verdict(0.3, 0.3), 1.0, [], 0.01) == "accept"


@given(_SHARES, _SHARES, st.floats(0, 2), st.floats(0, 2))
def test_a_higher_rate_never_escalates_more(good: float, stronger: float, one: float, two: float) -> None:
    low, high = sorted((one, two))
    if decide(Verdict(good, stronger), 1.0, [], high) == "escalate":
        assert decide(Verdict(good, stronger), 1.0, [], low) == "escalate"


@given(_SHARES, _SHARES, st.floats(0, 2))
def test_a_free_opinion_that_changes_nothing_is_worth_the_best_act(good: float, stronger: float, rate: float) -> None:
    worth = weigh(good, stronger - rate, [Opinion(0.0, Move(1.0, 0.0, 0.0))], rate)
    assert float(worth.ask) == pytest.approx(max(float(worth.accept), float(worth.escalate)), abs=1e-9)


@settings(max_examples=30)
@given(st.lists(_SHARES, min_size=1, max_size=5), st.floats(0, 2))
def test_arrays_are_weighed_as_their_elements(goods: list[float], rate: float) -> None:
    together = weigh(np.array(goods), np.full(len(goods), 0.9 - rate), [_OPINION, _OPINION], rate)
    for place, good in enumerate(goods):
        alone = weigh(good, 0.9 - rate, [_OPINION, _OPINION], rate)
        assert float(together.ask[place]) == pytest.approx(float(alone.ask))
        assert float(together.accept[place]) == pytest.approx(float(alone.accept))
