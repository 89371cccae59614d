"""A stream that breaks after its first words goes on at another candidate, as one stream; each call is paid for itself."""

import asyncio
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from kyozon.domain.callers import Limits
from kyozon.domain.decisions import Attempt, Outcome
from kyozon.domain.errors import Busy, KyozonError, RejectedUpstream, StreamBroken, UpstreamFailed, UpstreamUnreachable
from kyozon.domain.language import Text
from kyozon.domain.usage import Usage
from kyozon.metering.estimate import chat_tokens
from kyozon.ports.provider import Piece
from kyozon.routing.breaking import Breaking
from kyozon.routing.retrying import Retrying
from kyozon.services.cache import CacheOptions
from kyozon.services.chat import Ask
from kyozon.services.streaming import KEPT_STREAM_BYTES
from kyozon.services.unfinished import GO_ON
from tests.fakes.installation import CHEAP, CONFIDENTIAL, IN_HOUSE, FakeInstallation, api_key, ask, card
from tests.fakes.scripted import HANG, TURN, USAGE, Line, piece, reported
from tests.fakes.waiting import until

CUT = StreamBroken("bargain", "cut")
BEGUN: list[Line] = [piece(role="assistant"), piece("Hel"), TURN, piece("lo"), CUT]
REST: list[Line] = [piece(role="assistant"), piece(" world"), piece(finish="stop"), reported(USAGE)]
TWIN = card("twin", "local", "host", "1")  # at the price of the one that breaks off
MORE = chat_tokens({"messages": [{"role": "assistant", "content": "Hello"}, {"role": "user", "content": GO_ON}]})


def _house(*rests: list[Line], begun: list[Line] | None = None, **settings: Any) -> FakeInstallation:
    """`cheap` breaks off after `begun`, which `in-house` and `dear` take up."""
    house = FakeInstallation(**settings)
    house.continue_broken_streams()
    house.chats["bargain"].scripts = [begun or BEGUN]
    for name, rest in zip(("local", "boutique"), rests or (REST,), strict=False):
        house.chats[name].scripts = [rest]
    return house


async def _read(house: FakeInstallation, asked: Ask | None = None, into: list[Piece] | None = None) -> list[Piece]:
    heard = [] if into is None else into
    streamed = await house.chat.stream(asked or ask(stream=True))
    try:
        async for found in streamed.pieces:
            heard.append(found)
    finally:
        await streamed.close()
    return heard


async def _fails(house: FakeInstallation, asked: Ask | None = None) -> tuple[list[Piece], KyozonError]:
    heard: list[Piece] = []
    with pytest.raises(KyozonError) as raised:
        await _read(house, asked, heard)
    return heard, raised.value


def _outcome(house: FakeInstallation) -> Outcome:
    house.assert_settled()
    (outcome,) = house.book.outcomes.values()
    return outcome


def _text(pieces: list[Piece]) -> str:
    chunks = [msgspec.json.decode(one.payload) for one in pieces]
    return "".join(choice["delta"].get("content") or "" for found in chunks for choice in found["choices"])


def _tried(outcome: Outcome) -> list[tuple[str, str | None]]:
    return [(attempt.model, attempt.error) for attempt in outcome.attempts]


async def test_another_candidate_goes_on_and_each_is_paid_for_itself() -> None:
    house = _house()
    assert _text(await _read(house)) == "Hello world"
    assert house.sent == ["cheap", "in-house"]
    outcome = _outcome(house)
    (decision,) = house.book.decisions_by_id.values()
    broken = Usage(uncached=decision.input_tokens_estimated, output=2, estimated=True)
    assert (outcome.status, outcome.model, outcome.error, outcome.finish) == ("answered", "in-house", None, "stop")
    assert outcome.usage == USAGE
    assert outcome.attempts[0].usage == broken
    assert outcome.attempts[1] == Attempt("in-house", "local")
    owed = Decimal(broken.input + 5 * broken.output) / 1_000_000
    assert house.book.total("provider:bargain:payable") == -owed
    assert house.book.total("provider:local:payable") == -outcome.charge.amount == -2 * Decimal(100 + 5 * 10) / 1_000_000
    assert house.book.total("key:key_test:spend") == owed + outcome.charge.amount
    assert f"settle:{decision.id}:attempt-1" in house.book.transactions


