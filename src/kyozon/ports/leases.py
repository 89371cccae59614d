"""Ceilings that all processes of an installation share: each leases a part, and grants from it without asking anybody."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Literal, Protocol

from msgspec import Struct

Place = tuple[str, str, str]
"""Whose ceiling it is: kind (`key`, `user`, `tenant` or `model`), tenant and identifier."""


Pool = tuple[Place, str]
"""One ceiling: whose, and its meter, which is `requests`, `tokens` or the money of one month."""


def money_meter(month: datetime) -> str:
    """The meter of a month's money, as in `money 2026-11`."""
    return f"money {month:%Y-%m}"


class RateTrade(Struct, frozen=True):
    """What a process gives back of a ceiling per minute, and what it wants.

    Of its share it keeps `kept`; `back` is the level of the rest, in sixty-millionths as in `metering.limits`. It lacks
    `level`, and `room`, which is share; a trade that wants nothing says None.
    """

    place: Place
    meter: str
    limit: int
    kept: int
    back: int = 0
    level: int | None = None
    room: int = 0


class MoneyTrade(Struct, frozen=True):
    """What a process keeps of a month's money, all it has spent since it first leased some, and what it wants besides."""

    place: Place
    month: datetime
    budget: Decimal
    kept: Decimal
    spent: Decimal
    wanted: Decimal | None = None

    @property
    def meter(self) -> str:
        """The meter of its month."""
        return money_meter(self.month)


class RateLease(Struct, frozen=True):
    """A process's share after a trade, the level that came with what is new of it, and how many others hold shares."""

    share: int
    level: int
    others: int


class MoneyLease(Struct, frozen=True):
    """A process's money after a trade, what everybody has spent this month, how many others hold how much."""

    amount: Decimal
    spent: Decimal
    others: int
    elsewhere: Decimal


Trade = RateTrade | MoneyTrade
Lease = RateLease | MoneyLease
_NONE = Decimal(0)


class Word(Struct, frozen=True):
    """What one process tells the others of a ceiling: that it wants so much (as a trade does), or, None, that it gave."""

    server: str
    place: Place
    meter: str
    wanted: Decimal | None = None
    room: int = 0


def word_of(server: str, trade: Trade, lease: Lease, tell: Literal["ask", "gave"] | None) -> Word | None:
    """What a server tells the others about a trade, None where it does not concern them."""
    if tell == "gave":
        return Word(server, trade.place, trade.meter)
    if tell is None or not lease.others:
        return None
    wanted, room = _NONE, 0
    if isinstance(trade, MoneyTrade) and isinstance(lease, MoneyLease):
        wanted = (trade.wanted or _NONE) - lease.amount + trade.kept
    elif isinstance(trade, RateTrade) and isinstance(lease, RateLease):
        wanted, room = Decimal((trade.level or 0) - lease.level), trade.room - lease.share + trade.kept
    if wanted <= 0 and room <= 0:
        return None
    return Word(server, trade.place, trade.meter, max(_NONE, wanted), max(0, room))


class Leases(Protocol):
    """The shared ceilings. Every method may raise `StorageUnavailable`; a trade may then have been made all the same.

    So every trade states the whole of what the process keeps: the next one sets right what went wrong with this one.
    """

    async def trade(self, trades: Sequence[Trade], tell: Literal["ask", "gave"] | None = None) -> list[Lease]:
        """Make all trades, or none.

        `ask`: where one leaves a want that others could meet, they are told. `gave`: this answers such a word, and all are
        told, whether or not there was anything to give.
        """
        ...

    async def leave(self) -> None:
        """Be a server no more; the others would bury one that still held something."""
        ...

    async def void(self, server: str) -> None:
        """Take back what a dead process held: its share empty, its money less what the ledger says it has spent."""
        ...
