"""A breaker under every history: it opens when it should, lets few probes through, and always finds its way back."""

from collections.abc import Iterable
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kyozon.routing.breaking import Breaker, Breaking, admit, failed, given_up, state_at, succeeded

POLICY = Breaking(in_row=3, share=50, calls=10, window=30.0, rest=10.0, longest=60.0, probes=2)
Verdict = Literal["answered", "failed", "unknown"]
histories = st.lists(
    st.tuples(st.floats(0, 20), st.booleans(), st.sampled_from(["answered", "failed", "unknown"])), max_size=80
)


def told(breaker: Breaker, verdict: Verdict, era: int, now: float) -> Breaker:
    if verdict == "answered":
        return succeeded(breaker, POLICY, era, now)
    return failed(breaker, POLICY, era, now) if verdict == "failed" else given_up(breaker, era)


def after(verdicts: Iterable[Verdict], now: float = 0.0) -> Breaker:
    breaker = Breaker()
    for verdict in verdicts:
        breaker = told(breaker, verdict, breaker.era, now)
    return breaker


@given(histories)
def test_every_history_keeps_its_promises(history: list[tuple[float, bool, Verdict]]) -> None:
    breaker, now = Breaker(), 0.0
    under_way: list[int] = []
    for passed, begins, verdict in history:
        now += passed
        before = state_at(breaker, now)
        if begins:
            following = admit(breaker, POLICY, now)
            assert (following is None) == (before == "open" or (before == "half_open" and breaker.probes >= POLICY.probes))
            if following is not None:
                breaker = following
                under_way.append(breaker.era)
        elif under_way:
            breaker = told(breaker, verdict, under_way.pop(0), now)
        probing = sum(era == breaker.era for era in under_way) if breaker.state == "half_open" else 0
        assert 0 <= breaker.probes == probing <= POLICY.probes
        assert breaker.until - now <= POLICY.longest
    for era in under_way:  # whoever is still under way tells nothing, and the deployment can be tried again
        breaker = given_up(breaker, era)
    admitted = admit(breaker, POLICY, now + POLICY.longest)
    assert admitted is not None
    closed = succeeded(admitted, POLICY, admitted.era, now + POLICY.longest)
    assert closed.state == "closed"


def test_failures_in_a_row_open_it_and_a_success_between_them_does_not() -> None:
    assert after(["failed", "failed", "answered", "failed", "failed"]).state == "closed"
    assert after(["failed", "failed", "failed"]).state == "open"


def test_a_share_of_failures_opens_it() -> None:
    turns: list[Verdict] = ["answered", "failed"]
    assert after(turns * 4).state == "closed"  # too few calls to say
    assert after(turns * 5).state == "open"
    assert after(["answered", "answered", "failed"] * 20).state == "closed"


def test_failures_of_long_ago_do_not_count() -> None:
    breaker = after(["failed", "answered"] * 4)
    breaker = told(breaker, "failed", breaker.era, 31.0)
    assert breaker.state == "closed"
    assert (breaker.calls, breaker.failures) == (1, 1)


def test_it_rests_twice_as_long_each_time_its_probe_fails_and_then_closes() -> None:
    breaker, now, rests = after(["failed"] * 3), 0.0, []
    for _ in range(5):
        rests.append(breaker.until - now)
        assert admit(breaker, POLICY, breaker.until - 0.001) is None
        now = breaker.until
        probing = admit(breaker, POLICY, now)
        assert probing is not None
        breaker = failed(probing, POLICY, probing.era, now)
    assert rests == pytest.approx([10.0, 20.0, 40.0, 60.0, 60.0])


def test_what_a_call_from_before_tells_is_too_old() -> None:
    open_ = after(["failed"] * 3)
    assert succeeded(open_, POLICY, 0, 5.0) == open_
    probing = admit(open_, POLICY, 10.0)
    assert probing is not None
    assert failed(probing, POLICY, 0, 11.0) == probing == given_up(probing, 0)


def test_it_rests_as_long_as_the_provider_asks() -> None:
    breaker = after(["failed"] * 2)
    assert failed(breaker, POLICY, breaker.era, 0.0, 45.0).until == 45.0
    assert failed(breaker, POLICY, breaker.era, 0.0, 4_500.0).until == POLICY.longest