async def test_it_is_given_what_was_said_and_asked_for_the_rest() -> None:
    house = _house()
    await _read(house, ask(stream=True, max_tokens=50, temperature=0.5))
    (call,) = house.chats["local"].calls
    assert call.request.body["messages"] == [
        {"role": "user", "content": "Say hello."},
        {"role": "assistant", "content": "Hello"},
        {"role": "user", "content": GO_ON},
    ]
    assert call.request.body["temperature"] == 0.5
    assert call.request.body["max_completion_tokens"] == 50 - 2  # what was said counts
    assert "max_tokens" not in call.request.body


async def test_the_stream_is_one() -> None:
    other = Piece(
        b'{"id":"other","created":9,"model":"other","system_fingerprint":"f","choices":[{"index":0,"delta":'
        b'{"role":"assistant","reasoning_content":"Hm.","content":" there"},"finish_reason":null}]}',
        text="Hm. there",
    )
    house = _house([other, *REST])
    heard = await _read(house)
    chunks = [msgspec.json.decode(found.payload) for found in heard]
    assert {(found["id"], found["model"], found["created"]) for found in chunks} == {("chatcmpl-1", "scripted", 1)}
    deltas = [choice["delta"] for found in chunks for choice in found["choices"]]
    assert [delta.get("role") for delta in deltas] == ["assistant", None, None, None, None, None]
    assert not any("reasoning_content" in delta for delta in deltas)
    assert [found["choices"][0]["finish_reason"] for found in chunks if found["choices"]] == [None] * 5 + ["stop"]
    outcome = _outcome(house)
    used = outcome.attempts[0].usage
    assert used is not None
    assert chunks[-1]["usage"]["prompt_tokens"] == used.input + USAGE.input
    assert chunks[-1]["usage"]["completion_tokens"] == used.output + USAGE.output
    assert heard[-1].usage_only
    assert not any(found.usage_only for found in heard[:-1])


@pytest.mark.parametrize("retryable", [CUT, UpstreamFailed("bargain", 529, "overloaded")], ids=lambda error: error.code)
async def test_any_break_that_may_pass_is_taken_up(retryable: KyozonError) -> None:
    house = _house(begun=[piece("Hello"), retryable])
    assert _text(await _read(house)) == "Hello world"
    assert _tried(_outcome(house))[0] == ("cheap", retryable.code)


@pytest.mark.parametrize("final", [UpstreamFailed("bargain", 401, "key"), RejectedUpstream("bargain", 400, "wrong")])
async def test_a_break_that_will_not_pass_ends_the_stream(final: KyozonError) -> None:
    house = _house(begun=[piece("Hello"), final])
    _, raised = await _fails(house)
    assert raised is final
    assert house.sent == ["cheap"]
    assert _outcome(house).status == "broken"


TOOL = b'{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"c","function":{"name":"look"}}]}}]}'


@pytest.mark.parametrize("begun", [
    [Piece(b'{"choices":[{"index":0,"delta":{"reasoning_content":"Hm."}}]}', text="Hm."), CUT],
    [piece("Hello"), Piece(TOOL, text="look"), CUT],
    [piece("Hello"), piece(finish="stop"), CUT],
], ids=["thoughts", "a tool call", "the end"])  # fmt: skip
async def test_what_cannot_be_taken_up_ends_as_before(begun: list[Line]) -> None:
    house = _house(begun=begun)
    _, raised = await _fails(house)
    assert raised is CUT
    assert house.sent == ["cheap"]
    outcome = _outcome(house)
    assert (outcome.status, outcome.model, _tried(outcome)) == ("broken", "cheap", [("cheap", None)])
    assert outcome.charge.amount > 0


@pytest.mark.parametrize("asks", [{"n": 2}, {"logprobs": True}, {"response_format": {"type": "json_object"}}], ids=str)
async def test_what_the_request_forbids_to_take_up(asks: dict[str, Any]) -> None:
    house = _house()
    await _fails(house, ask(stream=True, **asks))
    assert house.sent == ["cheap"]
    assert _outcome(house).status == "broken"


