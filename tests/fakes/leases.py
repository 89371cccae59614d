"""Shared ceilings in memory: what one `SharedCeilings` holds is leased by as many servers as a test makes."""

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Literal

from kyozon.metering.limits import MINUTE
from kyozon.metering.shares import Portion, SharedBucket, lent, part_of, resized, returned
from kyozon.ports.leases import Lease, MoneyLease, MoneyTrade, Pool, RateLease, RateTrade, Trade, Word, word_of
from tests.fakes.memory import MemoryBook, Troubled

_NONE = Decimal(0)


class SharedCeilings:
    """What nobody leases, and who leases what. `now` is the database's clock; `said` is what servers told each other."""

    def __init__(self, book: MemoryBook, now: Callable[[], datetime]) -> None:
        self.book = book
        self.now = now
        self.buckets: dict[Pool, SharedBucket] = {}
        self.spent: dict[Pool, Decimal] = {}
        self.leased: dict[Pool, dict[str, tuple[Decimal, Decimal]]] = {}
        self.servers: dict[str, Callable[[Word], None]] = {}
        self.said: list[Word] = []


class MemoryLeases(Troubled):
    """Implements `Leases` for one server. `failing` may name `trade`, or `reply`: it is made, and nobody hears of it."""

    def __init__(self, ceilings: SharedCeilings, server: str = "srv_1") -> None:
        super().__init__([])
        self._shared = ceilings
        self._server = server
        self.trades = 0
        ceilings.servers[server] = lambda _: None

    def listen(self, heard: Callable[[Word], None]) -> None:
        """Be told what other servers say."""
        self._shared.servers[self._server] = heard

    async def trade(self, trades: Sequence[Trade], tell: Literal["ask", "gave"] | None = None) -> list[Lease]:
        await self._take_time("trade")
        self.trades += 1
        bases = [await self._ledger(trade) for trade in trades]
        found = [
            self._money(trade, base) if isinstance(trade, MoneyTrade) else self._rate(trade)
            for trade, base in zip(trades, bases, strict=True)
        ]
        for trade, lease in zip(trades, found, strict=True):
            if (word := word_of(self._server, trade, lease, tell)) is not None:
                self._tell(word)
        await self._take_time("reply")
        return found

    async def leave(self) -> None:
        await self._take_time("leave")
        held = [shared.shares.get(self._server) for shared in self._shared.buckets.values()]
        amounts = [leases.get(self._server, (_NONE, _NONE))[0] for leases in self._shared.leased.values()]
        if not any(held) and not any(amounts):
            self._shared.servers.pop(self._server, None)

    async def void(self, server: str) -> None:
        await self._take_time("void")
        for pool, shared in self._shared.buckets.items():
            self._shared.buckets[pool] = returned(shared, server, 0, 0, self._shared.now())
        for pool, leases in self._shared.leased.items():
            _, reported = leases.pop(server, (_NONE, _NONE))
            in_ledger = await self._spent(pool)  # the book does not know of servers: right where only the dead one spent
            self._shared.spent[pool] += max(_NONE, in_ledger - reported)
        self._shared.servers.pop(server, None)

    def _rate(self, trade: RateTrade) -> RateLease:
        now, pool = self._shared.now(), (trade.place, trade.meter)
        initial = SharedBucket(trade.limit, trade.limit * MINUTE, now, {})
        shared = resized(self._shared.buckets.get(pool, initial), trade.limit, now)
        kept = min(trade.kept, shared.shares.get(self._server, 0))
        shared, given = returned(shared, self._server, kept, trade.back if kept == trade.kept else 0, now), Portion(0, 0)
        if trade.level is not None:
            wanted = None if len(self._shared.servers) == 1 else Portion(trade.room, trade.level)
            shared, given = lent(shared, self._server, wanted, now)
        self._shared.buckets[pool] = shared
        others = sum(1 for name, share in shared.shares.items() if share and name != self._server)
        return RateLease(shared.shares.get(self._server, 0), given.level, others)

    def _money(self, trade: MoneyTrade, base: Decimal) -> MoneyLease:
        pool = (trade.place, trade.meter)
        leases = self._shared.leased.setdefault(pool, {})
        mine, reported = leases.get(self._server, (_NONE, _NONE))
        spent = self._shared.spent.setdefault(pool, base) + max(_NONE, trade.spent - reported)
        others = [amount for name, (amount, _) in leases.items() if name != self._server and amount]
        amount = min(trade.kept, mine)
        if trade.wanted is not None:
            left = trade.budget - spent - amount - sum(others)
            amount += max(_NONE, left) if len(self._shared.servers) == 1 else part_of(left, trade.wanted)
        self._shared.spent[pool] = spent
        leases[self._server] = amount, max(reported, trade.spent)
        return MoneyLease(amount, spent, len(others), sum(others, _NONE))

    async def _ledger(self, trade: Trade) -> Decimal:
        if isinstance(trade, RateTrade) or (trade.place, trade.meter) in self._shared.spent:
            return _NONE
        return await self._spent((trade.place, trade.meter))

    async def _spent(self, pool: Pool) -> Decimal:
        (kind, tenant, name), meter = pool
        since = datetime.strptime(f"{meter} +0000", "money %Y-%m %z")
        if kind == "key":
            return await self._shared.book.spent(name, since)
        user, model = (name if kind == each else None for each in ("user", "model"))
        return await self._shared.book.spent_by(since, tenant=tenant or None, user=user, model=model)

    def _tell(self, word: Word) -> None:
        self._shared.said.append(word)
        for server, heard in self._shared.servers.items():
            if server != self._server:
                heard(word)
