"""Named people decide: what may leave once against its label, which answers may be read, which labels go down.

Whoever asks cannot decide; whoever decides must be cleared for what he decides on, and have the role for it. Requests for a
review are worded in headers by whoever holds the key: nothing that a model says can make or word one.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct, structs

from kyozon.domain.audit import AuditEvent, Fact
from kyozon.domain.callers import ApiKey, Caller
from kyozon.domain.decisions import Decision
from kyozon.domain.errors import HeldForReview, StorageUnavailable
from kyozon.domain.labels import Label
from kyozon.domain.models import ModelCard
from kyozon.domain.provenance import Relabelling
from kyozon.domain.requests import Json
from kyozon.domain.review import (
    LIFTED_BY_GRANTS,
    Claim,
    Grant,
    Lowering,
    ReviewItem,
    ReviewKind,
    ReviewRules,
    ReviewState,
)
from kyozon.governance.provenance import covers
from kyozon.governance.releasing import REVIEWER, content_of, held_by, lacking, roles_for, roles_to_lower
from kyozon.ports.records import Records
from kyozon.ports.review import Lowered, Reviews
from kyozon.services import review_refusals as refusals
from kyozon.services.provenance import Provenance, as_labelled, told_of
from kyozon.services.registry import Registry
from kyozon.services.world import World

_MOST_WAITING = 100
"""What one person may have asked for and wait on: each is kept, and somebody has to read it."""


class Shown(Struct, frozen=True):
    """An item, and what it is about where the reader may see that and it is still kept."""

    item: ReviewItem
    content: bytes | None


class Reviewing:
    """The review queue."""

    def __init__(
        self, reviews: Reviews, registry: Registry, records: Records, world: World, provenance: Provenance
    ) -> None:
        self._reviews = reviews
        self._registry = registry
        self._records = records
        self._world = world
        self._provenance = provenance

    async def request_release(self, caller: Caller, decision_id: str, body: Json) -> str | None:
        """Ask for a grant to send `body` after all, in the decision that refused it; None where no grant could help.

        It is asked for the first model of those weighed against which nothing stands but where the data would go.

        Raises:
            LimitReached: as many as one person may ask for wait already.
        """
        found = await self._records.decision(decision_id)
        zone = None if found is None else _zone_to_ask_for(found[0])
        if found is None or zone is None:
            return None
        content = content_of(body)
        item = self._new("release", caller.key, found[0], zone, hashlib.sha256(content).hexdigest())
        return (await self._ask(item, content)).id

    async def request_lowering(self, caller: Caller, value: str, label: Label, purpose: str) -> ReviewItem:
        """Ask that a stored value's own label be lowered; nothing changes before somebody else approves.

        Raises:
            NotFound: the caller's tenant has no such value.
            InvalidRequest: there is no purpose, or the label would not be lower.
            LimitReached: as many as one person may ask for wait already.
        """
        if not purpose:
            raise refusals.without_purpose()
        found = await self._provenance.own(caller.tenant, value)
        old, new = found.label, as_labelled(found.label, label)
        if covers(new, old):
            raise refusals.not_lower(value, old, new)
        now, installation = self._world.now(), self._registry.installation
        claim = Claim(caller.tenant, caller.key.user, found.sha256, "", purpose, old, installation.policy_version)
        until, lowering = now + installation.review.lifetime, Lowering(value, new)
        name = self._world.new_id("rev")
        item = ReviewItem(name, "lowering", "waiting", now, until, claim, caller.key.id, "", lowering=lowering)
        return await self._ask(item, None)

    def held(self, decision: Decision, decided_by: ReviewRules, key: ApiKey, cards: Sequence[ModelCard]) -> bool:
        """Whether a person looks at an answer that one of these cards gives: by the rules of then, or by those of now."""
        return any(
            held_by(rules, decision.label, key) or any(card.zone in rules.zones for card in cards)
            for rules in (decided_by, self._registry.installation.review)
        )

    async def hold(
        self, key: ApiKey, decision: Decision, card: ModelCard, content_type: str, payload: bytes
    ) -> HeldForReview:
        """Keep an answer back; what to raise instead of passing it on."""
        sha256 = hashlib.sha256(payload).hexdigest()
        item = self._new("answer", key, decision, card.zone, sha256)
        await self._queue(structs.replace(item, model=card.id, content_type=content_type), payload)
        return refusals.held(item.id)

    async def items(self, caller: Caller, state: ReviewState | None, limit: int) -> list[ReviewItem]:
        """The newest items that a caller may know of: his own, and those that he may decide on."""
        await self._reviews.expire(self._world.now())
        found: list[ReviewItem] = []
        after: str | None = None
        while len(found) < limit:
            page = await self._reviews.items(caller.tenant, state, limit, after)
            found += [item for item in page if self._knows(caller.key, item)]
            if len(page) < limit:
                break
            after = page[-1].id
        return found[:limit]

    async def show(self, caller: Caller, item_id: str) -> Shown:
        """An item with its content, for those who may decide on it; who asked sees his own words, and no answer to them.

        Raises:
            NotFound: nothing of that id that the caller may know of.
            NotPermitted: what the content was made from has been raised above the caller's clearance since.
        """
        item = await self._item(caller, item_id)
        own = item.claim.requester == caller.key.user
        may = item.kind == "release" if own else not self._lacking(caller.key, item)
        if not may or not caller_cleared(caller.key, item):
            return Shown(item, None)
        await self._provenance.readable(_about(item), caller.key)
        return Shown(item, await self._reviews.content(item))

    async def approve(self, caller: Caller, item_id: str) -> ReviewItem:
        """Let it be: a release becomes a grant, an answer can be fetched, a label goes down.

        Raises as `_decided`, and `NotPermitted` where what it was made from has been raised above the approver's clearance.
        """
        item, now = await self._item(caller, item_id), self._world.now()
        if item.kind != "answer" and item.claim.policy_version != self._registry.installation.policy_version:
            raise refusals.other_policy()
        await self._provenance.readable(_about(item), caller.key)
        effect: Grant | Lowered | None = None
        if item.kind == "release":
            effect = Grant(self._world.new_id("grt"), item.claim, caller.key.user, now, item.expires_at)
        elif item.lowering is not None:
            effect = await self._lowered(caller.key, item, item.lowering, now)
        return await self._decided(caller.key, item, "approved", now, effect)

    async def refuse(self, caller: Caller, item_id: str) -> ReviewItem:
        """Let it not be; the content is deleted. Raises as `_decided`."""
        item = await self._item(caller, item_id)
        return await self._decided(caller.key, item, "refused", self._world.now(), None)

    async def collect(self, caller: Caller, item_id: str) -> tuple[ReviewItem, bytes]:
        """The answer that was held back, for its requester, until it expires: on its way to him it may get lost.

        Raises:
            NotFound: no approved answer of this caller's waits under that id.
            HeldForReview: nobody has decided yet.
            NotAllowed: the key is not cleared for it.
            NotPermitted: nor for what it was made from, whose label has been raised since.
        """
        item = await self._item(caller, item_id)
        if item.kind != "answer" or item.claim.requester != caller.key.user:
            raise refusals.unknown(item_id)
        if item.state == "waiting" and item.expires_at > self._world.now():
            raise refusals.held(item.id)
        if not caller_cleared(caller.key, item):
            raise refusals.uncleared(item)
        await self._provenance.readable(item.decision_id, caller.key)
        found = await self._reviews.deliver(item, self._event("review:delivered", item, caller.key.user))
        if found is None:
            raise refusals.gone(item)
        return item, found

    async def tend(self, seconds: float = 60.0) -> None:
        """Let go of what has expired, again and again; runs until cancelled."""
        while True:
            await self._world.sleep(seconds)
            try:
                await self._reviews.expire(self._world.now())
            except StorageUnavailable:
                continue

    async def _ask(self, item: ReviewItem, content: bytes | None) -> ReviewItem:
        """Queue what somebody asks for; what he has asked for already waits once. Raises `LimitReached`."""
        waiting = await self._reviews.waiting(item.claim.tenant, item.claim.requester, item.at)
        for one in waiting:
            if (one.kind, one.claim, one.lowering) == (item.kind, item.claim, item.lowering):
                return one
        if len(waiting) >= _MOST_WAITING:
            raise refusals.too_many(len(waiting))
        return await self._queue(item, content)

    async def _queue(self, item: ReviewItem, content: bytes | None) -> ReviewItem:
        await self._reviews.add(item, content, self._event("review:requested", item, item.claim.requester))
        return item

    async def _item(self, caller: Caller, item_id: str) -> ReviewItem:
        item = await self._reviews.item(caller.tenant, item_id)
        if item is None or not self._knows(caller.key, item):
            raise refusals.unknown(item_id)
        return item

    async def _decided(
        self, key: ApiKey, item: ReviewItem, state: ReviewState, now: datetime, effect: Grant | Lowered | None
    ) -> ReviewItem:
        """Put a decision on record and into effect.

        Raises:
            NotAllowed: the requester himself, somebody without the role, or not cleared for the content.
            InvalidRequest: it has been decided, its time is over, or what was asked for was another label or policy.
        """
        if key.user == item.claim.requester:
            raise refusals.own()
        if missing := self._lacking(key, item):
            raise refusals.without_role(missing)
        if not caller_cleared(key, item):
            raise refusals.uncleared(item)
        grant_id = effect.id if isinstance(effect, Grant) else None
        made = structs.replace(item, state=state, reviewer=key.user, decided_at=now, grant_id=grant_id)
        if not await self._reviews.decide(made, effect, self._event(f"review:{state}", made, key.user)):
            raise refusals.late(item)
        return made

    async def _lowered(self, key: ApiKey, item: ReviewItem, lowering: Lowering, now: datetime) -> Lowered:
        """What an approval brings about. It counts for the label that stands in the item: a raise since then stays."""
        claim, value = item.claim, lowering.value
        label = (await self._provenance.own(claim.tenant, value)).label
        if label != claim.label:
            raise refusals.other_label(item, label)
        name, by = self._world.new_id("rlb"), claim.requester
        change = Relabelling(name, claim.tenant, value, now, claim.label, lowering.new, by, claim.purpose, key.id)
        return Lowered(change, told_of(self._world.new_id("evt"), "value:lowered", change, review=item.id))

    def _knows(self, key: ApiKey, item: ReviewItem) -> bool:
        return item.claim.requester == key.user or (not self._lacking(key, item) and caller_cleared(key, item))

    def _lacking(self, key: ApiKey, item: ReviewItem) -> list[str]:
        if item.kind == "answer":
            return lacking(key.roles, {REVIEWER})
        if item.lowering is not None:
            return lacking(key.roles, roles_to_lower(item.claim.label, item.lowering.new))
        zone = self._registry.installation.zones.get(item.claim.zone)
        return ["declassify"] if zone is None else lacking(key.roles, roles_for(item.claim.label, zone))

    def _new(self, kind: ReviewKind, key: ApiKey, decision: Decision, zone: str, sha256: str) -> ReviewItem:
        now = self._world.now()
        policy_version, rules = self._registry.installation.policy_version, self._registry.installation.review
        claim = Claim(decision.tenant, decision.user, sha256, zone, decision.purpose, decision.label, policy_version)
        name = self._world.new_id("rev")
        return ReviewItem(name, kind, "waiting", now, now + rules.lifetime, claim, key.id, decision.id)

    def _event(self, action: str, item: ReviewItem, user: str) -> AuditEvent:
        """Names of people stand in `user` alone; the content is told by its hash."""
        claim = item.claim
        detail: dict[str, Fact] = {"kind": item.kind, "label": str(claim.label)}
        if item.lowering is None:
            detail |= {"decision": item.decision_id, "zone": claim.zone}
        else:
            detail |= {"value": item.lowering.value, "new": str(item.lowering.new)}
        return AuditEvent(
            self._world.new_id("evt"),
            self._world.now(),
            action,
            claim.tenant,
            user,
            item.id,
            {**detail, "content": claim.content_sha256, "grant": item.grant_id},
        )


def caller_cleared(key: ApiKey, item: ReviewItem) -> bool:
    """Whether somebody may read what an item is about."""
    return item.claim.label.within(key.clearance)


def _about(item: ReviewItem) -> str:
    """The stored value that an item is about: of requests and answers, their decision."""
    return item.decision_id if item.lowering is None else item.lowering.value


def _zone_to_ask_for(decision: Decision) -> str | None:
    for candidate in decision.candidates:
        if candidate.objections and all(found.rule in LIFTED_BY_GRANTS for found in candidate.objections):
            return candidate.zone
    return None
