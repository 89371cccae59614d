"""Answers that a person looks at first: held, approved by another, delivered until they expire."""

from typing import Any

import pytest
from msgspec import structs

from kyozon.domain.callers import ApiKey, Caller
from kyozon.domain.errors import HeldForReview, NotAllowed, NotFound, NotPermitted
from kyozon.domain.labels import Clearance, Label, Level
from kyozon.domain.provenance import StoredValue
from kyozon.domain.review import ReviewRules
from kyozon.services.cache import CacheOptions
from kyozon.services.provenance import Wish
from tests.fakes.installation import CONFIDENTIAL, INTERNAL, FakeInstallation, ask
from tests.fakes.installation import api_key as key_of
from tests.fakes.steered import START


def person(name: str, *roles: str) -> ApiKey:
    return structs.replace(key_of(name), user=name, roles=frozenset(roles))


ANN, BEN, EVE = person("ann"), person("ben", "review"), person("eve")


def holding(**rules: Any) -> FakeInstallation:
    house = FakeInstallation()
    house.registry.installation = structs.replace(house.registry.installation, review=ReviewRules(**rules))
    return house


async def held(house: FakeInstallation, **fields: Any) -> str:
    with pytest.raises(HeldForReview) as raised:
        await house.chat.answer(ask(key=ANN, **fields))
    assert raised.value.review is not None
    return raised.value.review


@pytest.mark.parametrize(
    ("rules", "declared", "holds"),
    [
        ({"labels": (CONFIDENTIAL,)}, CONFIDENTIAL, True),
        ({"labels": (CONFIDENTIAL,)}, Label(Level.RESTRICTED, frozenset({"pii"})), True),
        ({"labels": (CONFIDENTIAL,)}, INTERNAL, False),
        ({"labels": (Label(Level.PUBLIC, frozenset({"pii"})),)}, CONFIDENTIAL, False),
        ({"zones": frozenset({"external"})}, INTERNAL, True),
        ({"zones": frozenset({"external"})}, CONFIDENTIAL, False),
        ({"keys": frozenset({"ann"})}, INTERNAL, True),
        ({"keys": frozenset({"eve"})}, INTERNAL, False),
    ],
)
async def test_any_one_reason_holds(rules: dict[str, Any], declared: Label, holds: bool) -> None:  # noqa: FBT001 - a case
    house = holding(**rules)
    if holds:
        await held(house, declared=declared)
        assert len(house.reviews.queue) == 1
    else:
        await house.chat.answer(ask(key=ANN, declared=declared))
        assert house.reviews.queue == {}
    assert len(house.sent) == 1  # the model has answered, and is paid
    house.assert_settled()


async def test_approved_by_another_and_delivered_until_it_expires() -> None:
    house = holding(keys=frozenset({"ann"}))
    review = await held(house)
    with pytest.raises(HeldForReview):
        await house.reviewing.collect(Caller(ANN), review)
    shown = await house.reviewing.show(Caller(BEN), review)
    assert shown.content is not None
    assert b"Hello world" in shown.content
    assert (await house.reviewing.show(Caller(ANN), review)).content is None  # whoever asked does not read it before
    await house.reviewing.approve(Caller(BEN), review)
    with pytest.raises(NotFound):
        await house.reviewing.collect(Caller(EVE), review)
    item, payload = await house.reviewing.collect(Caller(ANN), review)
    assert (b"Hello world" in payload, item.model, item.content_type) == (True, "cheap", "answer/openai/openai")
    again, same = await house.reviewing.collect(Caller(ANN), review)  # the first may have been lost on its way
    assert (again.state, same) == ("delivered", payload)
    told = [(event.action, event.user, event.object) for event in house.reviews.events[2:]]
    assert told == [("review:delivered", "ann", review)] * 2
    house.time.advance(hours=24)
    with pytest.raises(NotFound):
        await house.reviewing.collect(Caller(ANN), review)
    assert [item.state for item in await house.reviewing.items(Caller(ANN), None, 10)] == ["delivered"]
    assert house.reviews.contents == {}
    house.assert_settled()


