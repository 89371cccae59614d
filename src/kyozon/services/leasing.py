"""Leases parts of the shared ceilings and returns them: so limits hold for all processes, and requests ask nobody.

Alone, a process is lent the whole of each ceiling it needs. Of several each is lent what it needs, or half of what is free;
where too little is, those that hold the rest are asked, and give what they do not use. What is idle is returned.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from decimal import Decimal
from typing import Literal

from kyozon.domain.errors import StorageUnavailable
from kyozon.domain.language import Text
from kyozon.metering.shares import Portion, everything, joined, part_of, portion, without
from kyozon.ports.leases import Lease, Leases, MoneyLease, MoneyTrade, Place, Pool, RateLease, RateTrade, Trade, Word
from kyozon.services.holdings import NO_MONEY, Held, Purse, Short
from kyozon.services.lasting import Lasting
from kyozon.services.world import World

_ANSWER_SECONDS = 0.5
"""How long a request waits for what others may give. They answer within milliseconds, or are busy, or dead."""
_REST_SECONDS = 0.5
"""After nobody had more, requests are refused so long without asking again."""
_TEND_SECONDS = 5.0
_IDLE_SECONDS = 15.0


class Leasing:
    """What this process holds. Nothing may be granted from it after `trusted_until` (seconds of the world's clock)."""

    def __init__(self, leases: Leases, world: World, patience: float = 5.0) -> None:
        """`patience` is how many seconds a request waits where nobody knows whether what is held is still held."""
        self._leases = leases
        self._world = world
        self._patience = patience
        self._trading = asyncio.Lock()
        self._lasting = Lasting()
        self._asking: dict[Pool, asyncio.Task[None]] = {}
        self._answers: dict[Pool, _Answers] = {}
        self._confirmed = asyncio.Event()
        self.buckets: dict[Pool, Held] = {}
        self.purses: dict[Place, Purse] = {}
        self.trusted_until = float("-inf")

    def confirm(self, until: float) -> None:
        """The others take this process for alive until then at least."""
        self.trusted_until = until
        self._confirmed.set()
        self._confirmed = asyncio.Event()

    def void(self) -> None:
        """The others have taken this process for dead: what it held is not its own any more."""
        self.buckets.clear()
        self.purses.clear()

    async def trusted(self) -> None:
        """Wait until it is certain that what is held is still held; raises `StorageUnavailable`."""
        while self.trusted_until < self._world.seconds():
            try:
                async with asyncio.timeout(self._patience):
                    await self._confirmed.wait()
            except TimeoutError:
                raise StorageUnavailable(_UNKNOWN) from None

    def hopeless(self, short: Short) -> bool:
        """Whether asking for more would be in vain."""
        holding = short.holding
        return holding.opened and (holding.whole or holding.resting > self._world.seconds())

    async def more(self, short: Sequence[Short]) -> None:
        """Ask for what is short, once for all requests that lack it now; raises `StorageUnavailable`."""
        pools = [each.holding.pool for each in short]
        under_way = next((self._asking[pool] for pool in pools if pool in self._asking), None)
        if under_way is None:
            under_way = self._lasting.begin(self._ask(short))
            under_way.add_done_callback(self._asked)
            self._asking |= dict.fromkeys(pools, under_way)
        await asyncio.shield(under_way)

    def heard(self, word: Word) -> None:
        """Another process wants something, or has given what it could."""
        if word.wanted is not None:
            self._lasting.begin(self._give(word))
        elif (answers := self._answers.get((word.place, word.meter))) is not None:
            answers.add(word)

    async def tend(self) -> None:
        """Return what is idle; runs until cancelled."""
        while True:
            await self._world.sleep(_TEND_SECONDS)
            with suppress(StorageUnavailable):  # what could not be said now is said the next time
                await self.give_back(_IDLE_SECONDS)

    async def give_back(self, idle_seconds: float) -> None:
        """Return what no request has used for so long, or has not settled yet; raises `StorageUnavailable`."""
        before = self._world.seconds() - idle_seconds
        async with self._trading:
            holdings: list[Held | Purse] = [each for each in self.buckets.values() if _idle(each, before)]
            holdings += [each for each in self.purses.values() if _idle(each, before) and each.concerns_others]
            if not holdings:
                return
            await self._trade([(each, self._returned(each)) for each in holdings], None)
            for each in holdings:
                # Where somebody asks for more meanwhile, it is this very holding that the answer is put into.
                if isinstance(each, Held) and not each.running and each.pool not in self._asking:
                    self.buckets.pop(each.pool, None)

    async def stop(self) -> None:
        """Return everything and leave, as far as the database can be told."""
        await self._lasting.drain()
        with suppress(StorageUnavailable):
            await self.give_back(0.0)
            await self._leases.leave()

    def _asked(self, done: asyncio.Task[None]) -> None:
        self._asking = {pool: task for pool, task in self._asking.items() if task is not done}
        if not done.cancelled():
            done.exception()  # whoever still waits has been told

    async def _ask(self, short: Sequence[Short]) -> None:
        answers = _Answers(self._world.seconds() + _ANSWER_SECONDS)
        pools = [each.holding.pool for each in short]
        self._answers |= dict.fromkeys(pools, answers)
        try:
            lacking = await self._lease(short, "ask")
            while lacking and await answers.more_for(lacking, self._world):
                lacking = await self._lease([each for each, _ in lacking], None)
        finally:
            for pool in pools:
                self._answers.pop(pool, None)
        for each in short:
            if not each.holding.covers(each.amount, self._world.now()):
                each.holding.resting = self._world.seconds() + _REST_SECONDS

    async def _lease(self, short: Sequence[Short], tell: Literal["ask"] | None) -> "list[tuple[Short, int]]":
        """Lease what is free; what is short then all the same, and how many others hold something of it."""
        async with self._trading:
            lent = await self._trade([(each.holding, self._wanted(each)) for each in short], tell)
        now = self._world.now()
        found = [(each, lease.others) for each, lease in zip(short, lent, strict=True)]
        return [(each, others) for each, others in found if others and not each.holding.covers(each.amount, now)]

    async def _give(self, word: Word) -> None:
        """Part with what another process wants, or say that there is nothing of it."""
        with suppress(StorageUnavailable):
            async with self._trading:
                holding = self._holding(word)
                if holding is not None:
                    await self._trade([(holding, self._parted(holding, word))], "gave")

    def _holding(self, word: Word) -> Held | Purse | None:
        pool = word.place, word.meter
        purse = self.purses.get(word.place)
        return purse if purse is not None and purse.pool == pool else self.buckets.get(pool)

    async def _trade(self, made: Sequence[tuple[Held | Purse, Trade]], tell: Literal["ask", "gave"] | None) -> list[Lease]:
        lent = await self._leases.trade([trade for _, trade in made], tell)
        now = self._world.now()
        for (holding, trade), lease in zip(made, lent, strict=True):
            if isinstance(holding, Held) and isinstance(trade, RateTrade) and isinstance(lease, RateLease):
                holding.bucket = joined(holding.bucket, Portion(lease.share - trade.kept, lease.level), now)
                holding.opened = True
            elif isinstance(holding, Purse) and isinstance(trade, MoneyTrade) and isinstance(lease, MoneyLease):
                _note(holding, trade, lease)
        return lent

    def _wanted(self, short: Short) -> Trade:
        holding = short.holding
        if isinstance(holding, Purse):
            lacking = holding.held + Decimal(short.amount) - _kept(holding)
            return _money(holding, max(NO_MONEY, lacking))
        level, room = holding.missing(int(short.amount), self._world.now())
        return RateTrade(holding.place, holding.meter, holding.limit, holding.bucket.limit, level=level, room=room)

    def _returned(self, holding: Held | Purse) -> Trade:
        """All that nobody waits for. From here on none of it is granted, whether or not the trade comes through."""
        if isinstance(holding, Purse):
            holding.amount -= max(NO_MONEY, holding.unspent - holding.held)
            return _money(holding, None)
        return self._without(holding, everything(holding.bucket, self._world.now()))

    def _parted(self, holding: Held | Purse, word: Word) -> Trade:
        """What another process is given."""
        wanted = word.wanted or NO_MONEY
        if isinstance(holding, Purse):
            holding.amount -= part_of(holding.unspent - holding.held, wanted)
            return _money(holding, None)
        lacking = Portion(word.room, int(wanted))
        return self._without(holding, portion(holding.bucket, lacking, self._world.now(), holding.reserved))

    def _without(self, holding: Held, gone: Portion) -> RateTrade:
        holding.bucket = without(holding.bucket, gone, self._world.now())
        return RateTrade(holding.place, holding.meter, holding.limit, holding.bucket.limit, gone.level)


class _Answers:
    """Who has answered an ask so far."""

    def __init__(self, until: float) -> None:
        self._until = until
        self._come: set[tuple[str, Pool]] = set()
        self._new = asyncio.Event()

    def add(self, word: Word) -> None:
        self._come.add((word.server, (word.place, word.meter)))
        self._new.set()

    async def more_for(self, lacking: Sequence[tuple[Short, int]], world: World) -> bool:
        """Wait for one more from somebody who holds what is lacking; False where none is to come, or comes in time."""
        if not self._new.is_set() and any(self._count(each.holding.pool) < others for each, others in lacking):
            with suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, self._until - world.seconds())):
                    await self._new.wait()
        came = self._new.is_set()
        self._new.clear()
        return came

    def _count(self, pool: Pool) -> int:
        return sum(1 for _, answered in self._come if answered == pool)


def _idle(holding: Held | Purse, before: float) -> bool:
    return not holding.running and holding.used <= before


def _kept(purse: Purse) -> Decimal:
    return max(NO_MONEY, purse.unspent)


def _money(purse: Purse, wanted: Decimal | None) -> MoneyTrade:
    return MoneyTrade(purse.place, purse.month, purse.budget, _kept(purse), purse.spent, wanted)


def _note(purse: Purse, trade: MoneyTrade, lease: MoneyLease) -> None:
    if purse.month == trade.month:  # else a month began meanwhile, and this is of the one before
        purse.opened, purse.amount, purse.reported = True, lease.amount, trade.spent
        purse.settled, purse.elsewhere = lease.spent, lease.elsewhere


_UNKNOWN = Text(
    "the database does not answer, so nobody knows what this process may still grant of the limits. Check with "
    "'kyozon doctor' that PostgreSQL runs and is reachable, then try again.",
    "データベースが応答しないため、上限の残りを確認できません。PostgreSQL が動いていて接続できるかを"
    "「kyozon doctor」で確認し、もう一度お試しください。",
)
