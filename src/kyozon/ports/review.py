"""The review queue and the grants at rest."""

from datetime import datetime
from typing import Protocol

from msgspec import Struct

from kyozon.domain.audit import AuditEvent
from kyozon.domain.provenance import Relabelling
from kyozon.domain.review import Claim, Grant, ReviewItem, ReviewState


class Lowered(Struct, frozen=True):
    """The change of a label that an approval brings about, and the event that tells of it."""

    change: Relabelling
    event: AuditEvent


class Reviews(Protocol):
    """What waits for a person. Content lies there encrypted, until it is decided on; approved answers until they expire.

    Each `event` becomes durable together with what it tells of, or not at all. Every method may raise `StorageUnavailable`.
    """

    async def add(self, item: ReviewItem, content: bytes | None, event: AuditEvent) -> None:
        """Queue an item with its content, if it has any."""
        ...

    async def item(self, tenant: str, item_id: str) -> ReviewItem | None:
        """The item of that id in a tenant."""
        ...

    async def items(self, tenant: str, state: ReviewState | None, limit: int, after: str | None = None) -> list[ReviewItem]:
        """The items of a tenant, newest first, after the one with id `after`."""
        ...

    async def waiting(self, tenant: str, requester: str, at: datetime) -> list[ReviewItem]:
        """What one person has asked for and nobody had decided on at a moment, but for answers held back."""
        ...

    async def content(self, item: ReviewItem) -> bytes | None:
        """What an item is about, None where it is kept no more."""
        ...

    async def decide(self, item: ReviewItem, effect: Grant | Lowered | None, event: AuditEvent) -> bool:
        """Make a waiting item what `item` says, with what it brings about, in one step.

        False, and nothing has changed, where it waits no more, or the label to be lowered is not what it was.
        """
        ...

    async def deliver(self, item: ReviewItem, event: AuditEvent) -> bytes | None:
        """The content of an approved answer, as of the event; None where it is gone. It is kept until it expires."""
        ...

    async def expire(self, at: datetime) -> int:
        """Let go of everything whose time is over; how many items."""
        ...

    async def grant(self, tenant: str, grant_id: str) -> Grant | None:
        """The grant of that id in a tenant."""
        ...

    async def use(self, grant_id: str, claim: Claim, decision_id: str, event: AuditEvent) -> bool:
        """Use a grant up for a decision, as of the event.

        True for one caller only, however many ask at once, and only where everything fits.
        """
        ...
