"""What reports count besides decisions, and what the audit log says of itself."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from msgspec import Struct

from kyozon.domain.reports import Period


class Happenings(Protocol):
    """Counts over a period; every method may raise `StorageUnavailable`."""

    async def events(self, period: Period) -> Mapping[str, int]:
        """How many audit events there were of each action (`subject:action`)."""
        ...

    async def stored(self, period: Period) -> Mapping[str, int]:
        """How many stored values there are of each kind that were kept before the period's end."""
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
