"""A caller who leaves, at whatever moment, leaves a settled request behind: once, nothing held, no connection open."""

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal

import pytest

from kyozon.domain.callers import Limits
from kyozon.domain.requests import EmbeddingRequest
from kyozon.services.chat import Ask
from tests.fakes.installation import FakeInstallation, api_key, ask
from tests.fakes.scripted import HANG, TURN, piece
from tests.fakes.waiting import until

KEY = api_key(limits=Limits(requests_per_minute=100, tokens_per_minute=100_000, money_per_month=Decimal(1)))
MOST_TURNS = 80

Use = Callable[[FakeInstallation, Ask], Awaitable[object]]


async def _answer(house: FakeInstallation, asked: Ask) -> None:
    await house.chat.answer(asked)


async def _stream(house: FakeInstallation, asked: Ask) -> None:
    streamed = await house.chat.stream(asked)
    try:
        async for _ in streamed.pieces:
            await asyncio.sleep(0)
    finally:
        await streamed.close()


async def _never_read(house: FakeInstallation, asked: Ask) -> None:
    streamed = await house.chat.stream(asked)
    await streamed.close()


async def _count(house: FakeInstallation, asked: Ask) -> None:
    await house.chat.count_tokens(asked)


async def _embed(house: FakeInstallation, asked: Ask) -> None:
    await house.embeddings.embed(asked.caller, EmbeddingRequest({}, "embedder", ("a",)), None, b"{}")


async def _leave_after(house: FakeInstallation, use: Use, turns: int, again: int | None = None) -> bool:
    """Cancel after so many turns of the loop, and once more after `again`; False where it was over before."""
    asked = ask(key=KEY, idempotency_key="once")
    task = asyncio.ensure_future(use(house, asked))
    for _ in range(turns):
        await asyncio.sleep(0)
    left = task.cancel()
    if again is not None:
        for _ in range(again):
            await asyncio.sleep(0)
        task.cancel()
    await asyncio.wait([task])
    await house.drain()
    return left


@pytest.mark.parametrize("again", [None, 0, 1, 2, 3])
@pytest.mark.parametrize("use", [_answer, _stream, _never_read, _count, _embed])
async def test_at_every_turn_of_the_loop(use: Use, again: int | None) -> None:
    for turns in range(MOST_TURNS):
        house = FakeInstallation()
        left = await _leave_after(house, use, turns, again)
        house.assert_settled()
        statuses = {outcome.status for outcome in house.book.outcomes.values()}
        assert statuses <= {"left", "answered"}
        if not left:
            assert statuses == {"answered"} or use is _never_read
            break
    else:
        pytest.fail("it never came to its end")
    assert turns > 10


@pytest.mark.parametrize("turns", range(0, 40, 3))
async def test_with_a_slow_upstream_and_a_fallback(turns: int) -> None:
    house = FakeInstallation()
    house.chats["bargain"].scripts = [[TURN, TURN, ConnectionError()]]
    house.chats["local"].scripts = [[piece("Hello"), TURN, HANG]]
    await _leave_after(house, _stream, turns)
    house.assert_settled()


async def test_before_the_first_piece_the_input_is_charged() -> None:
    house = FakeInstallation()
    house.chats["bargain"].scripts = [[HANG]]
    assert await _leave_after(house, _stream, 30)
    (outcome,) = house.book.outcomes.values()
    assert (outcome.status, outcome.error, outcome.model) == ("left", "caller_left", "cheap")
    assert outcome.usage.input > outcome.usage.output == 0
    assert outcome.usage.estimated
    assert outcome.charge.amount > 0
    house.assert_settled()


async def test_before_anything_was_sent_nothing_is_charged() -> None:
    for turns in range(20):  # the first at which there is a decision: nothing can have followed it yet
        house = FakeInstallation()
        await _leave_after(house, _answer, turns)
        if house.book.decisions_by_id:
            break
    (outcome,) = house.book.outcomes.values()
    assert house.sent == []
    assert (outcome.status, outcome.usage.input) == ("left", 0)
    assert outcome.charge.amount == 0


async def test_counting_costs_nothing_even_when_the_caller_leaves() -> None:
    house = FakeInstallation()
    house.chats["bargain"].scripts = [[HANG]]
    assert await _leave_after(house, _count, 30)
    (outcome,) = house.book.outcomes.values()
    assert outcome.status == "left"
    assert outcome.charge.amount == 0
    assert house.book.transactions == {}


async def test_the_key_stays_held_until_the_settlement_is_in() -> None:
    """Else a second request with it would find no answer, and buy one."""
    house = FakeInstallation()
    house.book.turns = 20
    task = asyncio.ensure_future(_answer(house, ask(key=KEY, idempotency_key="once")))
    await until(lambda: house.chats["bargain"].closed)
    task.cancel()
    await asyncio.wait([task])
    assert house.replays._running
    await house.drain()
    again = await house.chat.answer(ask(key=KEY, idempotency_key="once"))
    assert again.replayed
    assert house.sent == ["cheap"]
