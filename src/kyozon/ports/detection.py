"""Finding personal data and secrets: the looking is done in a process of its own, which may fail or take too long."""

from collections.abc import Sequence
from typing import Protocol

from kyozon.domain.masking import Span


class DetectionFailed(Exception):
    """Nobody knows what stands in the texts; `reason` is a word for the record. It never reaches a caller: labels do."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Detection(Protocol):
    """Looks texts through, in a bounded time; nothing of them leaves this host. Both raise `DetectionFailed`."""

    @property
    def checks(self) -> tuple[str, ...]:
        """The names of what `leftovers` asks."""
        ...

    async def find(self, texts: Sequence[str]) -> list[tuple[Span, ...]]:
        """What stands in each text, and wherever else in them the same or a part of it stands; in order, no overlaps."""
        ...

    async def leftovers(self, texts: Sequence[str], removed: Sequence[str]) -> list[str]:
        """The names of the checks that texts about to leave do not pass; empty where nothing of `removed` is left."""
        ...
