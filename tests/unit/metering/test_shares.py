"""However a ceiling is shared, moved about and lost, all holders together grant what one bucket would have, at most."""

from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from kyozon.metering.limits import MINUTE, Bucket, available_at, full, give, refill, take
from kyozon.metering.shares import (
    NOTHING,
    Portion,
    SharedBucket,
    everything,
    joined,
    lent,
    part_of,
    portion,
    resized,
    returned,
    without,
)
from tests.fakes.steered import START

HOLDERS = ("a", "b", "c")
_holders = st.sampled_from(HOLDERS)
_amounts = st.integers(0, 60)
_microsecond = timedelta(microseconds=1)


class Sharing(RuleBasedStateMachine):
    """Three processes with clocks of their own lease, grant, give, lose replies and die; the database has its own."""

    @initialize(limit=st.integers(1, 50))
    def begin(self, limit: int) -> None:
        self.limit = limit
        self.shared = SharedBucket(limit, limit * MINUTE, START, {})
        self.buckets = dict.fromkeys(HOLDERS, Bucket(0, 0, START))
        self.clocks = dict.fromkeys(HOLDERS, START) | {"database": START + timedelta(hours=3)}
        self.passed = 0
        self.grants: list[tuple[int, int]] = []

    @property
    def now(self) -> datetime:
        return self.clocks["database"]

    @rule(microseconds=st.integers(0, 30_000_000))
    def time_passes(self, microseconds: int) -> None:
        self.passed += microseconds
        self.clocks = {name: now + timedelta(microseconds=microseconds) for name, now in self.clocks.items()}

    @rule(name=st.sampled_from((*HOLDERS, "database")), microseconds=st.integers(0, 30_000_000))
    def a_clock_is_set_back(self, name: str, microseconds: int) -> None:
        self.clocks[name] -= timedelta(microseconds=microseconds)

    @rule(name=_holders, amount=_amounts)
    def grant(self, name: str, amount: int) -> None:
        bucket = refill(self.buckets[name], self.clocks[name])
        amount = min(amount, max(0, bucket.left))
        after = take(bucket, amount, self.clocks[name])
        if after is not None and amount:
            self.buckets[name] = after
            self.grants.append((self.passed, amount))

    @rule(name=_holders, amount=_amounts, alone=st.booleans(), heard=st.booleans())
    def ask(self, name: str, amount: int, alone: bool, heard: bool) -> None:  # noqa: FBT001 - drawn
        """Reply lost or not: the next trade states what is really kept."""
        bucket = refill(self.buckets[name], self.clocks[name])
        wanted = Portion(max(0, amount - bucket.limit), max(0, amount * MINUTE - bucket.level))
        self.shared = returned(self.shared, name, bucket.limit, 0, self.now)
        self.shared, gained = lent(self.shared, name, None if alone else wanted, self.now)
        if heard:
            self.buckets[name] = joined(bucket, gained, self.clocks[name])

    @rule(name=_holders, share=_amounts, level=_amounts, busy=_amounts, arrives=st.booleans())
    def part(self, name: str, share: int, level: int, busy: int, arrives: bool) -> None:  # noqa: FBT001 - drawn
        bucket, now = self.buckets[name], self.clocks[name]
        gone = portion(bucket, Portion(share, level * MINUTE), now, busy)
        self._give(name, gone, arrives=arrives)

    @rule(name=_holders, arrives=st.booleans())
    def give_all(self, name: str, arrives: bool) -> None:  # noqa: FBT001 - drawn
        self._give(name, everything(self.buckets[name], self.clocks[name]), arrives=arrives)

    @rule(name=_holders)
    def die(self, name: str) -> None:
        self.shared = returned(self.shared, name, 0, 0, self.now)
        self.buckets[name] = Bucket(0, 0, self.clocks[name])

    def _give(self, name: str, gone: Portion, *, arrives: bool) -> None:
        before = refill(self.buckets[name], self.clocks[name])
        after = without(before, gone, self.clocks[name])
        assert gone == NOTHING or 0 <= gone.share <= before.limit
        assert after.level <= after.limit * MINUTE
        self.buckets[name] = after
        if arrives:
            self.shared = returned(self.shared, name, after.limit, gone.level, self.now)

    @precondition(lambda self: hasattr(self, "shared"))
    @invariant()
    def shares_are_the_limit_at_most(self) -> None:
        assert self.shared.free.limit + sum(self.shared.shares.values()) == self.limit
        assert all(self.buckets[name].limit <= self.shared.shares.get(name, 0) for name in HOLDERS)

    @precondition(lambda self: hasattr(self, "shared"))
    @invariant()
    def nothing_comes_from_nowhere(self) -> None:
        """What can be granted at once is the limit at most; with what was granted, the limit and what has flowed in."""
        levels = sum(refill(self.buckets[name], self.clocks[name]).level for name in HOLDERS)
        levels += refill(self.shared.free, self.now).level
        assert levels <= self.limit * MINUTE
        granted = sum(amount for _, amount in self.grants)
        assert levels + granted * MINUTE <= self.limit * (MINUTE + self.passed)

    def teardown(self) -> None:
        """No window of time saw more than the limit and what flows in meanwhile."""
        for first, (begin, _) in enumerate(getattr(self, "grants", [])):
            granted = 0
            for end, amount in self.grants[first:]:
                granted += amount
                assert granted <= self.limit + Fraction((end - begin) * self.limit, MINUTE)


