"""D1: a stored value's label goes down when one person asks and another, who may, approves of that very change."""

import asyncio
from typing import Any

import pytest
from msgspec import structs

from kyozon.domain.callers import ApiKey, Caller
from kyozon.domain.errors import InvalidRequest, LimitReached, NotAllowed, NotFound, NotPermitted
from kyozon.domain.labels import Integrity, Label, Level, parse_clearance, parse_label
from kyozon.domain.provenance import StoredValue
from kyozon.domain.review import ReviewItem
from kyozon.services.provenance import Wish
from tests.fakes.installation import EVERYTHING, FakeInstallation, ask
from tests.fakes.installation import api_key as key_of
from tests.fakes.steered import START

PUBLIC, INTERNAL, SECRET = map(parse_label, ("public", "internal", "restricted+pii"))
ROLES = frozenset({"declassify:level:restricted", "declassify:pii"})


def person(name: str, **changes: Any) -> ApiKey:
    return structs.replace(structs.replace(key_of(name), user=name, clearance=EVERYTHING), **changes)


ANN, BEN = person("ann"), person("ben", roles=ROLES)


@pytest.fixture
async def house() -> FakeInstallation:
    made = FakeInstallation()
    await made.provenance.add(StoredValue("doc", "default", "document", START, SECRET, sha256="00ff"))
    return made


async def asked(house: FakeInstallation, label: Label = PUBLIC) -> ReviewItem:
    return await house.reviewing.request_lowering(Caller(ANN), "doc", label, "published")


async def label_of(house: FakeInstallation) -> Label:
    return await house.provenance.label("default", ("doc",))


async def test_it_takes_two_and_both_are_on_record(house: FakeInstallation) -> None:
    item = await asked(house, INTERNAL)
    assert (item.kind, item.claim.label, item.claim.content_sha256, item.claim.purpose) == (
        "lowering",
        SECRET,
        "00ff",
        "published",
    )
    assert await label_of(house) == SECRET
    assert [found.id for found in await house.reviewing.items(Caller(BEN), "waiting", 10)] == [item.id]
    made = await house.reviewing.approve(Caller(BEN), item.id)
    assert (made.state, made.reviewer, made.grant_id) == ("approved", "ben", None)
    assert await label_of(house) == INTERNAL
    (change,) = await house.stored.changes("default", "doc")
    assert (change.by, change.approval, change.reason) == ("ann", BEN.id, "published")
    assert (change.old, change.new) == (SECRET, INTERNAL)
    told = [(event.action, event.user) for event in (*house.reviews.events, *house.stored.events)]
    assert told == [("review:requested", "ann"), ("review:approved", "ben"), ("value:lowered", "ann")]
    (event,) = house.stored.events
    assert event.detail == {"old": str(SECRET), "new": "internal", "approval": BEN.id, "review": item.id}


async def test_what_waits_already_waits_once_and_nobody_fills_the_queue(house: FakeInstallation) -> None:
    first = await asked(house)
    assert (await asked(house)).id == first.id
    others = [await house.reviewing.request_lowering(Caller(ANN), "doc", PUBLIC, f"purpose-{n}") for n in range(99)]
    with pytest.raises(LimitReached, match="100 reviews that you asked for wait already"):
        await asked(house, INTERNAL)
    assert (await asked(house)).id == first.id
    await house.reviewing.refuse(Caller(BEN), others[0].id)
    assert (await asked(house, INTERNAL)).id not in {first.id, *(item.id for item in others)}


@pytest.mark.parametrize(
    ("key", "refusal"),
    [
        (structs.replace(ANN, roles=ROLES), NotAllowed),
        (person("eve"), NotFound),
        (person("eve", roles=frozenset({"declassify:pii", "review"})), NotFound),
        (person("eve", roles=frozenset({"declassify:level:restricted"})), NotFound),
        (structs.replace(BEN, tenant="other"), NotFound),
        (structs.replace(BEN, clearance=parse_clearance("restricted")), NotFound),
    ],
)
async def test_nobody_else_approves(house: FakeInstallation, key: ApiKey, refusal: type[Exception]) -> None:
    item = await asked(house)
    for act in (house.reviewing.approve, house.reviewing.refuse):
        with pytest.raises(refusal):
            await act(Caller(key), item.id)
    assert await label_of(house) == SECRET
    assert house.reviews.queue[item.id].state == "waiting"


