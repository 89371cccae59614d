"""The review queue and the grants in memory; a few turns of the event loop for each call."""

import asyncio
from datetime import datetime

from msgspec import structs

from kyozon.domain.audit import AuditEvent
from kyozon.domain.review import Claim, Grant, ReviewItem, ReviewState
from kyozon.governance.releasing import why_not


class MemoryReviews:
    """Implements `Reviews`."""

    def __init__(self) -> None:
        self.queue: dict[str, ReviewItem] = {}
        self.contents: dict[str, bytes] = {}
        self.grants: dict[str, Grant] = {}
        self.events: list[AuditEvent] = []

    async def add(self, item: ReviewItem, content: bytes, event: AuditEvent) -> None:
        await asyncio.sleep(0)
        self.queue[item.id], self.contents[item.id] = item, content
        self.events.append(event)

    async def item(self, tenant: str, item_id: str) -> ReviewItem | None:
        await asyncio.sleep(0)
        found = self.queue.get(item_id)
        return found if found is not None and found.claim.tenant == tenant else None

    async def items(self, tenant: str, state: ReviewState | None, limit: int) -> list[ReviewItem]:
        await asyncio.sleep(0)
        found = [item for item in self.queue.values() if item.claim.tenant == tenant and state in (None, item.state)]
        return found[::-1][:limit]

    async def content(self, item: ReviewItem) -> bytes | None:
        await asyncio.sleep(0)
        return self.contents.get(item.id)

    async def decide(self, item: ReviewItem, grant: Grant | None, event: AuditEvent) -> bool:
        await asyncio.sleep(0)
        now = self.queue[item.id]
        if now.state != "waiting" or now.expires_at <= event.at or now.claim.requester == item.reviewer:
            return False
        self.queue[item.id] = item
        if not (item.kind == "answer" and item.state == "approved"):
            self.contents.pop(item.id)
        if grant is not None:
            self.grants[grant.id] = grant
        self.events.append(event)
        return True

    async def deliver(self, item: ReviewItem, at: datetime) -> bytes | None:
        await asyncio.sleep(0)
        now = self.queue[item.id]
        if now.state != "approved" or now.kind != "answer" or now.expires_at <= at:
            return None
        self.queue[item.id] = structs.replace(now, state="delivered")
        return self.contents.pop(item.id)

    async def expire(self, at: datetime) -> int:
        await asyncio.sleep(0)
        over = [i for i in self.queue.values() if i.expires_at <= at and i.id in self.contents]
        for item in over:
            self.queue[item.id] = structs.replace(item, state="expired")
            self.contents.pop(item.id)
        return len(over)

    async def grant(self, tenant: str, grant_id: str) -> Grant | None:
        await asyncio.sleep(0)
        found = self.grants.get(grant_id)
        return found if found is not None and found.claim.tenant == tenant else None

    async def use(self, grant_id: str, claim: Claim, decision_id: str, event: AuditEvent) -> bool:
        await asyncio.sleep(0)
        grant = self.grants.get(grant_id)
        if grant is None or why_not(grant, claim, event.at):
            return False
        self.grants[grant_id] = structs.replace(grant, used_at=event.at, used_for=decision_id)
        self.events.append(event)
        return True
