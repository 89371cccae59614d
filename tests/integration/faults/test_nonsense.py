"""Providers that answer nonsense: broken events, lies about usage, no end. Nothing is billed twice or below zero."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import pytest

from kyozon.domain.errors import KyozonError, StreamBroken
from kyozon.routing.retrying import Retrying
from tests.fakes.installation import CHEAP, FakeInstallation, ask
from tests.fakes.upstream import Behaviour, FakeUpstream

Build = Callable[..., FakeInstallation]
NO_RETRIES = Retrying(retries=0)


def _event(choices: Any, **more: Any) -> bytes:
    return (
        b"data: "
        + msgspec.json.encode({"id": "c", "object": "chat.completion.chunk", "choices": choices, **more})
        + b"\n\n"
    )


ROLE = _event([{"index": 0, "delta": {"role": "assistant", "content": ""}}])
HELLO = _event([{"index": 0, "delta": {"content": "Hello"}}])
BROKEN = {
    "half a JSON": b'data: {"id":"c","choices":[{"index":0,"del\n\n',
    "no UTF-8": b'data: {"choices":[{"delta":{"content":"\xff\xfe"}}]}\n\n',
    "a list": b"data: [1, 2, 3]\n\n",
    "choices are a number": b'data: {"choices": 7}\n\n',
    "a delta is a text": b'data: {"choices":[{"index":0,"delta":"Hello"}]}\n\n',
    "a choice is null": b'data: {"choices":[null]}\n\n',
    "a line without end": b"data: " + b"x" * 300_000,
    "nested too deep": b"data: " + b"[" * 100_000 + b"\n\n",
    "an error": b'data: {"error":{"message":"overloaded","code":503}}\n\n',
    "nothing more": b"",
}
LIES: dict[str, Mapping[str, Any]] = {
    "negative": {"prompt_tokens": -5, "completion_tokens": -7, "total_tokens": -12},
    "texts": {"prompt_tokens": "many", "completion_tokens": "7", "total_tokens": None},
    "fractions": {"prompt_tokens": 1.5, "completion_tokens": 2.5, "total_tokens": 4},
    "lists": {"prompt_tokens": [1], "completion_tokens": {"a": 1}, "total_tokens": True},
    "more cached than there is": {
        "prompt_tokens": 5,
        "completion_tokens": 1,
        "prompt_tokens_details": {"cached_tokens": 900},
    },
}


async def _streamed(house: FakeInstallation) -> str:
    found = await house.chat.stream(ask(stream=True))
    try:
        return "".join([piece.text async for piece in found.pieces])
    finally:
        await found.close()


async def _assert_books(house: FakeInstallation) -> None:
    house.assert_settled()
    assert all(amount == 0 for amount in (await house.book.balance()).values())
    for outcome in house.book.outcomes.values():
        assert outcome.charge.amount >= 0
        assert min(outcome.usage.uncached, outcome.usage.cache_read, outcome.usage.cache_write, outcome.usage.output) >= 0
    assert house.book.total("key:key_test:spend") >= 0


@pytest.mark.parametrize("fault", BROKEN)
async def test_nonsense_before_the_first_words_is_answered_elsewhere(build: Build, sick: FakeUpstream, fault: str) -> None:
    house = build(retrying=NO_RETRIES)
    sick.default = Behaviour(raw_events=(ROLE, BROKEN[fault]))
    assert await _streamed(house) == "Hello, world."
    (outcome,) = house.book.outcomes.values()
    assert [attempt.model for attempt in outcome.attempts] == ["cheap", "in-house"]
    assert outcome.attempts[0].charge is not None  # it had begun, so it is paid
    await _assert_books(house)


@pytest.mark.parametrize("fault", BROKEN)
async def test_nonsense_in_the_middle_ends_the_stream_with_an_error(build: Build, sick: FakeUpstream, fault: str) -> None:
    house = build((CHEAP,), retrying=NO_RETRIES)
    sick.default = Behaviour(raw_events=(ROLE, HELLO, BROKEN[fault]))
    with pytest.raises(StreamBroken):
        await _streamed(house)
    (outcome,) = house.book.outcomes.values()
    assert (outcome.status, outcome.error, outcome.usage.estimated) == ("broken", "stream_broken", True)
    assert outcome.charge.amount > 0
    await _assert_books(house)


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("lie", LIES)
async def test_a_lie_about_usage_never_becomes_a_credit(
    build: Build, sick: FakeUpstream, lie: str, *, streamed: bool
) -> None:
    house = build((CHEAP,), retrying=NO_RETRIES)
    whole = {
        "id": "c",
        "object": "chat.completion",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello"}, "finish_reason": "stop"}],
        "usage": LIES[lie],
    }
    end = _event([{"index": 0, "delta": {}, "finish_reason": "stop"}])
    last = (_event([], usage=LIES[lie]), b"data: [DONE]\n\n")
    sick.default = Behaviour(raw_body=msgspec.json.encode(whole), raw_events=(ROLE, HELLO, end, *last))
    try:
        await (_streamed(house) if streamed else house.chat.answer(ask()))
    except KyozonError as failure:
        assert failure.code in ("stream_broken", "provider_failed")  # noqa: PT017 - answering is right, too
    assert len(house.book.outcomes) == 1
    await _assert_books(house)


@pytest.mark.parametrize("behaviour", [Behaviour(reset=True), Behaviour(reset_after=1, gap=0.02), Behaviour(cut_after=1)])
async def test_a_connection_that_drops_before_the_first_words(
    build: Build, sick: FakeUpstream, behaviour: Behaviour
) -> None:
    house = build(retrying=Retrying(retries=1))
    sick.default = behaviour
    assert await _streamed(house) == "Hello, world."
    (outcome,) = house.book.outcomes.values()
    assert [attempt.model for attempt in outcome.attempts] == ["cheap", "cheap", "in-house"]
    assert len(sick.received) == 2  # what is recorded is what was sent
    await _assert_books(house)


@pytest.mark.parametrize("behaviour", [Behaviour(reset_after=2, gap=0.02), Behaviour(cut_after=2)])
async def test_a_connection_that_drops_in_the_middle(build: Build, sick: FakeUpstream, behaviour: Behaviour) -> None:
    house = build(retrying=Retrying(retries=1))
    sick.default = behaviour
    with pytest.raises(StreamBroken):
        await _streamed(house)
    assert len(sick.received) == 1  # words were passed on: nobody starts again behind the caller's back
    (outcome,) = house.book.outcomes.values()
    assert (outcome.status, outcome.usage.estimated) == ("broken", True)
    await _assert_books(house)


@pytest.mark.parametrize("body", [b'{"choices": "\xff"}', b"[" * 100_000, b"", b"null", b'{"choices": 7}'])
async def test_a_whole_answer_of_nonsense_is_answered_elsewhere(build: Build, sick: FakeUpstream, body: bytes) -> None:
    house = build(retrying=NO_RETRIES)
    sick.default = Behaviour(raw_body=body)
    await house.chat.answer(ask())
    (outcome,) = house.book.outcomes.values()
    assert [(attempt.model, attempt.error) for attempt in outcome.attempts] == [
        ("cheap", "provider_failed"),
        ("in-house", None),
    ]
    await _assert_books(house)


@pytest.mark.parametrize("body", [b"\xff\xfe", b"[" * 100_000, b"<html>"])
async def test_an_error_page_of_nonsense_is_still_an_error(build: Build, sick: FakeUpstream, body: bytes) -> None:
    house = build(retrying=NO_RETRIES)
    sick.default = Behaviour(status=500, raw_body=body)
    await house.chat.answer(ask())
    (outcome,) = house.book.outcomes.values()
    assert outcome.attempts[0].status == 500
    await _assert_books(house)
