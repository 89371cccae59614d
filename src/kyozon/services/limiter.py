"""Reserve before the call, settle after: requests, tokens and money, exact under concurrency.

A request counts against its key, its user, its tenant and each model it may reach; it takes from all of them or from none.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from msgspec import Struct

from kyozon.domain.callers import ApiKey
from kyozon.domain.errors import BudgetReached, LimitReached
from kyozon.metering.limits import Bucket, available_at, full, give, refill, take
from kyozon.ports.records import Records
from kyozon.services.scopes import Kind, Scope, SharedLimits, larger_than_limit, over_budget, over_limit
from kyozon.services.world import World

NOTHING: Mapping[str, tuple[int, Decimal]] = {}
_NO_MONEY = Decimal(0)


class Reservation(Struct, frozen=True):
    """What one request has taken from each of its scopes until it is settled."""

    scopes: tuple[Scope, ...]
    tokens: int
    money: Decimal

    @property
    def budgeted(self) -> bool:
        """Whether somebody's money is limited, so that the answer may cost no more than was reserved."""
        return any(scope.limits.money_per_month is not None for scope in self.scopes)


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
    """In-process state, one writer; money already spent this month is read from the ledger at a scope's first request."""

    def __init__(self, records: Records, world: World, shared: SharedLimits | None = None) -> None:
        self._records = records
        self._world = world
        self._shared = shared or SharedLimits()
        self._buckets: dict[tuple[tuple[Kind, str, str], str], Bucket] = {}
        self._purses: dict[tuple[Kind, str, str], _Purse] = {}

    async def reserve(self, key: ApiKey, tokens: int, money: Decimal, models: Sequence[str] = ()) -> Reservation:
        """Take one request, `tokens` and `money` from the key, its user, its tenant and `models`, or nothing at all.

        Raises:
            LimitReached: requests or tokens per minute; the message says whose.
            BudgetReached: money per month.
        """
        scopes = self._shared.scopes(key, models)
        for scope in scopes:
            await self._open_purse(scope)
        # From here on nothing is awaited: what is checked is what is taken.
        taken: dict[tuple[tuple[Kind, str, str], str], Bucket] = {}
        for scope in scopes:
            self._check_money(scope, money)
            taken |= self._taken(scope, tokens)
        self._buckets |= taken
        for scope in scopes:
            if scope.limits.money_per_month is not None:
                self._purses[scope.place].held += money
        return Reservation(scopes, tokens, money)

    @property
    def limits_models(self) -> bool:
        """Whether any model has ceilings of its own."""
        return bool(self._shared.models)

    async def has_room(self, model: str, tokens: int, money: Decimal) -> bool:
        """Whether a model's own ceilings leave room for such a request now."""
        scope = self._shared.of_model(model)
        if scope is None:
            return True
        await self._open_purse(scope)
        try:
            self._check_money(scope, money)
            self._taken(scope, tokens)
        except (LimitReached, BudgetReached):
            return False
        return True

    def settle(
        self, reservation: Reservation, tokens: int, money: Decimal, models: Mapping[str, tuple[int, Decimal]] = NOTHING
    ) -> None:
        """Replace what was reserved by what was used; `models` tells of each model that was called its share."""
        now = self._world.now()
        for scope in reservation.scopes:
            used, spent = (tokens, money) if scope.kind != "model" else models.get(scope.id, (0, _NO_MONEY))
            self._give(scope, "tokens", reservation.tokens - used, now)
            if scope.kind == "model" and scope.id not in models:
                self._give(scope, "requests", 1, now)
            purse = self._purses.get(scope.place)
            if purse is not None:
                purse.held -= reservation.money
                purse.spent += spent

    def remaining(self, key: ApiKey) -> dict[str, Remaining]:
        """What is left by `requests` and `tokens`, of the scope of this key that has least; empty without any ceiling."""
        now = self._world.now()
        found: dict[str, Remaining] = {}
        for scope in self._shared.scopes(key, ()):
            for name in ("requests", "tokens"):
                bucket = self._buckets.get((scope.place, name))
                if bucket is None:
                    continue
                left = max(0, refill(bucket, now).left)
                if name not in found or left < found[name].left:
                    seconds = (available_at(bucket, bucket.limit, now) - now).total_seconds()
                    found[name] = Remaining(bucket.limit, left, seconds)
        return found

    def _taken(self, scope: Scope, tokens: int) -> dict[tuple[tuple[Kind, str, str], str], Bucket]:
        """The buckets of a scope as they stand once the request has taken from them."""
        now = self._world.now()
        taken = {}
        wanted = (("requests", scope.limits.requests_per_minute, 1), ("tokens", scope.limits.tokens_per_minute, tokens))
        for name, limit, amount in wanted:
            if limit is None:
                continue
            if amount > limit:
                raise larger_than_limit(scope, name, limit, amount)
            bucket = self._buckets.get((scope.place, name)) or full(limit, now)
            after = take(bucket, amount, now)
            if after is None:
                raise over_limit(scope, name, limit, available_at(bucket, amount, now))
            taken[scope.place, name] = after
        return taken

    def _give(self, scope: Scope, name: str, amount: int, now: datetime) -> None:
        bucket = self._buckets.get((scope.place, name))
        if bucket is not None and amount:
            self._buckets[scope.place, name] = give(bucket, amount, now)

    def _check_money(self, scope: Scope, money: Decimal) -> None:
        budget = scope.limits.money_per_month
        if budget is None:
            return
        purse = self._purses[scope.place]
        if purse.spent + purse.held + money > budget:
            raise over_budget(scope, purse.spent, purse.held, purse.month)

    async def _open_purse(self, scope: Scope) -> None:
        """Make the scope's purse that of this month, where its money is limited."""
        if scope.limits.money_per_month is None:
            return
        month = self._world.now().replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        purse = self._purses.get(scope.place)
        if purse is not None and purse.month == month:
            return
        spent = await self._spent(scope, month)
        # Another request may have read the ledger meanwhile: its purse, with its holds, is the one that counts.
        purse = self._purses.get(scope.place)
        if purse is None or purse.month != month:
            self._purses[scope.place] = _Purse(month, spent, purse.held if purse else _NO_MONEY)

    async def _spent(self, scope: Scope, since: datetime) -> Decimal:
        if scope.kind == "key":
            return await self._records.spent(scope.id, since)
        user = scope.id if scope.kind == "user" else None
        model = scope.id if scope.kind == "model" else None
        return await self._records.spent_by(since, tenant=scope.tenant or None, user=user, model=model)
