"""Ceilings per minute as token buckets (ITU-T I.371's leaky bucket as a meter): exact, and no burst at a minute's turn."""

from datetime import datetime, timedelta

from msgspec import Struct

MINUTE = 60_000_000
"""How many parts of a whole one flow back in a minute, one a microsecond for each of the limit."""
_MICROSECOND = timedelta(microseconds=1)


class Bucket(Struct, frozen=True):
    """What is left of a ceiling of `limit` per minute, as of `at`. It may be below zero after a settlement.

    `level` counts sixty-millionths, of which `limit` flow back in each microsecond: whole numbers, so nothing is rounded.
    """

    limit: int
    level: int
    at: datetime

    @property
    def left(self) -> int:
        """How many whole ones can be taken."""
        return self.level // MINUTE


def full(limit: int, now: datetime) -> Bucket:
    """A bucket nobody has taken from."""
    return Bucket(limit, limit * MINUTE, now)


def refill(bucket: Bucket, now: datetime) -> Bucket:
    """The bucket as of `now`; a clock that was set back refills nothing."""
    passed = max(0, (now - bucket.at) // _MICROSECOND)
    level = min(bucket.limit * MINUTE, bucket.level + passed * bucket.limit)
    return Bucket(bucket.limit, level, max(now, bucket.at))


def take(bucket: Bucket, amount: int, now: datetime) -> Bucket | None:
    """The bucket after taking `amount`, or None where it does not hold that much."""
    ready = refill(bucket, now)
    return Bucket(ready.limit, ready.level - amount * MINUTE, ready.at) if amount <= ready.left else None


def give(bucket: Bucket, amount: int, now: datetime) -> Bucket:
    """Give back what was reserved and not used; a negative amount takes what was used beyond it."""
    ready = refill(bucket, now)
    return Bucket(ready.limit, min(ready.limit * MINUTE, ready.level + amount * MINUTE), ready.at)


def available_at(bucket: Bucket, amount: int, now: datetime) -> datetime:
    """The first microsecond in which the bucket holds `amount` (at most its whole limit) if nobody takes more."""
    ready = refill(bucket, now)
    missing = min(amount, ready.limit) * MINUTE - ready.level
    if not ready.limit:
        return ready.at
    return ready.at + _MICROSECOND * -(-missing // ready.limit) if missing > 0 else ready.at
