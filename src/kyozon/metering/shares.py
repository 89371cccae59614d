"""One ceiling in several hands: parts that refill apart, and are together never above the whole.

A bucket is split by its limit: whoever holds a share of 20 of a limit of 60 has a bucket of 20 that gets 20 a minute.
Shares sum to the limit at most, so what all grant in any span of time is at most what one bucket could have granted.
Money does not flow back: there a lease is an amount, and leases and what is spent sum to the budget at most.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import ROUND_DOWN, Decimal

from msgspec import Struct, structs

from kyozon.metering.limits import MINUTE, Bucket, refill

_GRAIN = Decimal("0.000001")
"""What is halved is rounded down to this, or amounts would grow a digit at each halving."""


class Portion(Struct, frozen=True):
    """A part of a bucket on its way from one holder to another: `share` of its limit, `level` of what is in it."""

    share: int
    level: int


NOTHING = Portion(0, 0)


class SharedBucket(Struct, frozen=True):
    """A ceiling per minute as its holders share it: `level` is in the part that nobody holds, as of `at`."""

    limit: int
    level: int
    at: datetime
    shares: Mapping[str, int]

    @property
    def free(self) -> Bucket:
        """The part that nobody holds."""
        return Bucket(max(0, self.limit - sum(self.shares.values())), self.level, self.at)


def everything(bucket: Bucket, now: datetime) -> Portion:
    """The whole of a bucket; a debt goes with it."""
    return Portion(bucket.limit, refill(bucket, now).level)


def portion(bucket: Bucket, wanted: Portion, now: datetime, busy: int = 0) -> Portion:
    """What a holder parts with for one who wants `wanted`: that if it has it, or half of what is there if that is more.

    Of its share it keeps `busy`, the room for what may come back to it, unless that leaves the other without room.
    """
    ready = refill(bucket, now)
    level = min(max(0, ready.level), max(wanted.level, _half(ready.level)))
    if not level and not wanted.share:
        return NOTHING
    whole = -(-level // MINUTE)
    share = min(ready.limit, max(min(_half(ready.limit), ready.limit - busy), whole, wanted.share))
    return Portion(share, max(level, ready.level - (ready.limit - share) * MINUTE))


def without(bucket: Bucket, gone: Portion, now: datetime) -> Bucket:
    """The bucket after it has parted with a portion."""
    ready = refill(bucket, now)
    return Bucket(ready.limit - gone.share, ready.level - gone.level, ready.at)


def joined(bucket: Bucket, come: Portion, now: datetime) -> Bucket:
    """The bucket with a portion put into it."""
    ready = refill(bucket, now)
    limit = ready.limit + come.share
    return Bucket(limit, min(limit * MINUTE, ready.level + come.level), ready.at)


def resized(shared: SharedBucket, limit: int, now: datetime) -> SharedBucket:
    """The ceiling set to another limit; what is above a lower one is gone, what a higher one adds flows in with time."""
    free = refill(shared.free, now)
    found = SharedBucket(limit, free.level, free.at, shared.shares)
    return structs.replace(found, level=refill(found.free, free.at).level)


def returned(shared: SharedBucket, holder: str, kept: int, level: int, now: datetime) -> SharedBucket:
    """After a holder has told that of its share it keeps `kept`; `level` comes with the rest of it, none where it died."""
    mine = shared.shares.get(holder, 0)
    free = joined(shared.free, Portion(mine - kept, level), now)
    shares = {**shared.shares, holder: kept}
    return SharedBucket(shared.limit, free.level, free.at, {name: share for name, share in shares.items() if share})


def lent(shared: SharedBucket, holder: str, wanted: Portion | None, now: datetime) -> tuple[SharedBucket, Portion]:
    """After a holder was given of what is free, and what that is. One that is alone, and says None, gets all of it."""
    free = shared.free
    given = everything(free, now) if wanted is None else portion(free, wanted, now)
    left = without(free, given, now)
    share = shared.shares.get(holder, 0) + given.share
    shares = {**shared.shares, holder: share} if share else shared.shares
    return SharedBucket(shared.limit, left.level, left.at, shares), given


def part_of(left: Decimal, wanted: Decimal) -> Decimal:
    """What is given of money that is left: what is wanted if it is there, and half of it if that is more."""
    half = (left / 2).quantize(_GRAIN, ROUND_DOWN)
    return max(Decimal(0), min(left, max(wanted, half)))


def _half(amount: int) -> int:
    return -(-amount // 2)
