"""The audit log: what is told to it, and what is read of it to examine and to prove."""

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from kyozon.domain.audit import AuditEvent, Evidence, LeafKind, Node, Note, Span, Subject


class AuditTrail(Protocol):
    """Takes events. Decisions, outcomes and keys need not be told: the log commits to them with the record itself."""

    async def record(self, event: AuditEvent) -> None:
        """Make an event durable; raises `StorageUnavailable` where that fails: then what it tells of must not happen."""
        ...


class AuditLog(Protocol):
    """Reading the log. Every method may raise `StorageUnavailable`."""

    async def size(self) -> int:
        """How many leaves have their place in the tree."""
        ...

    async def waiting(self) -> int:
        """How many records have a leaf without a place yet."""
        ...

    def evidence(self) -> AsyncIterator[Sequence[Evidence]]:
        """Every leaf with its record, in the tree's order, some thousand at a time."""
        ...

    async def one(self, kind: LeafKind, ref: str) -> Evidence | None:
        """The leaf of one record, None where it has no place in the tree."""
        ...

    async def nodes(self) -> Sequence[Node]:
        """Every node that is kept."""
        ...

    async def hash_of(self, span: Span) -> bytes:
        """The hash over a span of leaves, from what is kept; raises `LookupError` where parts of it are missing."""
        ...

    async def notes(self) -> Sequence[Note]:
        """Every signed checkpoint that is kept, oldest first."""
        ...

    async def newest(self) -> Note | None:
        """The last checkpoint."""
        ...

    async def subjects(self) -> Sequence[Subject]:
        """Every pseudonym and, unless erased, whose it is."""
        ...

    async def unlogged(self, most: int) -> Sequence[str]:
        """Records without a leaf that are not waiting for one either, as `KIND ID`; at most so many."""
        ...

    async def told(self, action: str) -> Sequence[AuditEvent]:
        """The events of one action, oldest first."""
        ...


class Trust(Protocol):
    """Whose signatures count."""

    def holds(self, note: Note) -> bool:
        """Whether a trusted key has signed it."""
        ...
