"""Reserve before the call, settle after: requests, tokens and money of a key, exact under concurrency."""

from datetime import UTC, datetime
from decimal import Decimal

from msgspec import Struct

from kyozon.domain.callers import ApiKey
from kyozon.domain.errors import BudgetReached, LimitReached
from kyozon.domain.language import Text
from kyozon.metering.limits import Bucket, available_at, full, give, refill, take
from kyozon.ports.records import Records
from kyozon.services.world import World


class Reservation(Struct, frozen=True):
    """What one request has taken until it is settled."""

    key: ApiKey
    tokens: int
    money: Decimal


class Remaining(Struct, frozen=True):
    """One ceiling as the rate-limit headers state it. `reset_seconds` until it is full again."""

    limit: int
    left: int
    reset_seconds: float


class _Purse(Struct):
    month: datetime
    spent: Decimal
    held: Decimal = Decimal(0)


class Limiter:
    """In-process state, one writer; money already spent this month is read from the ledger at a key's first request."""

    def __init__(self, records: Records, world: World) -> None:
        self._records = records
        self._world = world
        self._buckets: dict[tuple[str, str], Bucket] = {}
        self._purses: dict[str, _Purse] = {}

    async def reserve(self, key: ApiKey, tokens: int, money: Decimal) -> Reservation:
        """Take one request, `tokens` and `money`, or nothing at all.

        Raises:
            LimitReached: requests or tokens per minute.
            BudgetReached: money per month.
        """
        purse = await self._purse(key)
        budget = key.limits.money_per_month
        if purse is not None and budget is not None and purse.spent + purse.held + money > budget:
            raise _over_budget(key, budget, purse)
        wanted = {"requests": (key.limits.requests_per_minute, 1), "tokens": (key.limits.tokens_per_minute, tokens)}
        now = self._world.now()
        taken = {}
        for name, (limit, amount) in wanted.items():
            if limit is not None:
                if amount > limit:
                    raise _larger_than_limit(key, name, limit, amount)
                bucket = self._buckets.get((key.id, name)) or full(limit, now)
                after = take(bucket, amount, now)
                if after is None:
                    raise _over_limit(key, name, bucket, available_at(bucket, amount, now))
                taken[key.id, name] = after
        self._buckets.update(taken)
        if purse is not None:
            purse.held += money
        return Reservation(key, tokens, money)

    def settle(self, reservation: Reservation, tokens: int, money: Decimal) -> None:
        """Replace what was reserved by what was used."""
        name = (reservation.key.id, "tokens")
        if name in self._buckets:
            self._buckets[name] = give(self._buckets[name], reservation.tokens - tokens, self._world.now())
        purse = self._purses.get(reservation.key.id)
        if purse is not None:
            purse.held -= reservation.money
            purse.spent += money

    def remaining(self, key: ApiKey) -> dict[str, Remaining]:
        """The ceilings of a key as they stand, by `requests` and `tokens`; empty where it has none."""
        now = self._world.now()
        found = {}
        for name in ("requests", "tokens"):
            bucket = self._buckets.get((key.id, name))
            if bucket is not None:
                seconds = (available_at(bucket, bucket.limit, now) - now).total_seconds()
                found[name] = Remaining(bucket.limit, max(0, refill(bucket, now).left), seconds)
        return found

    async def _purse(self, key: ApiKey) -> _Purse | None:
        if key.limits.money_per_month is None:
            return None
        month = self._world.now().replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        purse = self._purses.get(key.id)
        if purse is None or purse.month != month:
            spent = await self._records.spent(key.id, month)
            # Another request may have read the ledger meanwhile: its purse, with its holds, is the one that counts.
            current = self._purses.get(key.id)
            if current is not None and current.month == month:
                return current
            purse = self._purses[key.id] = _Purse(month, spent, purse.held if purse else Decimal(0))
        return purse


_JAPANESE = {"requests": "リクエスト", "tokens": "トークン"}


def _larger_than_limit(key: ApiKey, name: str, limit: int, amount: int) -> LimitReached:
    ja = _JAPANESE[name]
    return LimitReached(
        Text(
            f"this request alone may take {amount} {name}, and key {key.name} may use {limit} per minute: waiting does not "
            "help. Shorten it, lower max_completion_tokens, or use a key with a higher limit.",
            f"この要求だけで {amount} {ja}に達し得ますが、キー {key.name} の上限は毎分 {limit} {ja}で、待っても通りません。"
            "要求を短くするか、max_completion_tokens を下げるか、上限の高いキーを使ってください。",
        ),
        name,
        None,
    )


def _over_limit(key: ApiKey, name: str, bucket: Bucket, when: datetime) -> LimitReached:
    ja = _JAPANESE[name]
    return LimitReached(
        Text(
            f"key {key.name} may use {bucket.limit} {name} per minute; try again at {when:%H:%M:%S} UTC.",
            f"キー {key.name} の上限は毎分 {bucket.limit} {ja}です。{when:%H:%M:%S} UTC 以降に再度お試しください。",
        ),
        name,
        when,
    )


def _over_budget(key: ApiKey, budget: Decimal, purse: _Purse) -> BudgetReached:
    following = datetime(purse.month.year + purse.month.month // 12, purse.month.month % 12 + 1, 1, tzinfo=UTC)
    return BudgetReached(
        Text(
            f"key {key.name} may spend {budget} this month; {purse.spent} is spent and {purse.held} reserved. It resets on "
            f"{following:%Y-%m-%d}, or use another key.",
            f"キー {key.name} の今月の予算は {budget} です（使用済み {purse.spent}、予約中 {purse.held}）。"
            f"{following:%Y-%m-%d} にリセットされます。別のキーもお使いいただけます。",
        ),
        following,
    )
