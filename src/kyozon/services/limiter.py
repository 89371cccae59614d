"""Reserve before the call, settle after: requests, tokens and money, exact under concurrency.

A request counts against its key, its user, its tenant and each model it may reach; it takes from all of them or from none.
It takes from what this process holds of each ceiling; `services.leasing` says how processes share them.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from msgspec import Struct

from kyozon.domain.callers import ApiKey
from kyozon.domain.errors import BudgetReached, LimitReached
from kyozon.metering.limits import Bucket, available_at, give, refill, take
from kyozon.services.holdings import NO_MONEY, Held, Purse, Short
from kyozon.services.leasing import Leasing
from kyozon.services.scopes import Scope, SharedLimits, larger_than_limit, over_budget, over_limit
from kyozon.services.world import World

NOTHING: Mapping[str, tuple[int, Decimal]] = {}
_TRIES = 8
"""How often a request asks for more where others take at once what it was lent."""


class Taking(Struct, frozen=True):
    """What a request has taken of one ceiling, and from which holding: this process may hold another by the end."""

    scope: Scope
    meter: str
    holding: Held | Purse
    left: Bucket | None


class Reservation(Struct, frozen=True):
    """What one request has taken until it is settled: a request, `tokens` and `money`, wherever there is a ceiling."""

    takings: Sequence[Taking]
    tokens: int
    money: Decimal

    @property
    def budgeted(self) -> bool:
        """Whether somebody's money is limited, so that the answer may cost no more than was reserved."""
        return any(isinstance(taking.holding, Purse) for taking in self.takings)


class Remaining(Struct, frozen=True):
    """One ceiling as the rate-limit headers state it. `reset_seconds` until it is full again."""

    limit: int
    left: int
    reset_seconds: float


_NO_TAKINGS: tuple[Taking, ...] = ()