async def test_who_is_not_cleared_for_what_it_was_made_from_does_not_see_it(house: FakeInstallation) -> None:
    await house.provenance.add(StoredValue("sum", "default", "summary", START, INTERNAL, ("doc",)))
    item = await house.reviewing.request_lowering(Caller(ANN), "sum", PUBLIC, "published")
    low = Caller(person("ben", roles=ROLES, clearance=parse_clearance("internal")))
    for act in (house.reviewing.show, house.reviewing.approve):
        with pytest.raises(NotPermitted):
            await act(low, item.id)
    await house.reviewing.approve(Caller(BEN), item.id)
    assert await house.provenance.label("default", ("sum",)) == SECRET  # its source binds it still


@pytest.mark.parametrize("way", ["refused", "expired"])
async def test_refused_or_expired_it_stays_as_it_is(house: FakeInstallation, way: str) -> None:
    item = await asked(house)
    if way == "refused":
        await house.reviewing.refuse(Caller(BEN), item.id)
    else:
        house.time.advance(hours=24)
    with pytest.raises(InvalidRequest):
        await house.reviewing.approve(Caller(BEN), item.id)
    assert [found.state for found in await house.reviewing.items(Caller(ANN), None, 10)] == [way]
    assert await label_of(house) == SECRET
    assert house.stored.events == []


async def test_two_approvals_lower_it_once(house: FakeInstallation) -> None:
    item, twice = await asked(house), await asked(house)
    cara = person("cara", roles=ROLES)
    deciding = [(BEN, item), (cara, item), (BEN, twice), (cara, twice)]
    done = await asyncio.gather(
        *(house.reviewing.approve(Caller(key), each.id) for key, each in deciding), return_exceptions=True
    )
    assert sum(isinstance(one, ReviewItem) for one in done) == 1
    assert all(isinstance(one, ReviewItem | InvalidRequest) for one in done)
    assert len(house.stored.relabelled) == 1


async def test_an_approval_does_not_undo_what_was_raised_meanwhile(house: FakeInstallation) -> None:
    item = await asked(house)
    higher = Label(Level.RESTRICTED, frozenset({"pii", "legal"}))
    await house.provenance.raise_label(Wish("default", "doc", higher, "ann", "it names a client"))
    with pytest.raises(InvalidRequest, match="legal"):
        await house.reviewing.approve(Caller(BEN), item.id)
    assert await label_of(house) == higher
    assert house.reviews.queue[item.id].state == "waiting"
    await house.reviewing.refuse(Caller(BEN), item.id)


async def test_under_another_policy_it_is_asked_for_again(house: FakeInstallation) -> None:
    item = await asked(house)
    house.registry.installation = structs.replace(house.registry.installation, policy_version="next")
    with pytest.raises(InvalidRequest, match="policy"):
        await house.reviewing.approve(Caller(BEN), item.id)
    assert await label_of(house) == SECRET


async def test_only_a_lower_label_with_a_purpose_is_asked_for(house: FakeInstallation) -> None:
    for label in (SECRET, parse_label("restricted+pii+legal")):
        with pytest.raises(InvalidRequest, match="not lower"):
            await asked(house, label)
    with pytest.raises(InvalidRequest, match="purpose"):
        await house.reviewing.request_lowering(Caller(ANN), "doc", PUBLIC, "")
    with pytest.raises(NotFound):
        await house.reviewing.request_lowering(Caller(structs.replace(ANN, tenant="other")), "doc", PUBLIC, "published")
    assert house.reviews.queue == {}


async def test_a_mixed_change_needs_a_role_for_what_is_given_up_alone(house: FakeInstallation) -> None:
    item = await asked(house, parse_label("restricted+legal"))
    await house.reviewing.approve(Caller(person("eve", roles=frozenset({"declassify:pii"}))), item.id)
    assert await label_of(house) == parse_label("restricted+legal")


async def test_an_exchange_is_lowered_and_what_it_obeys_is_not(house: FakeInstallation) -> None:
    trusted = structs.replace(SECRET, integrity=Integrity.TRUSTED)
    await house.provenance.add(StoredValue("prompt", "default", "document", START, trusted))
    answered = await house.chat.answer(ask("in-house", declared=SECRET))
    for value, integrity in ((answered.decision_id, Integrity.UNTRUSTED), ("prompt", Integrity.TRUSTED)):
        item = await house.reviewing.request_lowering(Caller(ANN), value, PUBLIC, "published")
        await house.reviewing.approve(Caller(BEN), item.id)
        assert await house.provenance.label("default", (value,)) == Label(Level.PUBLIC, integrity=integrity)