async def test_too_long_an_answer_is_not_taken_up() -> None:
    long = "x" * (KEPT_STREAM_BYTES // 2)
    house = _house(begun=[piece("a"), piece(long), piece(long), CUT])
    await _fails(house)
    assert house.sent == ["cheap"]


async def test_a_named_model_is_not_replaced() -> None:
    house = _house()
    await _fails(house, ask("cheap", stream=True))
    assert house.sent == ["cheap"]


async def test_who_has_failed_before_is_not_asked_again() -> None:
    house = _house(begun=[UpstreamFailed("bargain", 503, "busy")])
    house.chats["local"].scripts = [BEGUN]
    house.chats["boutique"].scripts = [REST]
    assert _text(await _read(house)) == "Hello world"
    assert house.sent == ["cheap", "in-house", "dear"]
    assert _tried(_outcome(house)) == [("cheap", "provider_failed"), ("in-house", "stream_broken"), ("dear", None)]


async def test_who_was_only_busy_may_be_asked_again() -> None:
    house = _house(begun=[Busy(Text("busy", "混雑"))])
    house.chats["bargain"].scripts.append(REST)
    house.chats["local"].scripts = [BEGUN]
    assert _text(await _read(house)) == "Hello world"
    assert house.sent == ["cheap", "in-house", "cheap"]
    assert _outcome(house).model == "cheap"


async def test_the_next_one_goes_on_where_the_first_does_not_begin() -> None:
    house = _house([UpstreamUnreachable("local", "refused")], REST)
    assert _text(await _read(house)) == "Hello world"
    assert _tried(_outcome(house)) == [("cheap", "stream_broken"), ("in-house", "provider_unreachable"), ("dear", None)]


async def test_it_is_called_again_as_the_budget_allows() -> None:
    house = _house(retrying=Retrying(retries=1))
    house.chats["local"].scripts = [[UpstreamFailed("local", 503, "busy")], REST]
    assert _text(await _read(house)) == "Hello world"
    assert house.sent == ["cheap", "in-house", "in-house"]
    assert len(house.time.slept) == 1


async def test_when_nobody_goes_on_the_caller_hears_of_the_break() -> None:
    house = _house([UpstreamUnreachable("local", "refused")], [RejectedUpstream("boutique", 400, "too long")])
    heard, raised = await _fails(house)
    assert raised is CUT
    assert _text(heard) == "Hello"
    outcome = _outcome(house)
    assert (outcome.status, outcome.error, outcome.model) == ("broken", "stream_broken", None)
    assert house.book.total("key:key_test:spend") == -house.book.total("provider:bargain:payable") > 0


async def test_a_second_break_is_the_end() -> None:
    house = _house([piece(" wor"), StreamBroken("local", "cut too")], REST)
    heard, raised = await _fails(house)
    assert "cut too" in str(raised)
    assert _text(heard) == "Hello wor"
    assert house.sent == ["cheap", "in-house"]
    outcome = _outcome(house)
    (decision,) = house.book.decisions_by_id.values()
    assert (outcome.status, outcome.model) == ("broken", "in-house")
    assert outcome.usage == Usage(uncached=decision.input_tokens_estimated + MORE, output=1, estimated=True)
    assert house.book.total("provider:local:payable") < 0
    assert house.book.total("provider:bargain:payable") < 0


async def test_a_confidential_answer_goes_on_nowhere_outside() -> None:
    house = _house()
    house.chats["local"].scripts = [BEGUN]
    await _fails(house, ask(stream=True, declared=CONFIDENTIAL))
    assert house.sent == ["in-house"]


async def test_the_choke_point_is_asked_again() -> None:
    house = _house()
    asked = ask(stream=True)
    streamed = await house.chat.stream(asked)
    zones = house.registry.installation.zones
    house.registry.installation = msgspec.structs.replace(
        house.registry.installation, zones={name: zone for name, zone in zones.items() if name != "host"}
    )
    with pytest.raises(StreamBroken):
        assert [found async for found in streamed.pieces]
    await streamed.close()
    assert house.sent == ["cheap"]
    assert _outcome(house).status == "broken"


async def test_the_breaker_counts_the_break_once() -> None:
    house = _house(breaking=Breaking(in_row=2, share=100, calls=2))
    await _read(house)
    assert house.health.state(CHEAP) == "closed"  # counted twice, it would be open
    await _read(house)
    assert (house.health.state(CHEAP), house.health.state(IN_HOUSE)) == ("open", "closed")
    house.assert_settled()


async def test_the_turn_of_the_first_is_given_back_before_the_second_is_taken() -> None:
    house = _house()
    key = api_key(limits=Limits(concurrent_requests=1))
    assert _text(await _read(house, ask(stream=True, key=key))) == "Hello world"
    house.assert_settled()


@pytest.mark.parametrize("rest", [[HANG], [piece(" wor"), HANG]], ids=["before its words", "after them"])
async def test_who_leaves_meanwhile_pays_for_both(rest: list[Line]) -> None:
    house = _house(rest)
    reading = asyncio.ensure_future(_read(house))
    await until(lambda: house.chats["local"].opened)
    for _ in range(5):
        await asyncio.sleep(0)
    reading.cancel()
    await asyncio.wait([reading])
    await house.drain()
    outcome = _outcome(house)
    (decision,) = house.book.decisions_by_id.values()
    assert (outcome.status, outcome.model, outcome.error) == ("left", "in-house", "caller_left")
    assert outcome.usage.input == decision.input_tokens_estimated + MORE
    assert outcome.attempts[0].charge is not None
    assert house.book.total("provider:local:payable") < 0


async def test_never_read_is_settled_by_closing() -> None:
    house = _house()
    streamed = await house.chat.stream(ask(stream=True))
    await streamed.close()
    assert house.sent == ["cheap"]
    assert _outcome(house).status == "left"


async def test_the_joined_stream_is_given_again_whole_and_kept_for_nobody_else() -> None:
    house = _house()
    house.use_cache(CacheOptions(exact=True))
    first = await _read(house, ask(stream=True, idempotency_key="once"))
    streamed = await house.chat.stream(ask(stream=True, idempotency_key="once"))
    again = [found async for found in streamed.pieces]
    assert (streamed.replayed, streamed.model) == (True, "cheap")
    assert [(found.payload, found.usage_only) for found in again] == [(found.payload, found.usage_only) for found in first]
    assert house.answers.kept == []
    house.assert_settled()


async def test_limited_money_is_not_overspent() -> None:
    """The money held for the longest answer must pay for both; a ceiling sees to it."""
    key = api_key(limits=Limits(money_per_month=Decimal(1)))
    house = _house(cards=(CHEAP, TWIN))
    await _read(house, ask(stream=True, key=key, max_tokens=200))
    (call,) = house.chats["local"].calls
    (decision,) = house.book.decisions_by_id.values()
    outcome = _outcome(house)
    paid = outcome.attempts[0].charge
    assert paid is not None
    ceiling = call.request.body["max_completion_tokens"]
    assert 0 < ceiling < 198  # what the request leaves
    most = Decimal(decision.input_tokens_estimated + MORE + 5 * ceiling) / 1_000_000
    assert paid.amount + most <= decision.held < paid.amount + most + Decimal(5) / 1_000_000


async def test_where_the_money_is_used_up_nobody_goes_on() -> None:
    key = api_key(limits=Limits(money_per_month=Decimal(1)))
    house = _house(cards=(CHEAP, TWIN), begun=[piece("Hello, " * 46), CUT])
    await _fails(house, ask(stream=True, key=key, max_tokens=100))  # 19 tokens are left, and the money for as many
    assert house.sent == ["cheap"]
    assert _outcome(house).model == "cheap"
    await _read(house, ask(stream=True, max_tokens=100))
    assert house.sent == ["cheap", "cheap", "twin"]


async def test_an_answer_at_its_ceiling_is_not_taken_up() -> None:
    house = _house()
    await _fails(house, ask(stream=True, max_tokens=2))
    assert house.sent == ["cheap"]
    assert _outcome(house).model == "cheap"
