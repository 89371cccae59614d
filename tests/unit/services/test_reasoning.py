"""What models thought is kept only where that is wanted, apart, shortly, and shown to who may read all of the decision."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from msgspec import structs

from kyozon.domain.callers import Caller
from kyozon.domain.errors import HeldForReview, NotFound, StorageUnavailable
from kyozon.domain.labels import Clearance, Level
from kyozon.domain.review import ReviewRules
from kyozon.ports.provider import Piece
from kyozon.services.explaining import ExplainService
from kyozon.services.lasting import Lasting
from kyozon.services.reasoning import ReasoningKeeper, ReasoningReader, thoughts
from tests.fakes.installation import CONFIDENTIAL, FakeInstallation, api_key, ask
from tests.fakes.reasoning import MemoryReasoning
from tests.fakes.scripted import USAGE, piece

THOUGHT = "First the hills, then the sea."
OWN, OTHER = api_key("own"), api_key("other")
LOW = structs.replace(OWN, clearance=Clearance(Level.INTERNAL))


def thinking_house() -> tuple[FakeInstallation, Lasting]:
    kept, lasting = MemoryReasoning([]), Lasting()
    house = FakeInstallation(watchers=[ReasoningKeeper(kept, timedelta(hours=2), lasting)])
    house.thoughts = kept
    for chat in house.chats.values():
        chat.scripts = [[*map(_thought, (THOUGHT[:5], THOUGHT[5:])), piece("Hello"), piece(finish="stop")]]
        chat.whole = _json(
            choices=[{"message": {"content": "Hello", "reasoning_content": THOUGHT}, "finish_reason": "stop"}]
        )
    return house, lasting


def _thought(text: str) -> Piece:
    return Piece(_json(choices=[{"index": 0, "delta": {"reasoning_content": text}}]), text=text)


def _json(**fields: Any) -> bytes:
    return msgspec.json.encode(fields)


def reader(house: FakeInstallation) -> ReasoningReader:
    return ReasoningReader(ExplainService(house.book), house.thoughts, house.trail, house.time.world)


async def think(house: FakeInstallation, *, stream: bool = False) -> str:
    if not stream:
        return (await house.chat.answer(ask(key=OWN, declared=CONFIDENTIAL))).decision_id
    streamed = await house.chat.stream(ask(key=OWN, declared=CONFIDENTIAL))
    async for _ in streamed.pieces:
        pass
    return streamed.decision_id


async def test_what_is_kept_on_this_host_was_told_to_no_collector() -> None:
    house, lasting = thinking_house()
    decision = await think(house)
    await lasting.drain()
    assert not house.book.outcomes[decision].heard
    tenant = house.book.decisions_by_id[decision].tenant
    exposure = await house.provenance.exposure(tenant, decision)
    assert "collector" not in [found.delivery.zone for found in exposure.deliveries]


@pytest.mark.parametrize("stream", [False, True])
async def test_it_is_kept_under_the_label_and_shown_to_who_is_cleared(*, stream: bool) -> None:
    house, lasting = thinking_house()
    decision = await think(house, stream=stream)
    await lasting.drain()
    found = await reader(house).read(Caller(OWN), decision)
    assert (found.text, found.label, found.user, found.whole) == (THOUGHT, CONFIDENTIAL, OWN.user, True)
    assert found.expires_at - found.at == timedelta(hours=2)
    for nobody in (OTHER, LOW):
        with pytest.raises(NotFound):
            await reader(house).read(Caller(nobody), decision)
    house.time.advance(seconds=2 * 3600)
    with pytest.raises(NotFound):
        await reader(house).read(Caller(OWN), decision)


async def test_its_own_label_binds_whoever_shows_it() -> None:
    house, lasting = thinking_house()
    decision = house.book.decisions_by_id[await think(house)]
    await lasting.drain()
    with pytest.raises(NotFound):
        await reader(house).shown(decision, "ann", LOW.clearance)
    assert (await reader(house).shown(decision, "ann", OWN.clearance)).text == THOUGHT


async def test_who_looked_is_on_record_or_does_not_see_it() -> None:
    house, lasting = thinking_house()
    decision = await think(house)
    await lasting.drain()
    await reader(house).read(Caller(OWN), decision)
    assert [(event.action, event.user, event.object) for event in house.trail.events] == [
        ("reasoning:read", OWN.user, decision)
    ]


async def test_records_hold_none_of_it() -> None:
    house, lasting = thinking_house()
    decision = await think(house)
    await lasting.drain()
    for record in (house.book.decisions_by_id[decision], house.book.outcomes[decision]):
        assert "hills" not in msgspec.json.encode(record).decode()


async def test_of_an_answer_that_waits_for_a_person_none_is_kept() -> None:
    """Who asked would read there what nobody has approved yet."""
    house, lasting = thinking_house()
    review = ReviewRules(keys=frozenset({OWN.name}))
    house.registry.installation = structs.replace(house.registry.installation, review=review)
    with pytest.raises(HeldForReview):
        await think(house)
    await lasting.drain()
    assert house.thoughts.kept == {}


async def test_without_a_keeper_nothing_is_kept() -> None:
    thinking, _ = thinking_house()
    house = FakeInstallation()
    for name, chat in house.chats.items():
        chat.whole = thinking.chats[name].whole
    decision = await think(house)
    assert house.thoughts.kept == {}
    with pytest.raises(NotFound):
        await reader(house).read(Caller(OWN), decision)


async def test_an_answer_without_reasoning_keeps_none() -> None:
    house, lasting = thinking_house()
    for chat in house.chats.values():
        chat.whole = None
        chat.scripts = [[piece("Hello"), piece(finish="stop"), Piece(_json(choices=[]), usage=USAGE, usage_only=True)]]
    await think(house)
    await lasting.drain()
    assert house.thoughts.kept == {}


async def test_a_request_does_not_suffer_when_it_cannot_be_kept() -> None:
    house, lasting = thinking_house()
    house.thoughts.failing = {"keep"}
    decision = await think(house)
    await lasting.drain()
    assert house.book.outcomes[decision].status == "answered"
    house.thoughts.failing = {"read"}
    with pytest.raises(StorageUnavailable):
        await reader(house).read(Caller(OWN), decision)
    house.assert_settled()


@pytest.mark.parametrize(
    "payloads",
    [
        [_json(content=[{"type": "thinking", "thinking": THOUGHT}, {"type": "text", "text": "Hello"}])],
        [
            _json(type="content_block_start", content_block={"type": "thinking", "thinking": ""}),
            _json(type="content_block_delta", delta={"type": "thinking_delta", "thinking": THOUGHT[:9]}),
            _json(type="content_block_delta", delta={"type": "thinking_delta", "thinking": THOUGHT[9:]}),
            _json(type="content_block_delta", delta={"type": "text_delta", "text": "Hello"}),
        ],
        [_json(choices=[{"message": {"reasoning": THOUGHT, "content": "Hello"}}])],
        [_json(choices=[{"delta": {"reasoning_content": THOUGHT, "reasoning": THOUGHT}}])],
        [_json(choices=[{"delta": {"reasoning_content": THOUGHT}}]), b'["reasoning_content", "thinking"]'],
    ],
    ids=["message", "events", "other field", "both fields", "nonsense"],
)
def test_thoughts_are_found_in_either_dialect(payloads: list[bytes]) -> None:
    assert "".join(thoughts(payloads)) == THOUGHT
