"""An upstream dies in mid-stream and another one goes on: with both SDKs, in all dialects, over real sockets."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from decimal import Decimal
from typing import Any

import anthropic
import msgspec
import openai
import pytest
from anthropic import AsyncAnthropic
from msgspec import structs
from openai import AsyncOpenAI

from kyozon.domain.decisions import Outcome
from kyozon.domain.errors import UpstreamUnreachable
from kyozon.providers import anthropic as anthropic_format
from kyozon.providers import openai as openai_format
from kyozon.providers.transport import Timeouts, Transport
from tests.fakes.anthropic_upstream import AnthropicUpstream
from tests.fakes.installation import FakeInstallation, provider
from tests.fakes.served import served
from tests.fakes.server import Behaviour, FakeServer, ToolCall
from tests.fakes.upstream import FakeUpstream
from tests.fakes.waiting import until

ASKED: Any = [{"role": "user", "content": "Say hello."}]
TOOL: Any = {"type": "function", "function": {"name": "look", "parameters": {"type": "object", "properties": {}}}}
OPENAI_USAGE = {"prompt_tokens": 40, "completion_tokens": 4, "total_tokens": 44}
ANTHROPIC_USAGE = {"input_tokens": 40, "output_tokens": 4}

Formats = tuple[str, str]
FORMATS: list[Formats] = [(one, other) for one in ("openai", "anthropic") for other in ("openai", "anthropic")]


class Fire:
    """A served installation: `sick` is its first choice and serves `cheap`, `well` its second and serves `in-house`."""

    def __init__(self, house: FakeInstallation, url: str, sick: FakeServer, well: FakeServer) -> None:
        self.house = house
        self.sick = sick
        self.well = well
        self.openai = AsyncOpenAI(api_key="ky-test", base_url=f"{url}/v1", max_retries=0)
        self.anthropic = AsyncAnthropic(api_key="ky-test", base_url=url, max_retries=0)

    async def outcome(self) -> Outcome:
        """Of the only request; the ledger sums to zero and owes each provider what it served."""
        await until(lambda: self.house.book.outcomes)
        await self.house.drain()
        self.house.assert_settled()
        assert all(amount == 0 for amount in (await self.house.book.balance()).values())
        (outcome,) = self.house.book.outcomes.values()
        charged = [attempt.charge.amount for attempt in outcome.attempts if attempt.charge is not None]
        assert self.house.book.total("key:key_test:spend") == outcome.charge.amount + sum(charged)
        return outcome


@pytest.fixture
async def wire() -> AsyncIterator[Transport]:
    """An impatient client."""
    client = Transport(Timeouts(connect=1.0, first_byte=1.0, between=0.6))
    yield client
    await client.close()


@pytest.fixture
async def fire(request: pytest.FixtureRequest, wire: Transport) -> AsyncIterator[Fire]:
    """Of the wire formats that the test names for the two upstreams; `sick` cuts every stream after its first words."""
    formats: Formats = getattr(request, "param", ("openai", "openai"))
    house = FakeInstallation()
    house.continue_broken_streams()
    async with AsyncExitStack() as open_until_the_end:
        servers = []
        for spoken in formats:
            server = FakeUpstream() if spoken == "openai" else AnthropicUpstream()
            servers.append(await open_until_the_end.enter_async_context(server))
        house.egress._chat = {
            **house.chats,
            "bargain": _adapter("bargain", formats[0], servers[0].url, wire),
            "local": _adapter("local", formats[1], servers[1].url, wire),
        }
        fire = Fire(house, await open_until_the_end.enter_async_context(served(house)), *servers)
        await open_until_the_end.enter_async_context(fire.openai)
        await open_until_the_end.enter_async_context(fire.anthropic)
        fire.sick.default = Behaviour(text="Hello, world.", cut_after=2 if formats[0] == "openai" else 4)
        usage = OPENAI_USAGE if formats[1] == "openai" else ANTHROPIC_USAGE
        fire.well.default = Behaviour(text=" dear friend.", usage=usage)
        yield fire
        assert (fire.sick.mistakes, fire.well.mistakes) == ([], [])


def _adapter(name: str, spoken: str, url: str, transport: Transport) -> Any:
    async def endpoint(_: object) -> str:
        return f"{url}/v1"

    if spoken == "openai":
        return openai_format.adapter(provider(name, "external"), endpoint, None, transport)
    quirks = structs.replace(provider(name, "external").quirks, headers={"anthropic-version": "2023-06-01"})
    return anthropic_format.adapter(
        structs.replace(provider(name, "external"), format="anthropic", quirks=quirks), endpoint, "sk-fake", transport
    )


def _words(received: Any) -> list[tuple[str, str]]:
    """Who says what in a request of either format, in order."""
    found = []
    for message in received.json["messages"]:
        content = message["content"]
        found.append((message["role"], content if isinstance(content, str) else "".join(part["text"] for part in content)))
    return found


def _assert_asked_to_go_on(fire: Fire) -> None:
    assert (len(fire.sick.received), len(fire.well.received)) == (1, 1)
    question, said, more = _words(fire.well.received[0])
    assert (question, said) == (("user", "Say hello."), ("assistant", "Hello,"))
    assert more[0] == "user"


def _assert_paid(outcome: Outcome) -> tuple[int, int]:
    """Tokens of both calls, read and written, as the caller must be told of them."""
    assert (outcome.status, outcome.model, outcome.usage.input, outcome.usage.output) == ("answered", "in-house", 40, 4)
    assert outcome.charge.amount == Decimal(2 * (40 + 5 * 4)) / 1_000_000
    broken, answered = outcome.attempts
    assert (broken.model, broken.error, answered.model, answered.error) == ("cheap", "stream_broken", "in-house", None)
    assert broken.usage is not None
    return broken.usage.input + 40, broken.usage.output + 4


@pytest.mark.parametrize("fire", FORMATS, indirect=True, ids="-".join)
async def test_the_openai_sdk_reads_one_answer(fire: Fire) -> None:
    async with fire.openai.chat.completions.stream(
        model="auto", messages=ASKED, stream_options={"include_usage": True}
    ) as events:
        chunks = [event.chunk async for event in events if event.type == "chunk"]
        final = await events.get_final_completion()
    assert final.choices[0].message.content == "Hello, dear friend."
    assert final.choices[0].finish_reason == "stop"
    assert len({(chunk.id, chunk.model, chunk.created) for chunk in chunks}) == 1
    assert [chunk.choices[0].delta.role for chunk in chunks if chunk.choices].count("assistant") == 1
    assert [bool(chunk.choices and chunk.choices[0].finish_reason) for chunk in chunks].count(True) == 1
    _assert_asked_to_go_on(fire)
    read, written = _assert_paid(await fire.outcome())
    assert final.usage is not None
    assert (final.usage.prompt_tokens, final.usage.completion_tokens) == (read, written)


@pytest.mark.parametrize("fire", FORMATS, indirect=True, ids="-".join)
async def test_the_anthropic_sdk_reads_one_message(fire: Fire) -> None:
    async with fire.anthropic.messages.stream(model="auto", max_tokens=500, messages=ASKED) as stream:
        events = [event.type async for event in stream]
        final = await stream.get_final_message()
    assert [block.model_dump()["text"] for block in final.content] == ["Hello, dear friend."]
    assert final.stop_reason == "end_turn"
    for once in ("message_start", "content_block_start", "content_block_stop", "message_delta", "message_stop"):
        assert events.count(once) == 1
    _assert_asked_to_go_on(fire)
    outcome = await fire.outcome()
    read, written = _assert_paid(outcome)
    used = final.usage
    assert used.input_tokens + (used.cache_read_input_tokens or 0) + (used.cache_creation_input_tokens or 0) == read
    assert used.output_tokens == written
    broken = outcome.attempts[0].usage
    assert broken is not None
    body = fire.well.received[0].json
    assert (body.get("max_tokens") or body["max_completion_tokens"]) == 500 - broken.output


@pytest.mark.parametrize("fire", FORMATS, indirect=True, ids="-".join)
async def test_a_tool_call_may_follow(fire: Fire) -> None:
    fire.well.default = structs.replace(fire.well.default, text="", tool_calls=(ToolCall("look", '{"at":"it"}'),))
    function = TOOL["function"]
    tool: Any = {"name": function["name"], "input_schema": function["parameters"]}
    async with fire.anthropic.messages.stream(model="auto", max_tokens=500, messages=ASKED, tools=[tool]) as stream:
        final = await stream.get_final_message()
    said, called = (block.model_dump() for block in final.content)
    assert (said["text"], called["name"], called["input"], final.stop_reason) == (
        "Hello,",
        "look",
        {"at": "it"},
        "tool_use",
    )
    assert (await fire.outcome()).status == "answered"


@pytest.mark.parametrize("fire", FORMATS, indirect=True, ids="-".join)
async def test_when_both_die_there_is_an_error_and_no_third_answer(fire: Fire) -> None:
    fire.well.default = structs.replace(fire.sick.default, cut_after=2 if isinstance(fire.well, FakeUpstream) else 4)
    heard: list[str] = []

    async def read() -> None:
        async for chunk in await fire.openai.chat.completions.create(model="auto", messages=ASKED, stream=True):
            heard.append(chunk.choices[0].delta.content or "")  # noqa: PERF401 - what came before the error is wanted

    with pytest.raises(openai.APIError, match="cut off") as raised:
        await read()
    assert raised.value.code == "stream_broken"
    assert "".join(heard) == "Hello,Hello,"
    outcome = await fire.outcome()
    assert (outcome.status, outcome.model) == ("broken", "in-house")
    assert (len(fire.sick.received), len(fire.well.received), fire.house.sent) == (1, 1, [])


async def test_when_nobody_can_go_on_the_error_is_of_the_break(fire: Fire) -> None:
    fire.well.default = Behaviour(status=503)
    fire.house.chats["boutique"].scripts = [[UpstreamUnreachable("boutique", "refused")]]
    with pytest.raises(anthropic.APIStatusError, match="bargain was cut off"):
        async with fire.anthropic.messages.stream(model="auto", max_tokens=500, messages=ASKED) as stream:
            await stream.get_final_message()
    outcome = await fire.outcome()
    assert [attempt.error for attempt in outcome.attempts] == ["stream_broken", "provider_failed", "provider_unreachable"]
    assert outcome.status == "broken"


def _chunk(**delta: str) -> bytes:
    head = {"id": "chatcmpl-fake", "object": "chat.completion.chunk", "created": 1, "model": "cheap"}
    chunk = head | {"choices": [{"index": 0, "delta": delta, "finish_reason": None}]}
    return b"data: " + msgspec.json.encode(chunk) + b"\n\n"


SILENT = Behaviour(raw_events=(_chunk(role="assistant", content=""), _chunk(content="Hello,"), b": here\n\n"), gap=0.45)


@pytest.mark.parametrize(
    "how", [Behaviour(text="Hello, world.", reset_after=2, gap=0.02), SILENT], ids=["reset", "silence"]
)
async def test_resets_and_silence_are_breaks_too(fire: Fire, how: Behaviour) -> None:
    fire.sick.default = how
    async with fire.openai.chat.completions.stream(model="auto", messages=ASKED) as events:
        final = await events.get_final_completion()
    assert final.choices[0].message.content == "Hello, dear friend."
    assert (await fire.outcome()).status == "answered"


@pytest.mark.parametrize("fire", [("openai", "openai"), ("anthropic", "openai")], indirect=True, ids="-".join)
async def test_a_caller_who_leaves_meanwhile_stops_the_second_and_pays_for_both(fire: Fire) -> None:
    fire.well.default = structs.replace(fire.well.default, gap=0.3)
    async with fire.anthropic.messages.stream(model="auto", max_tokens=500, messages=ASKED) as stream:
        heard = ""
        async for text in stream.text_stream:
            heard += text
            if len(heard) > len("Hello,"):
                break
    outcome = await fire.outcome()
    assert (outcome.status, outcome.model, outcome.usage.estimated) == ("left", "in-house", True)
    assert outcome.usage.output > 0
    assert outcome.attempts[0].charge is not None
    await until(lambda: fire.well.left == 1)


@pytest.mark.parametrize("fire", FORMATS, indirect=True, ids="-".join)
async def test_a_repeated_request_gets_the_joined_stream_again(fire: Fire) -> None:
    found = []
    for _ in range(2):
        async with fire.anthropic.messages.stream(
            model="auto", max_tokens=500, messages=ASKED, extra_headers={"idempotency-key": "once"}
        ) as stream:
            message = await stream.get_final_message()
            found.append((message.model, message.content, message.stop_reason, message.usage.output_tokens))
    assert found[0] == found[1]
    assert (len(fire.sick.received), len(fire.well.received)) == (1, 1)
