"""Named people decide: what may leave once although its label forbids it, and which answers may be read.

Whoever asks cannot decide; whoever decides must be cleared for what he decides on, and have the role for it. Requests for a
review are worded in headers by whoever holds the key: nothing that a model says can make or word one.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct, structs

from kyozon.domain.audit import AuditEvent
from kyozon.domain.callers import ApiKey, Caller
from kyozon.domain.decisions import Decision
from kyozon.domain.errors import HeldForReview, InvalidRequest, NotAllowed, NotFound, StorageUnavailable
from kyozon.domain.language import Text
from kyozon.domain.models import ModelCard
from kyozon.domain.requests import Json
from kyozon.domain.review import LIFTED_BY_GRANTS, Claim, Grant, ReviewItem, ReviewKind, ReviewRules, ReviewState
from kyozon.governance.releasing import REVIEWER, content_of, held_by, lacking, roles_for
from kyozon.ports.records import Records
from kyozon.ports.review import Reviews
from kyozon.services.provenance import Provenance
from kyozon.services.registry import Registry
from kyozon.services.world import World


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
        """
        found = await self._records.decision(decision_id)
        zone = None if found is None else _zone_to_ask_for(found[0])
        if found is None or zone is None:
            return None
        content = content_of(body)
        item = self._new("release", caller.key, found[0], zone, hashlib.sha256(content).hexdigest())
        return (await self._queue(item, content)).id

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
        return HeldForReview(_held(item.id), item.id)

    async def items(self, caller: Caller, state: ReviewState | None, limit: int) -> list[ReviewItem]:
        """The newest items that a caller may know of: his own, and those that he may decide on."""
        await self._reviews.expire(self._world.now())
        found = await self._reviews.items(caller.tenant, state, limit)
        return [item for item in found if self._knows(caller.key, item)]

    async def show(self, caller: Caller, item_id: str) -> Shown:
        """An item with its content, for those who may decide on it; the requester of a release sees his own words.

        Raises:
            NotFound: nothing of that id that the caller may know of.
            NotPermitted: what the content was made from has been raised above the caller's clearance since.
        """
        item = await self._item(caller, item_id)
        own = item.kind == "release" and item.claim.requester == caller.key.user
        may = own or not self._lacking(caller.key, item)
        if not may or not caller_cleared(caller.key, item):
            return Shown(item, None)
        await self._provenance.readable(item.decision_id, caller.key)
        return Shown(item, await self._reviews.content(item))

    async def approve(self, caller: Caller, item_id: str) -> ReviewItem:
        """Let it be: a release becomes a grant, an answer can be fetched. Raises as `_decided`."""
        item, now = await self._item(caller, item_id), self._world.now()
        grant = None
        if item.kind == "release":
            self._same_policy(item)
            grant = Grant(self._world.new_id("grt"), item.claim, caller.key.user, now, item.expires_at)
        return await self._decided(caller.key, item, "approved", now, grant)

    async def refuse(self, caller: Caller, item_id: str) -> ReviewItem:
        """Let it not be; the content is deleted. Raises as `_decided`."""
        item = await self._item(caller, item_id)
        return await self._decided(caller.key, item, "refused", self._world.now(), None)

    async def collect(self, caller: Caller, item_id: str) -> tuple[ReviewItem, bytes]:
        """The answer that was held back, for its requester, once; it is deleted here.

        Raises:
            NotFound: no approved answer of this caller's waits under that id.
            HeldForReview: nobody has decided yet.
            NotAllowed: the key is not cleared for it.
            NotPermitted: nor for what it was made from, whose label has been raised since.
        """
        item = await self._item(caller, item_id)
        if item.kind != "answer" or item.claim.requester != caller.key.user:
            raise NotFound(_unknown(item_id))
        if item.state == "waiting" and item.expires_at > self._world.now():
            raise HeldForReview(_held(item.id), item.id)
        if not caller_cleared(caller.key, item):
            raise NotAllowed(_uncleared(item))
        await self._provenance.readable(item.decision_id, caller.key)
        found = await self._reviews.deliver(item, self._world.now())
        if found is None:
            raise NotFound(_gone(item))
        return item, found

    async def tend(self, seconds: float = 60.0) -> None:
        """Let go of what has expired, again and again; runs until cancelled."""
        while True:
            await self._world.sleep(seconds)
            try:
                await self._reviews.expire(self._world.now())
            except StorageUnavailable:
                continue

    async def _queue(self, item: ReviewItem, content: bytes) -> ReviewItem:
        await self._reviews.add(item, content, self._event("review:requested", item, item.claim.requester))
        return item

    async def _item(self, caller: Caller, item_id: str) -> ReviewItem:
        item = await self._reviews.item(caller.tenant, item_id)
        if item is None or not self._knows(caller.key, item):
            raise NotFound(_unknown(item_id))
        return item

    async def _decided(
        self, key: ApiKey, item: ReviewItem, state: ReviewState, now: datetime, grant: Grant | None
    ) -> ReviewItem:
        """Put a decision on record and into effect.

        Raises:
            NotAllowed: the requester himself, somebody without the role, or not cleared for the content.
            InvalidRequest: it has been decided, or its time is over.
        """
        if key.user == item.claim.requester:
            raise NotAllowed(_OWN)
        if missing := self._lacking(key, item):
            raise NotAllowed(_without_role(missing))
        if not caller_cleared(key, item):
            raise NotAllowed(_uncleared(item))
        made = structs.replace(item, state=state, reviewer=key.user, decided_at=now, grant_id=grant.id if grant else None)
        if not await self._reviews.decide(made, grant, self._event(f"review:{state}", made, key.user)):
            raise InvalidRequest(_late(item))
        return made

    def _same_policy(self, item: ReviewItem) -> None:
        if item.claim.policy_version != self._registry.installation.policy_version:
            raise InvalidRequest(
                Text(
                    "the policy has changed since this was asked for: refuse it, and let it be asked for again.",
                    "依頼の後にポリシーが変わりました。却下のうえ、改めて依頼してもらってください。",
                )
            )

    def _knows(self, key: ApiKey, item: ReviewItem) -> bool:
        return item.claim.requester == key.user or (not self._lacking(key, item) and caller_cleared(key, item))

    def _lacking(self, key: ApiKey, item: ReviewItem) -> list[str]:
        if item.kind == "answer":
            return lacking(key.roles, {REVIEWER})
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
        detail = {"kind": item.kind, "decision": item.decision_id, "zone": claim.zone, "label": str(claim.label)}
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