async def test_a_reviewer_does_not_look_at_his_own_before() -> None:
    house = holding(keys=frozenset({"ann"}))
    review = await held(house)
    own = structs.replace(ANN, id="key_other", name="other", roles=frozenset({"review"}))
    assert (await house.reviewing.show(Caller(own), review)).content is None


async def test_what_is_raised_while_it_waits_binds_it() -> None:
    house = holding(keys=frozenset({"ann"}))
    await house.provenance.add(StoredValue("doc", "default", "document", START, INTERNAL))
    review = await held(house, sources=("doc",))
    await house.reviewing.approve(Caller(BEN), review)
    await house.provenance.raise_label(Wish("default", "doc", Label(Level.RESTRICTED), "ben", "it was wrong"))
    low = Clearance(Level.CONFIDENTIAL)
    for act, key in ((house.reviewing.collect, ANN), (house.reviewing.show, BEN)):
        with pytest.raises(NotPermitted):
            await act(Caller(structs.replace(key, clearance=low)), review)
    assert (await house.reviewing.collect(Caller(ANN), review))[1]  # who is cleared for more gets it still


async def test_nobody_approves_what_he_may_not_read_any_more() -> None:
    house = holding(keys=frozenset({"ann"}))
    await house.provenance.add(StoredValue("doc", "default", "document", START, INTERNAL))
    review = await held(house, sources=("doc",))
    await house.provenance.raise_label(Wish("default", "doc", Label(Level.RESTRICTED), "eve", "it was wrong"))
    low = structs.replace(BEN, clearance=Clearance(Level.CONFIDENTIAL))
    with pytest.raises(NotPermitted):
        await house.reviewing.approve(Caller(low), review)
    assert house.reviews.queue[review].state == "waiting"
    assert (await house.reviewing.refuse(Caller(low), review)).state == "refused"


async def test_what_others_wait_for_hides_nothing() -> None:
    house = holding(keys=frozenset({"ann", "eve"}))
    mine = await held(house)
    for _ in range(3):
        with pytest.raises(HeldForReview):
            await house.chat.answer(ask(key=EVE))
    assert [item.id for item in await house.reviewing.items(Caller(ANN), None, 2)] == [mine]
    assert len(await house.reviewing.items(Caller(BEN), None, 3)) == 3


async def test_refused_it_is_gone() -> None:
    house = holding(keys=frozenset({"ann"}))
    review = await held(house)
    await house.reviewing.refuse(Caller(BEN), review)
    with pytest.raises(NotFound):
        await house.reviewing.collect(Caller(ANN), review)
    assert house.reviews.contents == {}


@pytest.mark.parametrize("approved", [False, True])
async def test_expired_it_is_gone(*, approved: bool) -> None:
    house = holding(keys=frozenset({"ann"}))
    review = await held(house)
    if approved:
        await house.reviewing.approve(Caller(BEN), review)
    house.time.advance(hours=24)
    assert [item.state for item in await house.reviewing.items(Caller(ANN), None, 10)] == ["expired"]
    with pytest.raises(NotFound):
        await house.reviewing.collect(Caller(ANN), review)
    assert house.reviews.contents == {}


async def test_who_asked_cannot_decide_and_others_need_the_role() -> None:
    house = holding(keys=frozenset({"ann"}))
    review = await held(house)
    with pytest.raises(NotAllowed):
        await house.reviewing.approve(Caller(structs.replace(ANN, roles=frozenset({"review"}))), review)
    with pytest.raises(NotFound):
        await house.reviewing.approve(Caller(EVE), review)
    assert house.reviews.queue[review].state == "waiting"


async def test_a_stream_cannot_wait() -> None:
    house = holding(zones=frozenset({"external"}))
    with pytest.raises(HeldForReview, match="without stream"):
        await house.chat.stream(ask(key=ANN, stream=True))
    assert house.sent == []
    house.assert_settled()


async def test_neither_the_cache_nor_a_repeated_request_gets_around_it() -> None:
    house = holding(keys=frozenset({"ann"}))
    house.use_cache(CacheOptions(exact=True))
    await held(house, idempotency_key="once")
    await held(house, idempotency_key="once")
    await held(house)
    assert len(house.sent) == 3
    assert house.book.kept == {}
    house.assert_settled()
