"""Grants in use: found for a request before it is decided on, used up at the choke point when it leaves."""

from msgspec import Struct, structs

from kyozon.domain.audit import AuditEvent
from kyozon.domain.decisions import Decision
from kyozon.domain.models import ModelCard
from kyozon.domain.requests import Json
from kyozon.domain.review import Claim, Grant, GrantUse
from kyozon.governance.releasing import lifted, sha256_of, unfit, why_not
from kyozon.ports.review import Reviews
from kyozon.services.registry import Registry
from kyozon.services.weighing import Verdict
from kyozon.services.world import World


class Release(Struct, frozen=True):
    """A request that names a grant: the grant, None where there is none of that id, and the hash of what would leave."""

    grant: Grant | None
    content_sha256: str


def released(release: Release, draft: Decision, verdict: Verdict) -> tuple[Decision, Verdict]:
    """A draft and its verdict with what the grant sets aside, or with why it does not fit."""
    zone = release.grant.claim.zone if release.grant is not None else ""
    reasons = why_not(release.grant, _claim(draft, release.content_sha256, zone), draft.at)
    if release.grant is None or reasons:
        return draft, unfit(verdict, reasons)
    return structs.replace(draft, grant=GrantUse(release.grant.id, zone)), lifted(verdict, zone)


class Granting:
    """The grants of this installation."""

    def __init__(self, reviews: Reviews, registry: Registry, world: World) -> None:
        self._reviews = reviews
        self._registry = registry
        self._world = world

    async def find(self, tenant: str, grant_id: str | None, body: Json) -> Release | None:
        """What a request's grant says; None where it names none."""
        if grant_id is None:
            return None
        return Release(await self._reviews.grant(tenant, grant_id), sha256_of(body))

    async def use(self, decision: Decision, card: ModelCard, body: Json) -> bool:
        """Use the decision's grant up for this one delivery of these very bytes; False where anything does not fit now.

        That it was used is on record before anything leaves, with the decision that it was used for.
        """
        if decision.grant is None:
            return False
        claim = _claim(decision, sha256_of(body), card.zone)
        if claim.policy_version != self._registry.installation.policy_version:
            return False
        detail = {"decision": decision.id, "zone": card.zone, "content": claim.content_sha256}
        name, now = self._world.new_id("evt"), self._world.now()
        event = AuditEvent(name, now, "grant:used", decision.tenant, decision.user, decision.grant.id, {**detail})
        return await self._reviews.use(decision.grant.id, claim, decision.id, event)


def _claim(decision: Decision, content_sha256: str, zone: str) -> Claim:
    return Claim(
        decision.tenant,
        decision.user,
        content_sha256,
        zone,
        decision.purpose,
        decision.label,
        decision.policy_version,
    )
