"""A bucket lets through what its limit and its refill allow, exactly, whatever comes in which order."""

from datetime import datetime, timedelta
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from kyozon.metering.limits import Bucket, available_at, full, give, refill, take
from tests.fakes.steered import START

limits = st.integers(1, 100_000)
_pauses = st.integers(-1_000_000, 200_000_000)  # microseconds; a clock may be set back
_steps = st.lists(st.tuples(_pauses, st.integers(0, 5_000)), max_size=30)


@given(limits, _steps)
def test_never_more_than_limit_and_refill(limit: int, steps: list[tuple[int, int]]) -> None:
    now = latest = START
    bucket, through = full(limit, now), 0
    for pause, amount in steps:
        now += timedelta(microseconds=pause)
        latest = max(latest, now)
        after = take(bucket, amount, now)
        if after is not None:
            bucket, through = after, through + amount
    refilled = Fraction((latest - START) // timedelta(microseconds=1) * limit, 60_000_000)
    assert through <= limit + refilled


@given(limits, _steps, st.integers(0, 200_000))
def test_available_at_is_the_first_moment(limit: int, steps: list[tuple[int, int]], amount: int) -> None:
    bucket, now = _used(limit, steps)
    wanted = min(amount, limit)
    when = available_at(bucket, amount, now)
    assert take(bucket, wanted, when) is not None
    before = when - timedelta(microseconds=1)
    assert before < max(now, bucket.at) or take(bucket, wanted, before) is None


@given(limits, _steps, st.integers(0, 5_000), st.integers(0, 5_000))
def test_what_is_given_back_can_be_taken_again(limit: int, steps: list[tuple[int, int]], reserved: int, used: int) -> None:
    bucket, now = _used(limit, steps)
    after = take(bucket, reserved, now)
    if after is not None:
        settled = give(after, reserved - used, now)
        assert settled.left == min(limit, refill(bucket, now).left - used)


@given(limits, _steps, st.integers(0, 100_000_000), st.integers(0, 100_000_000))
def test_refilling_in_two_steps_is_refilling_in_one(
    limit: int, steps: list[tuple[int, int]], first: int, second: int
) -> None:
    bucket, now = _used(limit, steps)
    middle = now + timedelta(microseconds=first)
    end = middle + timedelta(microseconds=second)
    assert refill(refill(bucket, middle), end) == refill(bucket, end)


@given(limits)
def test_a_minute_fills_an_empty_bucket(limit: int) -> None:
    empty = take(full(limit, START), limit, START)
    assert empty is not None
    assert available_at(empty, limit, START) == START + timedelta(minutes=1)
    assert refill(empty, START + timedelta(minutes=1)).left == limit


def test_one_that_is_never_filled_is_never_promised() -> None:
    assert take(full(0, START), 1, START) is None
    assert available_at(full(0, START), 1, START) == START  # its whole limit, which is nothing


def _used(limit: int, steps: list[tuple[int, int]]) -> tuple[Bucket, datetime]:
    now, bucket = START, full(limit, START)
    for pause, amount in steps:
        now += timedelta(microseconds=pause)
        bucket = take(bucket, amount, now) or give(bucket, -amount, now)
    return bucket, now
