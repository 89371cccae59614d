"""Bugs in grants that somebody could write, one switch each."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from msgspec import structs

import kyozon.governance.releasing
import kyozon.services.deciding
import kyozon.services.granting
import kyozon.services.reviewing
import tests.fakes.reviews
from kyozon.domain.callers import ApiKey
from kyozon.domain.decisions import Decision
from kyozon.domain.labels import Label
from kyozon.domain.models import ModelCard
from kyozon.domain.requests import Json
from kyozon.domain.review import ReviewItem
from kyozon.governance.provenance import LOWEST
from kyozon.governance.releasing import sha256_of, why_not
from kyozon.services.egress import Egress
from kyozon.services.granting import Granting, Release, released
from kyozon.services.reviewing import Reviewing
from kyozon.services.weighing import Verdict
from tests.noninterference.leaks import Seed


def _forgetting(what: str) -> Seed:
    """A grant is compared with what is claimed, but for one thing."""

    def forgetful(*given: Any) -> tuple[str, ...]:
        return tuple(reason for reason in why_not(*given) if reason != what)

    def seed(patch: pytest.MonkeyPatch) -> None:
        patch.setattr(kyozon.services.granting, "why_not", forgetful)
        patch.setattr(tests.fakes.reviews, "why_not", forgetful)

    return seed


def grants_are_for_everywhere(patch: pytest.MonkeyPatch) -> None:
    def lifted(verdict: Verdict, _: str) -> Verdict:
        return [(subject, kyozon.governance.releasing._others(found)) for subject, found in verdict]

    patch.setattr(kyozon.services.granting, "lifted", lifted)


def a_grant_holds_for_every_try(patch: pytest.MonkeyPatch) -> None:
    real = Granting.use

    async def use(granting: Granting, decision: Decision, card: ModelCard, body: Json) -> bool:
        grant = await granting._reviews.grant(decision.tenant, decision.grant.id if decision.grant else "")
        return (grant is not None and grant.used_for == decision.id) or await real(granting, decision, card, body)

    patch.setattr(Granting, "use", use)


def a_grant_is_looked_at_and_used_later(patch: pytest.MonkeyPatch) -> None:
    real = Granting.use

    async def use(granting: Granting, decision: Decision, card: ModelCard, body: Json) -> bool:
        grant = await granting._reviews.grant(decision.tenant, decision.grant.id if decision.grant else "")
        await real(granting, decision, card, body)
        return grant is not None and grant.used_at is None

    patch.setattr(Granting, "use", use)


def a_grant_is_for_the_decision_not_for_the_bytes(patch: pytest.MonkeyPatch) -> None:
    """What the cache embeds would go for what somebody has released, and the request itself once more."""
    real = Granting.use

    async def use(granting: Granting, decision: Decision, card: ModelCard, body: Json) -> bool:
        grant = await granting._reviews.grant(decision.tenant, decision.grant.id if decision.grant else "")
        patch.setattr(kyozon.services.granting, "sha256_of", lambda _: grant.claim.content_sha256 if grant else "")
        try:
            return await real(granting, decision, card, body)
        finally:
            patch.setattr(kyozon.services.granting, "sha256_of", sha256_of)

    patch.setattr(Granting, "use", use)


def a_granted_stream_goes_unchecked(patch: pytest.MonkeyPatch) -> None:
    real = Egress._check_now

    async def checked(egress: Egress, pieces: AsyncIterator[Any], call: Any, label: Label, decision: Decision) -> Any:
        if decision.grant is None:
            await real(egress, call, label, decision)
        async for piece in pieces:
            yield piece

    patch.setattr(Egress, "_checked", checked)


def raised_after_the_decision_it_goes_all_the_same(patch: pytest.MonkeyPatch) -> None:
    real = Egress._by_grant

    def by_grant(egress: Egress, card: ModelCard, label: Label | None, decision: Decision) -> bool:
        return real(egress, card, label and decision.label, decision)

    patch.setattr(Egress, "_by_grant", by_grant)


def a_policy_that_comes_after_the_decision_is_not_seen(patch: pytest.MonkeyPatch) -> None:
    real = Granting.use

    async def use(granting: Granting, decision: Decision, card: ModelCard, body: Json) -> bool:
        now = granting._registry.installation
        granting._registry.installation = structs.replace(now, policy_version=decision.policy_version)
        try:
            return await real(granting, decision, card, body)
        finally:
            granting._registry.installation = now

    patch.setattr(Granting, "use", use)


def what_was_released_once_is_public(patch: pytest.MonkeyPatch) -> None:
    def public(release: Release, draft: Decision, verdict: Verdict) -> tuple[Decision, Verdict]:
        draft, verdict = released(release, draft, verdict)
        return structs.replace(draft, label=LOWEST, sources=()) if draft.grant else draft, verdict

    patch.setattr(kyozon.services.deciding, "released", public)


def an_approver_is_a_key_not_a_person(patch: pytest.MonkeyPatch) -> None:
    real = Reviewing._decided

    async def decided(reviewing: Reviewing, key: ApiKey, *rest: Any) -> ReviewItem:
        return await real(reviewing, structs.replace(key, user=key.id), *rest)

    patch.setattr(Reviewing, "_decided", decided)


def approving_needs_no_role(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Reviewing, "_lacking", lambda *_: [])


def reviewers_need_no_clearance(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(kyozon.services.reviewing, "caller_cleared", lambda *_: True)


def refusing_is_approving(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Reviewing, "refuse", Reviewing.approve)


def an_officer_sees_a_lower_label(patch: pytest.MonkeyPatch) -> None:
    """The label of the words alone, without what was in the stored values."""
    real = Reviewing._new

    def new(reviewing: Reviewing, kind: Any, key: ApiKey, decision: Decision, *rest: Any) -> ReviewItem:
        item = real(reviewing, kind, key, decision, *rest)
        return structs.replace(item, claim=structs.replace(item.claim, label=LOWEST))

    patch.setattr(Reviewing, "_new", new)


LEAKS: dict[str, Seed] = {
    f"a_grant_forgets_{what}": _forgetting(what)
    for what in ("requester", "content_sha256", "purpose", "label", "policy_version", "used", "expired")
} | {
    seed.__name__: seed
    for seed in (
        grants_are_for_everywhere,
        a_grant_holds_for_every_try,
        a_grant_is_looked_at_and_used_later,
        a_grant_is_for_the_decision_not_for_the_bytes,
        a_granted_stream_goes_unchecked,
        raised_after_the_decision_it_goes_all_the_same,
        a_policy_that_comes_after_the_decision_is_not_seen,
        what_was_released_once_is_public,
        an_approver_is_a_key_not_a_person,
        approving_needs_no_role,
        reviewers_need_no_clearance,
        refusing_is_approving,
        an_officer_sees_a_lower_label,
    )
}
