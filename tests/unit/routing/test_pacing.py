"""What was measured counts less with each new answer and with time, and after ten minutes not at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kyozon.domain.pace import Pace
from kyozon.routing.pacing import Timed, began, ended, pace_at

_SECONDS = st.floats(0, 1000)


def test_nothing_is_known_before_the_first_answer() -> None:
    assert pace_at(Timed(), 5.0, busy=False) is None
    assert pace_at(began(Timed(), 0.4, 5.0), 5.0, busy=False) == Pace(0.4)
    assert pace_at(ended(Timed(), 3.0, 120, 5.0), 5.0, busy=False) == Pace(None, 0.025)


def test_each_answer_counts_for_an_eighth_and_for_more_after_a_pause() -> None:
    timed = began(began(Timed(), 8.0, 100.0), 0.0, 100.0)
    assert timed.first == pytest.approx(7.0)
    assert began(timed, 0.0, 160.0).first == pytest.approx(7.0 / 2.71828, rel=1e-4)
    for _ in range(40):
        timed = began(timed, 1.0, 100.0)
    assert timed.first == pytest.approx(1.0, abs=0.05)


@given(st.lists(st.tuples(_SECONDS, st.integers(1, 10_000), st.floats(0, 100)), min_size=1, max_size=20))
def test_means_lie_between_what_was_measured(answers: list[tuple[float, int, float]]) -> None:
    timed, now = Timed(), 0.0
    for seconds, tokens, later in answers:
        now += later
        timed = ended(began(timed, seconds, now), seconds, tokens, now)
    found = pace_at(timed, now, busy=False)
    assert found is not None
    low, high = min(one[0] for one in answers), max(one[0] for one in answers)
    assert found.first is not None
    assert low - 1e-3 <= found.first <= high + 1e-3
    assert all(low - 1e-3 <= seconds <= high + 1e-3 for seconds in (timed.first, timed.whole) if seconds is not None)
    assert min(one[1] for one in answers) - 1e-3 <= timed.tokens <= max(one[1] for one in answers) + 1e-3
    assert found.token == pytest.approx(max(0.0, (timed.whole or 0.0) - found.first) / timed.tokens, abs=1e-5)


def test_what_is_old_is_not_known_and_one_request_finds_out() -> None:
    timed = ended(began(Timed(), 9.0, 0.0), 30.0, 100, 300.0)
    assert pace_at(timed, 600.0, busy=False) == Pace(9.0, 0.21)
    assert pace_at(timed, 601.0, busy=False) == Pace(None, 0.3)
    assert pace_at(timed, 601.0, busy=True) == Pace(9.0, 0.21)
    assert pace_at(timed, 901.0, busy=False) is None
    assert pace_at(timed, 1501.0, busy=True) is None
