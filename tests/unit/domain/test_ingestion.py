"""How soon documents on their way will be there."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kyozon.domain.ingestion import Work, remaining
from kyozon.domain.knowledge import Progress

_PROGRESS = st.builds(
    Progress,
    st.sampled_from(["reading", "embedding"]),
    st.integers(0, 50),
    st.integers(0, 50),
    st.floats(0, 1e6),
    st.none() | st.floats(0, 1e6),
)
_BYTES = st.integers(0, 1 << 40)
_HELD = st.lists(st.tuples(_BYTES, _PROGRESS), max_size=4).map(tuple)
_WORK = st.builds(Work, _BYTES, _BYTES, st.floats(0, 1e9), _BYTES, st.integers(0, 9), _HELD)


def test_what_is_left_takes_as_long_as_what_is_done() -> None:
    assert remaining(30.0, 10, 20) == 60.0
    assert remaining(30.0, 10, 0) == 0.0
    assert remaining(0.0, 0, 20) is None
    assert remaining(30.0, 0, 20) is None


def test_reading_is_a_tenth_of_the_work() -> None:
    assert Progress("reading").share == 0
    assert Progress("reading", 5, 10).share == pytest.approx(0.05)
    assert Progress("embedding", 0, 8).share == pytest.approx(0.1)
    assert Progress("embedding", 4, 8).share == pytest.approx(0.55)
    assert Progress("embedding", 9, 8).share == 1


def test_several_take_as_long_as_those_before_and_as_many_at_a_time() -> None:
    half = Progress("embedding", 4, 9)  # half of the work on it
    work = Work(done=4000, measured=1000, seconds=10.0, waiting=3000, working=2, held=((1000, half), (1000, half)))
    assert work.share == pytest.approx(5000 / 9000)
    assert work.seconds_left == pytest.approx(4000 * 10 / 1000 / 2)
    assert Work(measured=1000, seconds=10.0, waiting=3000, working=1).seconds_left == pytest.approx(30)


def test_where_none_waits_the_slowest_in_work_tells_it() -> None:
    slow, fast = Progress("embedding", 1, 9, 5.0, 40.0), Progress("embedding", 8, 9, 5.0, 1.0)
    assert Work(held=((10, slow), (10, fast))).seconds_left == 40
    assert Work(100, 100, 9000.0, working=2, held=((10, slow), (10, fast))).seconds_left == 40
    assert Work(100, 100, 100.0, 10, working=1, held=((10, fast),)).seconds_left != 1
    assert Work(held=((10, slow), (10, Progress("reading", 1, 9, 1.0)))).seconds_left is None
    assert Work(waiting=10, held=((10, slow),)).seconds_left is None


def test_while_nobody_works_on_them_nobody_knows() -> None:
    assert Work(done=1000, measured=1000, seconds=10.0, waiting=3000).seconds_left is None
    assert Work().seconds_left is None


@given(_WORK)
def test_shares_and_seconds_stay_in_their_bounds(work: Work) -> None:
    assert 0 <= work.share <= 1.000001
    assert work.seconds_left is None or work.seconds_left >= 0
