"""The review queue and the grants at rest."""

from datetime import datetime
from typing import Protocol

from kyozon.domain.audit import AuditEvent
from kyozon.domain.review import Claim, Grant, ReviewItem, ReviewState


class Reviews(Protocol):
    """What waits for a person. Content lies there encrypted, until it is decided on, delivered or expired.

    Each `event` becomes durable together with what it tells of, or not at all. Every method may raise `StorageUnavailable`.
    """

    async def add(self, item: ReviewItem, content: bytes, event: AuditEvent) -> None:
        """Queue an item with its content."""
        ...

    async def item(self, tenant: str, item_id: str) -> ReviewItem | None:
        """The item of that id in a tenant."""
        ...

    async def items(self, tenant: str, state: ReviewState | None, limit: int) -> list[ReviewItem]:
        """The items of a tenant, newest first."""
        ...

    async def content(self, item: ReviewItem) -> bytes | None:
        """What an item is about, None where it is kept no more."""
        ...

    async def decide(self, item: ReviewItem, grant: Grant | None, event: AuditEvent) -> bool:
        """Make a waiting item what `item` says, with its grant, in one step; False where it waits no more."""
        ...

    async def deliver(self, item: ReviewItem, at: datetime) -> bytes | None:
        """The content of an approved answer, which is then kept no more; None where it is gone."""
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