TestSharing = Sharing.TestCase
TestSharing.settings = settings(max_examples=100, stateful_step_count=50, deadline=None)

_buckets = st.builds(lambda limit, used: give(full(limit, START), -used, START), st.integers(0, 1000), st.integers(0, 1200))
_wanted = st.builds(Portion, st.integers(0, 1000), st.integers(0, 1000 * MINUTE))


@given(_buckets, _wanted, st.integers(0, 1000))
def test_what_is_parted_with_and_what_stays_are_the_whole(bucket: Bucket, wanted: Portion, busy: int) -> None:
    gone = portion(bucket, wanted, START, busy)
    rest = without(bucket, gone, START)
    assert joined(rest, gone, START) == bucket
    assert rest.level <= rest.limit * MINUTE
    assert gone.level <= gone.share * MINUTE


@given(_buckets, _wanted)
def test_who_has_enough_gives_what_is_wanted(bucket: Bucket, wanted: Portion) -> None:
    gone = portion(bucket, wanted, START)
    if 0 < wanted.level <= bucket.level:
        assert gone.level >= wanted.level
    if wanted.level and 0 < bucket.level < wanted.level:
        assert gone.level == bucket.level


def test_an_empty_bucket_gives_nothing_but_room() -> None:
    empty = Bucket(10, 0, START)
    assert portion(empty, Portion(0, MINUTE), START) == NOTHING
    assert portion(empty, Portion(7, MINUTE), START) == Portion(7, 0)


def test_room_for_what_may_come_back_is_kept_unless_another_needs_it() -> None:
    bucket = Bucket(100, 10 * MINUTE, START)
    assert portion(bucket, Portion(0, MINUTE), START, busy=90).share == 10
    assert portion(bucket, Portion(0, MINUTE), START).share == 50
    assert portion(bucket, Portion(60, MINUTE), START, busy=90).share == 60


def test_a_debt_goes_with_the_whole_and_stays_with_a_part() -> None:
    indebted = Bucket(10, -MINUTE, START)
    assert everything(indebted, START) == Portion(10, -MINUTE)
    assert without(indebted, portion(indebted, Portion(6, 1), START), START) == Bucket(4, -MINUTE, START)


def test_nothing_is_promised_of_a_share_of_nothing() -> None:
    assert available_at(Bucket(0, -MINUTE, START), 1, START) == START


@given(st.integers(0, 100), st.integers(0, 100), st.integers(0, 100))
def test_another_limit_never_adds_anything_at_once(limit: int, level: int, other: int) -> None:
    shared = SharedBucket(limit, min(level, limit) * MINUTE, START, {})
    found = resized(shared, other, START)
    assert found.level == min(shared.level, other * MINUTE)
    assert refill(found.free, START + timedelta(minutes=1)).level == other * MINUTE


@given(st.decimals(-10, 1000, places=4), st.decimals(0, 1000, places=4))
def test_money_is_parted_with_as_long_as_there_is_any(left: Decimal, wanted: Decimal) -> None:
    given_ = part_of(left, wanted)
    assert 0 <= given_ <= max(Decimal(0), left)
    assert given_ >= min(wanted, left)


def test_halves_of_halves_do_not_grow_digits() -> None:
    left = Decimal(10)
    for _ in range(40):
        left -= part_of(left, Decimal(0))
    assert 0 < left <= Decimal("0.000002")
    assert part_of(left, left) == left