def _zone_to_ask_for(decision: Decision) -> str | None:
    for candidate in decision.candidates:
        if candidate.objections and all(found.rule in LIFTED_BY_GRANTS for found in candidate.objections):
            return candidate.zone
    return None


_OWN = Text(
    "who has asked cannot decide: another person has to.",
    "依頼した本人は決定できません。別の人が決定してください。",
)


def _unknown(name: str) -> Text:
    return Text(f"there is no review {name!r} that this key may see.", f"このキーで参照できる審査 {name!r} はありません。")


def _held(item_id: str) -> Text:
    return Text(
        f"a person looks at this answer first. Once it is approved, GET /kyozon/v1/reviews/{item_id}/answer delivers it.",
        f"この応答は担当者の確認待ちです。承認後、GET /kyozon/v1/reviews/{item_id}/answer で受け取れます。",
    )


def _gone(item: ReviewItem) -> Text:
    return Text(
        f"review {item.id} is {item.state}, and its answer is kept no more.",
        f"審査 {item.id} は {item.state} です。応答は保存されていません。",
    )


def _late(item: ReviewItem) -> Text:
    return Text(
        f"review {item.id} waits no more: it has been decided on, or its time is over. kyozon review show {item.id} tells.",
        f"審査 {item.id} はすでに決定済みか期限切れです。kyozon review show {item.id} で確認できます。",
    )


def _without_role(missing: list[str]) -> Text:
    roles = ", ".join(missing)
    return Text(
        f"this takes a key with the roles: {roles} (kyozon keys create --role).",
        f"これには次の役割を持つキーが必要です：{roles}（kyozon keys create --role）。",
    )


def _uncleared(item: ReviewItem) -> Text:
    return Text(
        f"the content is labelled {item.claim.label}, and this key is not cleared for it.",
        f"内容のラベルは {item.claim.label} で、このキーには許可がありません。",
    )
