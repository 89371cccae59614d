"""I13: a request under way is held to the policy it was decided under and to the one that came meanwhile."""

import asyncio
from collections.abc import Callable

import pytest
from msgspec import structs

from kyozon.domain.errors import HeldForReview, NotPermitted, UpstreamUnreachable
from kyozon.domain.labels import Clearance, Label, Level, Zone
from kyozon.domain.requests import ChatRequest
from kyozon.domain.review import ReviewRules
from kyozon.ports.provider import Answer, ChatCall
from kyozon.services.registry import Installation
from tests.fakes.detection import KnownValues
from tests.fakes.installation import CONFIDENTIAL, EVERYTHING, IN_HOUSE, INTERNAL, ZONES, FakeInstallation, ask
from tests.fakes.record_samples import a_decision
from tests.fakes.scripted import ScriptedChat

WIDE = {"host": ZONES["host"], "external": Zone("external", "external", EVERYTHING, trains=False)}
CLOSED = {"host": ZONES["host"], "external": Zone("external", "external", Clearance(Level.PUBLIC))}


class Held:
    """A model's adapter that waits before it answers, or fails; meanwhile another policy comes."""

    def __init__(self, inner: ScriptedChat, *, fails: bool) -> None:
        self.inner = inner
        self.fails = fails
        self.asked, self.go = asyncio.Event(), asyncio.Event()

    def dialect_for(self, request: ChatRequest) -> str:
        return self.inner.dialect_for(request)

    async def answer(self, call: ChatCall) -> Answer:
        self.asked.set()
        await self.go.wait()
        if self.fails:
            raise UpstreamUnreachable(call.card.provider, "held")
        return await self.inner.answer(call)


async def meanwhile(
    house: FakeInstallation, provider: str, change: Callable[[Installation], Installation], label: Label, *, fails: bool
) -> None:
    """Ask; when `provider` has the request, change the policy; then let it go on."""
    held = Held(house.chats[provider], fails=fails)
    house.chats[provider] = held  # type: ignore[assignment] # it answers alike
    asking = asyncio.create_task(house.chat.answer(ask(declared=label)))
    await held.asked.wait()
    house.registry.installation = change(house.registry.installation)
    house.chats[provider] = held.inner
    held.go.set()
    await asking


async def test_a_wider_policy_does_not_widen_a_request_under_way() -> None:
    house = FakeInstallation()
    with pytest.raises(UpstreamUnreachable):
        await meanwhile(house, "local", lambda now: structs.replace(now, zones=WIDE), CONFIDENTIAL, fails=True)
    assert house.sent == []
    await house.chat.answer(ask(declared=CONFIDENTIAL))
    assert house.sent == ["cheap"]  # the next one is decided under it
    house.assert_settled()


async def test_a_stricter_policy_binds_a_request_under_way() -> None:
    house = FakeInstallation()
    await meanwhile(house, "bargain", lambda now: structs.replace(now, zones=CLOSED), INTERNAL, fails=False)
    assert house.sent == ["cheap"]  # it had left before
    house = FakeInstallation()
    with pytest.raises(NotPermitted):
        await meanwhile(
            house, "bargain", lambda now: structs.replace(now, zones=CLOSED, cards=now.cards[1:]), INTERNAL, fails=True
        )
    assert house.sent == []
    house.assert_settled()


async def test_a_provider_that_moves_is_held_to_both_zones() -> None:
    """Its name leads to another place now: what was cleared for the old one is not cleared for the new one."""
    house = FakeInstallation()
    abroad = structs.replace(IN_HOUSE, zone="external")

    def moved(now: Installation) -> Installation:
        return structs.replace(now, cards=(abroad, *now.cards[1:]))

    decided = asyncio.create_task(house.chat.answer(ask(declared=CONFIDENTIAL)))
    house.book.turns = 50  # the record takes its time
    await asyncio.sleep(0)
    house.registry.installation = moved(house.registry.installation)
    with pytest.raises(NotPermitted):
        await decided
    assert house.sent == []
    house.assert_settled()


async def test_a_stream_that_waits_for_its_turn_is_checked_when_it_begins() -> None:
    house = FakeInstallation()
    streamed = house.egress.stream(ChatCall(house.registry.named("cheap")[0], ask().request), INTERNAL, a_decision())
    house.registry.installation = structs.replace(house.registry.installation, zones=CLOSED)
    with pytest.raises(NotPermitted):
        await anext(streamed)
    assert house.sent == []


async def test_an_answer_that_a_person_was_to_see_is_held_whatever_comes_meanwhile() -> None:
    house = FakeInstallation()
    rules = ReviewRules(labels=(INTERNAL,))
    house.registry.installation = structs.replace(house.registry.installation, review=rules)
    with pytest.raises(HeldForReview):
        await meanwhile(house, "bargain", lambda now: structs.replace(now, review=ReviewRules()), INTERNAL, fails=False)
    assert len(house.reviews.queue) == 1


async def test_a_zone_that_takes_masked_words_no_more_gets_none() -> None:
    house = FakeInstallation()
    house.look_through(KnownValues())
    house.book.turns = 50
    asking = asyncio.create_task(house.chat.answer(ask("cheap", messages=[{"role": "user", "content": "山田太郎"}])))
    for _ in range(20):
        await asyncio.sleep(0)
    assert house.book._writing  # the decision is being recorded
    zones = ZONES | {"external": structs.replace(ZONES["external"], masked=False)}
    house.registry.installation = structs.replace(house.registry.installation, zones=zones)
    with pytest.raises(NotPermitted):
        await asking
    assert house.sent == []
    house.assert_settled()
