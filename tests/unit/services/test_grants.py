"""I9: a grant lets exactly these bytes go to one zone, once; whatever differs, nothing leaves."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from kyozon.bootstrap.reading import registry_as_of
from kyozon.domain.callers import ApiKey, Caller
from kyozon.domain.errors import InvalidRequest, KyozonError, NotAllowed, NotFound, NotPermitted, UpstreamUnreachable
from kyozon.domain.labels import Clearance, Label, Level
from kyozon.domain.review import Claim, Grant
from kyozon.governance.releasing import known_role, lacking, roles_for, why_not
from kyozon.routing.retrying import Retrying
from kyozon.services.deciding import RECORDED
from kyozon.services.replaying import replay
from tests.fakes.installation import CHEAP, CONFIDENTIAL, DEAR, EVERYTHING, IN_HOUSE, ZONES, FakeInstallation, ask
from tests.fakes.installation import api_key as key_of
from tests.fakes.policies import MemoryPolicies
from tests.fakes.steered import START

ROLE = "declassify:level:confidential"


def person(name: str, *roles: str, clearance: Clearance = EVERYTHING) -> ApiKey:
    return structs.replace(key_of(name), user=name, roles=frozenset(roles), clearance=clearance)


ANN, BEN = person("ann"), person("ben", ROLE)
WANTED: dict[str, Any] = {"model": "dear", "key": ANN, "declared": CONFIDENTIAL, "purpose": "contract-check"}


async def requested(house: FakeInstallation, **changes: Any) -> str:
    """The review that a refused request asks for."""
    with pytest.raises(NotPermitted) as refused:
        await house.chat.answer(ask(**WANTED | changes, asks_review=True))
    assert refused.value.review is not None
    return refused.value.review


async def granted(house: FakeInstallation, **changes: Any) -> str:
    item = await house.reviewing.approve(Caller(BEN), await requested(house, **changes))
    assert item.grant_id is not None
    return item.grant_id


async def test_an_approved_request_leaves_once() -> None:
    policies = MemoryPolicies()
    house = FakeInstallation(keep=policies.keep)
    grant = await granted(house)
    assert house.sent == []
    answered = await house.chat.answer(ask(**WANTED, grant=grant))
    assert house.sent == ["dear"]
    decision = house.book.decisions_by_id[answered.decision_id]
    assert decision.grant is not None
    assert (decision.grant.id, decision.grant.zone) == (grant, "external")
    assert house.reviews.grants[grant].used_for == decision.id
    assert replay(decision, registry_as_of(policies.bases[decision.basis])).same
    with pytest.raises(NotPermitted):
        await house.chat.answer(ask(**WANTED, grant=grant))
    assert house.sent == ["dear"]
    refused = house.book.decisions_by_id[RECORDED.get() or ""]
    assert {o.rule for o in refused.candidates[0].objections} == {"clearance", "grant"}
    assert replay(refused, registry_as_of(policies.bases[refused.basis])).same
    assert [event.action for event in house.reviews.events] == ["review:requested", "review:approved", "grant:used"]
    house.assert_settled()


async def test_a_stream_uses_it_too() -> None:
    house = FakeInstallation()
    grant = await granted(house)
    streamed = await house.chat.stream(ask(**WANTED, grant=grant, stream=True))
    assert [piece async for piece in streamed.pieces]
    assert house.sent == ["dear"]
    with pytest.raises(NotPermitted):
        await house.chat.stream(ask(**WANTED, grant=grant, stream=True))
    house.assert_settled()


@pytest.mark.parametrize(
    "other",
    [
        {"messages": [{"role": "user", "content": "Say hello!"}]},
        {"temperature": 0.1},
        {"stream_options": {"include_usage": True, "note": "words"}},
        {"stream_options": {"include_usage": "words"}},
        {"max_tokens": "words"},
        {"model": "cheap"},
        {"purpose": "something-else"},
        {"key": person("eve")},
        {"declared": Label(Level.CONFIDENTIAL, frozenset({"pii"}))},
        {"declared": Label(Level.RESTRICTED)},
    ],
)
async def test_whatever_differs_is_denied(other: dict[str, Any]) -> None:
    house = FakeInstallation()
    grant = await granted(house)
    with pytest.raises(NotPermitted) as refused:
        await house.chat.answer(ask(**WANTED | other, grant=grant))
    assert "_" not in refused.value.text.en  # in words, not in names of fields
    assert house.sent == []
    assert house.reviews.grants[grant].used_at is None
    house.assert_settled()


async def test_how_an_answer_comes_does_not_matter() -> None:
    house = FakeInstallation()
    grant = await granted(house)
    switches = {"stream": False, "stream_options": {"include_usage": True}, "max_tokens": 9}
    await house.chat.answer(ask(**WANTED | switches, grant=grant))
    assert house.sent == ["dear"]


async def test_it_opens_no_other_zone() -> None:
    abroad = structs.replace(CHEAP, zone="partner")
    house = FakeInstallation((DEAR, abroad))
    zones = ZONES | {"partner": structs.replace(ZONES["external"], id="partner")}
    house.registry.installation = structs.replace(house.registry.installation, zones=zones)
    grant = await granted(house, model="auto")
    answered = await house.chat.answer(ask(**WANTED | {"model": "auto"}, grant=grant))
    found = {
        candidate.model: candidate.permitted for candidate in house.book.decisions_by_id[answered.decision_id].candidates
    }
    assert found == {"dear": True, "cheap": False}
    assert house.sent == ["dear"]


async def test_it_expires() -> None:
    house = FakeInstallation()
    grant = await granted(house)
    house.time.advance(hours=24)
    with pytest.raises(NotPermitted):
        await house.chat.answer(ask(**WANTED, grant=grant))
    assert house.sent == []


@pytest.mark.parametrize("change", [{"policy_version": "next"}, {"zones": {"host": ZONES["host"]}}])
async def test_another_policy_ends_it(change: dict[str, Any]) -> None:
    house = FakeInstallation()
    grant = await granted(house)
    house.registry.installation = structs.replace(house.registry.installation, **change)
    with pytest.raises(NotPermitted):
        await house.chat.answer(ask(**WANTED, grant=grant))
    assert house.sent == []


async def test_a_policy_that_comes_between_decision_and_delivery_ends_it() -> None:
    house = FakeInstallation()
    grant = await granted(house)
    house.book.turns = 50
    asking = asyncio.create_task(house.chat.answer(ask(**WANTED, grant=grant)))
    for _ in range(20):
        await asyncio.sleep(0)
    assert house.book._writing  # the decision is being recorded
    house.registry.installation = structs.replace(house.registry.installation, policy_version="next")
    with pytest.raises(NotPermitted):
        await asking
    assert house.sent == []
    house.assert_settled()


async def test_of_many_at_once_one_gets_through() -> None:
    house = FakeInstallation()
    grant = await granted(house)
    asking = [house.chat.answer(ask(**WANTED, grant=grant)) for _ in range(8)]
    found = await asyncio.gather(*asking, return_exceptions=True)
    assert house.sent == ["dear"]
    assert sum(isinstance(one, NotPermitted) for one in found) == 7
    house.assert_settled()


async def test_a_failed_delivery_uses_it_up() -> None:
    """Nobody knows what a provider has read before the connection broke."""
    house = FakeInstallation(retrying=Retrying(retries=2))
    grant = await granted(house)
    house.chats["boutique"].scripts = [[UpstreamUnreachable("boutique", "gone")]]
    with pytest.raises(KyozonError):
        await house.chat.answer(ask(**WANTED, grant=grant))
    assert house.reviews.grants[grant].used_at is not None
    assert house.sent == ["dear"]
    house.assert_settled()


async def test_nobody_approves_his_own_request() -> None:
    house = FakeInstallation()
    review = await requested(house)
    with pytest.raises(NotAllowed, match="another person"):
        await house.reviewing.approve(Caller(structs.replace(ANN, id="key_other", roles=frozenset({ROLE}))), review)


@pytest.mark.parametrize(
    "who",
    [
        person("ben"),
        person("ben", "review"),
        person("ben", "declassify:level:internal"),
        person("ben", ROLE, clearance=Clearance(Level.INTERNAL)),
        structs.replace(BEN, tenant="elsewhere"),
    ],
)
async def test_who_lacks_role_clearance_or_tenant_sees_nothing_of_it(who: ApiKey) -> None:
    house = FakeInstallation()
    review = await requested(house)
    for act in (house.reviewing.approve, house.reviewing.refuse, house.reviewing.show):
        with pytest.raises(NotFound):
            await act(Caller(who), review)
    assert await house.reviewing.items(Caller(who), None, 10) == []


async def test_the_approver_sees_the_exact_bytes_and_they_are_deleted_then() -> None:
    house = FakeInstallation()
    review = await requested(house)
    shown = await house.reviewing.show(Caller(BEN), review)
    assert shown.content is not None
    assert b"Say hello." in shown.content
    await house.reviewing.refuse(Caller(BEN), review)
    assert (await house.reviewing.show(Caller(BEN), review)).content is None
    assert house.reviews.contents == {}
    with pytest.raises(InvalidRequest):
        await house.reviewing.approve(Caller(BEN), review)


async def test_a_policy_that_changed_since_takes_a_new_request() -> None:
    house = FakeInstallation()
    review = await requested(house)
    house.registry.installation = structs.replace(house.registry.installation, policy_version="next")
    with pytest.raises(InvalidRequest, match="policy"):
        await house.reviewing.approve(Caller(BEN), review)


async def test_what_no_grant_could_help_is_not_asked_for() -> None:
    house = FakeInstallation((IN_HOUSE,))
    low = person("ann", clearance=Clearance(Level.INTERNAL))
    with pytest.raises(NotPermitted) as refused:
        await house.chat.answer(ask(key=low, declared=CONFIDENTIAL, asks_review=True, purpose="x"))
    assert refused.value.review is None
    assert house.reviews.queue == {}


CLAIM = Claim("default", "ann", "00", "external", "x", CONFIDENTIAL, "test")
GRANT = Grant("grt", CLAIM, "ben", START, START + timedelta(hours=1))
LABELS = st.builds(Label, st.sampled_from(list(Level)), st.frozensets(st.sampled_from(["pii", "jp-only"])))
CLAIMS = st.builds(
    Claim,
    st.sampled_from(["default", "other"]),
    st.sampled_from(["ann", "eve"]),
    st.sampled_from(["00", "01"]),
    st.sampled_from(["external", "lan"]),
    st.sampled_from(["x", "y"]),
    LABELS,
    st.sampled_from(["test", "next"]),
)


@given(claim=CLAIMS, minutes=st.integers(-5, 120), used=st.booleans())
@settings(max_examples=300)
def test_a_grant_holds_for_its_own_claim_alone(claim: Claim, minutes: int, used: bool) -> None:  # noqa: FBT001 - drawn
    grant = structs.replace(GRANT, used_at=START if used else None)
    holds = claim == CLAIM and minutes < 60 and not used
    assert (why_not(grant, claim, START + timedelta(minutes=minutes)) == ()) is holds


@given(label=LABELS)
def test_roles_cover_what_forbids(label: Label) -> None:
    needed = roles_for(label, ZONES["external"])
    assert bool(needed) is not label.within(ZONES["external"].clearance)
    assert all(map(known_role, needed))
    assert lacking(needed, needed) == []
    assert lacking(frozenset(), needed) == sorted(needed)


def test_who_may_release_a_level_may_release_those_below() -> None:
    assert lacking(frozenset({"declassify:level:restricted"}), {ROLE}) == []
    assert lacking(frozenset({ROLE}), {"declassify:level:restricted"}) == ["declassify:level:restricted"]
    assert not known_role("declassify:level:secret")
    assert not known_role("declassify:")
    assert not known_role("admin")
