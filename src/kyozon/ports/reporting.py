"""What reports count besides decisions, and what the audit log says of itself."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from msgspec import Struct

from kyozon.domain.decisions import Decision, Outcome
from kyozon.domain.reports import Period


class Happenings(Protocol):
    """Counts over a period; every method may raise `StorageUnavailable`."""

    async def events(self, period: Period) -> Mapping[str, int]:
        """How many audit events there were of each action (`subject:action`)."""
        ...

    async def stored(self, period: Period) -> Mapping[str, int]:
        """How many stored values there are of each kind that were kept before the period's end."""
        ...


class Settled(Struct, frozen=True):
    """A request that has ended, and by currency what the ledger says was paid for it: for all of its calls.

    `decision` and `outcome` are None where they were pruned or cannot be read. `source` is how the request ended whose
    answer the cache gave again.
    """

    at: datetime
    key_id: str
    currency: str
    paid: Mapping[str, Decimal]
    decision: Decision | None
    outcome: Outcome | None
    source: Outcome | None = None


class Settlements(Protocol):
    """Requests with their money; raises `StorageUnavailable`."""

    def over(self, period: Period) -> AsyncIterator[Settled]:
        """Every request that ended in the period, in the order of their ends."""
        ...


class Examined(Struct, frozen=True):
    """What an examination of the whole audit log has found; `last_signed` is the size of its last checkpoint."""

    sound: bool
    findings: int
    leaves: int
    waiting: int
    checkpoints: int
    last_signed: int | None
    erased: int
    pruned: int


Examine = Callable[[], Awaitable[Examined]]
"""Examines the log; raises `StorageUnavailable`."""
