"""What every translating `ChatAdapter` must do, whatever its wire format. A wire format's own test inherits the suite."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from typing import Any, ClassVar

import msgspec
import pytest
from openai import AsyncOpenAI
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from kyozon.domain.errors import KyozonError, RejectedUpstream, StreamBroken, UpstreamFailed, UpstreamUnreachable
from kyozon.domain.models import ModelCard, Provider
from kyozon.domain.requests import ChatRequest, Json
from kyozon.domain.usage import Usage
from kyozon.ports.provider import ChatCall, Piece
from kyozon.providers.anthropic import AnthropicAdapter
from kyozon.providers.gemini import GeminiAdapter
from kyozon.providers.openai import OpenAIAdapter
from kyozon.providers.transport import Transport
from tests.fakes.server import Behaviour, FakeServer, ToolCall
from tests.fakes.upstream import FakeUpstream

Adapter = AnthropicAdapter | GeminiAdapter | OpenAIAdapter

NAMED = {"type": "function", "function": {"name": "weather"}}
WEATHER = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}}}
CALLS = (
    ToolCall("weather", '{"city":"東京"}', "call_a"),
    ToolCall("weather", "{}", "call_b"),
)


def chat_call(card: ModelCard, **fields: Any) -> ChatCall:
    chat: Json = {"model": card.id, "messages": [{"role": "user", "content": "hello"}], **fields}
    return ChatCall(card, ChatRequest("openai", chat, chat))


async def collect(adapter: Adapter, call: ChatCall) -> list[Piece]:
    return [piece async for piece in adapter.stream(call)]


async def through_openai(pieces: Sequence[Piece]) -> ChatCompletion:
    """What the real `openai` client makes of the pieces."""
    events = (*(b"data: " + piece.payload + b"\n\n" for piece in pieces), b"data: [DONE]\n\n")
    async with FakeUpstream() as server, AsyncOpenAI(base_url=server.url, api_key="sk-fake", max_retries=0) as client:
        server.default = Behaviour(raw_events=events)
        asked: Any = {"model": "m", "messages": [{"role": "user", "content": "hello"}]}
        async with client.chat.completions.stream(**asked) as stream:
            return await stream.get_final_completion()


class ChatAdapterSuite:
    """Subclasses name the provider row, the card, the fake's class and the usage that it reports."""

    provider: ClassVar[Provider]
    card: ClassVar[ModelCard]
    fake_class: ClassVar[type[FakeServer]]
    usage: ClassVar[Usage]
    end: ClassVar[int]
    """How many events of a plain text stream come before its end mark."""

    def adapter_for(self, url: str, transport: Transport) -> Adapter:
        raise NotImplementedError

    @pytest.fixture
    async def fake(self) -> AsyncIterator[FakeServer]:
        async with self.fake_class() as fake:
            yield fake
        assert fake.mistakes == []

    @pytest.fixture
    def adapter(self, fake: FakeServer, transport: Transport) -> Adapter:
        return self.adapter_for(fake.url, transport)

    async def test_whole_answer(self, adapter: Adapter) -> None:
        answer = await adapter.answer(chat_call(self.card))
        completion = ChatCompletion.model_validate_json(answer.payload)
        assert completion.choices[0].message.content == answer.text == "Hello, world."
        assert completion.choices[0].finish_reason == answer.finish == "stop"
        assert answer.usage == self.usage
        assert completion.usage is not None
        assert completion.usage.prompt_tokens == self.usage.input
        assert completion.usage.total_tokens == self.usage.input + self.usage.output

    async def test_streamed_answer_reads_the_same_in_the_openai_client(self, adapter: Adapter) -> None:
        pieces = await collect(adapter, chat_call(self.card, stream=True))
        first = ChatCompletionChunk.model_validate_json(pieces[0].payload)
        assert first.choices[0].delta.role == "assistant"
        assert "".join(piece.text for piece in pieces) == "Hello, world."
        assert [piece.finish for piece in pieces if piece.finish] == ["stop"]
        assert [piece.usage_only for piece in pieces] == [False] * (len(pieces) - 1) + [True]
        assert pieces[-1].usage == self.usage
        assert msgspec.json.decode(pieces[-1].payload)["choices"] == []
        completion = await through_openai(pieces)
        assert completion.choices[0].message.content == "Hello, world."
        assert completion.usage is not None
        assert completion.usage.completion_tokens == self.usage.output

    async def test_tool_calls_whole_and_streamed(self, adapter: Adapter, fake: FakeServer) -> None:
        fake.default = Behaviour(text="", tool_calls=CALLS)
        asked: Any = {"tools": [WEATHER], "tool_choice": "required"}
        answer = await adapter.answer(chat_call(self.card, **asked))
        pieces = await collect(adapter, chat_call(self.card, stream=True, **asked))
        for completion in (ChatCompletion.model_validate_json(answer.payload), await through_openai(pieces)):
            found = completion.choices[0].message.tool_calls or []
            assert [(call.id, call.type) for call in found] == [("call_a", "function"), ("call_b", "function")]
            assert [call.function.arguments for call in found if call.type == "function"] == ['{"city":"東京"}', "{}"]
            assert completion.choices[0].finish_reason == "tool_calls"

    async def test_reasoning_is_kept_apart(self, adapter: Adapter, fake: FakeServer) -> None:
        fake.default = Behaviour(reasoning="I should greet.")
        answer = await adapter.answer(chat_call(self.card, reasoning_effort="low"))
        message = msgspec.json.decode(answer.payload)["choices"][0]["message"]
        assert (message["reasoning_content"], message["content"]) == ("I should greet.", "Hello, world.")
        pieces = await collect(adapter, chat_call(self.card, stream=True, reasoning_effort="low"))
        deltas = [choice["delta"] for piece in pieces for choice in msgspec.json.decode(piece.payload)["choices"]]
        assert "".join(delta.get("reasoning_content", "") for delta in deltas) == "I should greet."
        assert "".join(delta.get("content", "") for delta in deltas) == "Hello, world."

    async def test_the_answer_can_be_sent_back_with_the_results(self, adapter: Adapter, fake: FakeServer) -> None:
        fake.default = Behaviour(text="Let me look.", reasoning="Which city?", tool_calls=CALLS)
        answer = await adapter.answer(chat_call(self.card, tools=[WEATHER]))
        history = [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Weather?"},
            msgspec.json.decode(answer.payload)["choices"][0]["message"],
            {"role": "tool", "tool_call_id": "call_a", "content": "sunny"},
            {"role": "tool", "tool_call_id": "call_b", "content": '{"sky": "grey"}'},
            {"role": "developer", "content": "In English."},
            {"role": "user", "content": [{"type": "text", "text": "And?"}]},
        ]
        await adapter.answer(chat_call(self.card, messages=history, tools=[WEATHER]))
        assert len(fake.received) == 2

    @pytest.mark.parametrize("asked", [
        {"max_tokens": 5, "stop": "END", "temperature": 0.5, "top_p": 0.9, "user": "u-1", "seed": 7},
        {"max_completion_tokens": 5, "stop": ["a", "b"], "metadata": {"team": "x"}, "store": True, "verbosity": "low"},
        {"response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "object"}}}},
        {"response_format": {"type": "json_object"}, "stream_options": {"include_usage": True}, "service_tier": "default"},
        *({"reasoning_effort": effort} for effort in ("none", "minimal", "low", "medium", "high", "xhigh", "max")),
        *({"tools": [WEATHER], "tool_choice": choice} for choice in ("auto", "none", "required", None)),
        {"tools": [WEATHER], "tool_choice": NAMED, "reasoning_effort": "low"},
        {"tools": [WEATHER], "parallel_tool_calls": False},
    ])  # fmt: skip
    async def test_what_openai_allows_is_sent_as_the_vendor_types_it(self, adapter: Adapter, asked: Json) -> None:
        await adapter.answer(chat_call(self.card, **asked))
        counted = await adapter.count_tokens(chat_call(self.card, **asked))
        assert counted == 42

    async def test_images(self, adapter: Adapter) -> None:
        urls = ("data:image/png;base64,aGk=", "https://example.com/a.png?size=1")
        parts: list[Json] = [{"type": "image_url", "image_url": {"url": url}} for url in urls]
        await adapter.answer(chat_call(self.card, messages=[{"role": "user", "content": parts}]))

    @pytest.mark.parametrize(("status", "error", "retryable"), [
        (400, RejectedUpstream, None),
        (401, UpstreamFailed, False),
        (429, UpstreamFailed, True),
        (529, UpstreamFailed, True),
    ])  # fmt: skip
    @pytest.mark.parametrize("stream", [False, True])
    async def test_failures_are_told_apart_by_status(
        self,
        adapter: Adapter,
        fake: FakeServer,
        status: int,
        error: type[KyozonError],
        *,
        retryable: bool | None,
        stream: bool,
    ) -> None:
        fake.default = Behaviour(status=status, headers={"retry-after": "3"})
        call = chat_call(self.card, stream=stream)
        said = "credential" if status in (401, 403) else "told to fail"  # what is said of the key may quote it
        with pytest.raises(error, match=said) as caught:
            await (collect(adapter, call) if stream else adapter.answer(call))
        assert getattr(caught.value, "retryable", None) is retryable

    async def test_nobody_listens(self, adapter: Adapter, fake: FakeServer) -> None:
        await fake.stop()
        with pytest.raises(UpstreamUnreachable):
            await adapter.answer(chat_call(self.card))

    @pytest.mark.parametrize("body", [b"<html>", b"[]", b"{}", b'{"candidates": 3, "content": 3}'])
    async def test_an_answer_of_another_shape_is_a_failure(self, adapter: Adapter, fake: FakeServer, body: bytes) -> None:
        fake.default = Behaviour(raw_body=body, raw_events=(b"data: " + body + b"\n\n",))
        with pytest.raises(UpstreamFailed):
            await adapter.answer(chat_call(self.card))
        with pytest.raises((UpstreamFailed, StreamBroken)):
            await collect(adapter, chat_call(self.card, stream=True))

    async def test_a_cut_stream_is_broken_wherever_it_was_cut(self, adapter: Adapter, fake: FakeServer) -> None:
        for count in range(self.end + 1):
            fake.behaviours = [Behaviour(cut_after=count), Behaviour(reset_after=count)]
            for _ in range(2):
                with pytest.raises((StreamBroken, UpstreamUnreachable)):
                    await collect(adapter, chat_call(self.card, stream=True))

    async def test_closing_the_stream_hangs_up(self, adapter: Adapter, fake: FakeServer) -> None:
        fake.default = Behaviour(text="word " * 1000, gap=0.05)
        async with aclosing(adapter.stream(chat_call(self.card, stream=True))) as pieces:
            await anext(pieces)
        for _ in range(100):
            if fake.left:
                break
            await asyncio.sleep(0.01)
        assert fake.left == 1
