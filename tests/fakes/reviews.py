"""The review queue and the grants in memory; a few turns of the event loop for each call."""

import asyncio
from datetime import datetime

from msgspec import structs

from kyozon.domain.audit import AuditEvent
from kyozon.domain.review import Claim, Grant, ReviewItem, ReviewState
from kyozon.governance.releasing import why_not
from kyozon.ports.review import Lowered
from tests.fakes.provenance import MemoryProvenance


class MemoryReviews:
    """Implements `Reviews`; the labels that are lowered are those of `stored`."""

    def __init__(self, stored: MemoryProvenance) -> None:
        self.stored = stored
        self.queue: dict[str, ReviewItem] = {}
        self.contents: dict[str, bytes] = {}
        self.grants: dict[str, Grant] = {}
        self.events: list[AuditEvent] = []

    async def add(self, item: ReviewItem, content: bytes | None, event: AuditEvent) -> None:
        await asyncio.sleep(0)
        self.queue[item.id] = item
        if content is not None:
            self.contents[item.id] = content
        self.events.append(event)

    async def item(self, tenant: str, item_id: str) -> ReviewItem | None:
        await asyncio.sleep(0)
        found = self.queue.get(item_id)
        return found if found is not None and found.claim.tenant == tenant else None

    async def items(self, tenant: str, state: ReviewState | None, limit: int, after: str | None = None) -> list[ReviewItem]:
        await asyncio.sleep(0)
        found = [item for item in self.queue.values() if item.claim.tenant == tenant and state in (None, item.state)]
        names = [item.id for item in found[::-1]]
        begin = 0 if after is None else names.index(after) + 1
        return found[::-1][begin : begin + limit]

    async def waiting(self, tenant: str, requester: str, at: datetime) -> list[ReviewItem]:
        await asyncio.sleep(0)
        found = (item for item in self.queue.values() if (item.claim.tenant, item.claim.requester) == (tenant, requester))
        return [i for i in found if i.state == "waiting" and i.kind != "answer" and i.expires_at > at]

    async def content(self, item: ReviewItem) -> bytes | None:
        await asyncio.sleep(0)
        return self.contents.get(item.id)

    async def decide(self, item: ReviewItem, effect: Grant | Lowered | None, event: AuditEvent) -> bool:
        await asyncio.sleep(0)
        now = self.queue[item.id]
        if now.state != "waiting" or now.expires_at <= event.at or now.claim.requester == item.reviewer:
            return False
        if isinstance(effect, Lowered) and not self.stored.relabelled_at_once(effect.change, effect.event):
            return False
        self.queue[item.id] = item
        if not (item.kind == "answer" and item.state == "approved"):
            self.contents.pop(item.id, None)
        if isinstance(effect, Grant):
            self.grants[effect.id] = effect
        self.events.append(event)
        return True

    async def deliver(self, item: ReviewItem, event: AuditEvent) -> bytes | None:
        await asyncio.sleep(0)
        now = self.queue[item.id]
        if now.state not in ("approved", "delivered") or now.kind != "answer" or now.expires_at <= event.at:
            return None
        self.queue[item.id] = structs.replace(now, state="delivered")
        self.events.append(event)
        return self.contents[item.id]

    async def expire(self, at: datetime) -> int:
        await asyncio.sleep(0)
        kept = [i for i in self.queue.values() if i.state == "waiting" or i.id in self.contents]
        over = [item for item in kept if item.expires_at <= at]
        for item in over:
            self.queue[item.id] = item if item.state == "delivered" else structs.replace(item, state="expired")
            self.contents.pop(item.id, None)
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