class Limiter:
    """The limits as one request meets them. Where it meets none, nothing here costs it anything."""

    def __init__(self, leasing: Leasing, world: World, shared: SharedLimits | None = None) -> None:
        self._leasing = leasing
        self._world = world
        self._shared = shared or SharedLimits()

    async def reserve(self, key: ApiKey, tokens: int, money: Decimal, models: Sequence[str] = ()) -> Reservation:
        """Take one request, `tokens` and `money` from the key, its user, its tenant and `models`, or nothing at all.

        Raises:
            LimitReached: requests or tokens per minute; the message says whose.
            BudgetReached: money per month.
            StorageUnavailable: this process does not hold enough, and cannot ask for more.
        """
        scopes = self._shared.scopes(key, models)
        if not scopes:
            return Reservation(_NO_TAKINGS, tokens, money)
        reservation = Reservation(await self._plan(scopes, tokens, money), tokens, money)
        # Nothing was awaited since the plan was made: what was weighed is what is taken.
        seconds = self._world.seconds()
        for taking in reservation.takings:
            holding = taking.holding
            holding.running += 1
            holding.used = seconds
            if isinstance(holding, Purse):
                holding.held += money
            elif taking.left is not None:
                holding.bucket = taking.left
                holding.reserved += tokens if taking.meter == "tokens" else 0
        return reservation

    @property
    def limits_models(self) -> bool:
        """Whether any model has ceilings of its own."""
        return bool(self._shared.models)

    async def has_room(self, model: str, tokens: int, money: Decimal) -> bool:
        """Whether a model's own ceilings leave room for such a request now; raises `StorageUnavailable` as `reserve`."""
        scope = self._shared.of_model(model)
        if scope is None:
            return True
        try:
            await self._plan([scope], tokens, money)
        except (LimitReached, BudgetReached):
            return False
        return True

    def settle(
        self, reservation: Reservation, tokens: int, money: Decimal, models: Mapping[str, tuple[int, Decimal]] = NOTHING
    ) -> None:
        """Replace what was reserved by what was used; `models` tells of each model that was called its share."""
        if not reservation.takings:
            return
        now, seconds = self._world.now(), self._world.seconds()
        for taking in reservation.takings:
            holding, scope = taking.holding, taking.scope
            called = scope.kind != "model" or scope.id in models
            used, spent = (tokens, money) if scope.kind != "model" else models.get(scope.id, (0, NO_MONEY))
            holding.running -= 1
            holding.used = seconds
            if isinstance(holding, Purse):
                holding.held -= reservation.money
                holding.spent += spent
            elif taking.meter == "tokens":
                holding.bucket = give(holding.bucket, reservation.tokens - used, now)
                holding.reserved -= reservation.tokens
            elif not called:
                holding.bucket = give(holding.bucket, 1, now)

    def remaining(self, key: ApiKey) -> dict[str, Remaining]:
        """What is left by `requests` and `tokens`, of the scope of this key that has least; empty without any ceiling.

        Of several processes each tells what it holds itself: so much is left at least.
        """
        found: dict[str, Remaining] = {}
        scopes = self._shared.scopes(key, ())
        if not scopes:
            return found
        now = self._world.now()
        for scope in scopes:
            for name in ("requests", "tokens"):
                held = self._leasing.buckets.get((scope.place, name))
                if held is None or not held.opened:
                    continue
                left = max(0, refill(held.bucket, now).left)
                if name not in found or left < found[name].left:
                    full = available_at(held.bucket, held.bucket.limit, now)
                    found[name] = Remaining(held.limit, left, (full - now).total_seconds())
        return found

    async def _plan(self, scopes: Sequence[Scope], tokens: int, money: Decimal) -> list[Taking]:
        """What to take from each of `scopes`, once there is enough in all of them; raises as `reserve`."""
        short: list[Short] = []
        for _ in range(_TRIES):
            if self._leasing.trusted_until < self._world.seconds():
                await self._leasing.trusted()
            short = []
            takings = [each for scope in scopes for each in self._weighed(scope, tokens, money, short)]
            if not short:
                return takings
            for each in short:
                if self._leasing.hopeless(each):
                    raise self._refusal(each)
            await self._leasing.more(short)
        raise self._refusal(short[0])

    def _weighed(self, scope: Scope, tokens: int, money: Decimal, short: list[Short]) -> Iterator[Taking]:
        """What a request would take in one scope; what this process holds too little of is added to `short`."""
        now = self._world.now()
        limits = scope.limits
        if limits.money_per_month is not None:
            purse = self._purse(scope, limits.money_per_month, now)
            yield Taking(scope, "money", purse, None)
            if not (purse.opened and purse.covers(money, now)):
                short.append(Short(scope, "money", money, purse))
        wanted = (("requests", limits.requests_per_minute, 1), ("tokens", limits.tokens_per_minute, tokens))
        for meter, limit, amount in wanted:
            if limit is None:
                continue
            if amount > limit:
                raise larger_than_limit(scope, meter, limit, amount)
            held = self._held(scope, meter, limit, now)
            left = take(held.bucket, amount, now) if held.opened else None
            yield Taking(scope, meter, held, left)
            if left is None:
                short.append(Short(scope, meter, amount, held))

    def _purse(self, scope: Scope, budget: Decimal, now: datetime) -> Purse:
        month = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        purse = self._leasing.purses.get(scope.place)
        if purse is None:
            purse = self._leasing.purses[scope.place] = Purse(scope.place, month, budget)
        if purse.month != month:
            purse.turn(month)
        if purse.budget != budget:
            purse.budget, purse.opened = budget, False
        return purse

    def _held(self, scope: Scope, meter: str, limit: int, now: datetime) -> Held:
        held = self._leasing.buckets.get((scope.place, meter))
        if held is None:
            held = Held(scope.place, meter, limit, Bucket(0, 0, now))
            self._leasing.buckets[held.pool] = held
        if held.limit != limit:
            held.limit, held.opened = limit, False
        return held

    def _refusal(self, short: Short) -> LimitReached | BudgetReached:
        holding, scope = short.holding, short.scope
        if isinstance(holding, Purse):
            return over_budget(scope, holding.spent_by_all, holding.held + holding.elsewhere, holding.month)
        # Others' shares refill, too: the whole limit is what the caller may count on.
        whole = Bucket(holding.limit, holding.bucket.level, holding.bucket.at)
        when = available_at(whole, int(short.amount), self._world.now())
        return over_limit(scope, short.meter, holding.limit, when)
