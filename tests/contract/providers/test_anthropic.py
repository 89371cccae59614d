"""Anthropic's wire format against a fake that checks with the `anthropic` package's types."""

from typing import Any, ClassVar

import msgspec
import pytest

from kyozon.domain.errors import KyozonError, RejectedUpstream, StreamBroken, UpstreamFailed
from kyozon.domain.models import ModelCard
from kyozon.domain.requests import ChatRequest, Json
from kyozon.domain.usage import Usage
from kyozon.ports.provider import ChatCall
from kyozon.providers import anthropic
from kyozon.providers.transport import Transport
from kyozon.providers.vendors import load_vendors
from tests.contract.providers.chat_adapter import CALLS, WEATHER, Adapter, ChatAdapterSuite, chat_call, collect
from tests.fakes.anthropic_upstream import PING, SIGNATURE, AnthropicUpstream
from tests.fakes.server import Behaviour, FakeServer

NATIVE: Json = {
    "model": "auto",
    "max_tokens": 100,
    "messages": [{"role": "user", "content": "hello"}],
    "system": [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}],
    "top_k": 5,
}


class TestAnthropic(ChatAdapterSuite):
    provider: ClassVar = load_vendors()["anthropic"]
    card: ClassVar = ModelCard("claude", "anthropic", "claude-opus-5", "external")
    fake_class: ClassVar = AnthropicUpstream
    usage: ClassVar = Usage(uncached=11, cache_read=100, cache_write=20, output=7, reasoning=3)
    end: ClassVar = 7

    def adapter_for(self, url: str, transport: Transport) -> Adapter:
        async def endpoint(_: ModelCard) -> str:
            return f"{url}/v1"

        return anthropic.adapter(self.provider, endpoint, "sk-fake", transport)

    @pytest.fixture
    def native(self) -> ChatCall:
        chat = {"model": "auto", "messages": [{"role": "user", "content": "hello"}]}
        return ChatCall(self.card, ChatRequest("anthropic", NATIVE, chat))

    async def test_signed_thoughts_go_back_as_they_came(self, adapter: Adapter, fake: FakeServer) -> None:
        fake.default = Behaviour(reasoning="Which city?", tool_calls=CALLS[:1], text="")
        whole = msgspec.json.decode((await adapter.answer(chat_call(self.card, tools=[WEATHER]))).payload)
        pieces = await collect(adapter, chat_call(self.card, tools=[WEATHER], stream=True))
        finish = msgspec.json.decode(pieces[-2].payload)["choices"][0]
        thoughts = [{"type": "thinking", "thinking": "Which city?", "signature": SIGNATURE}]
        message = whole["choices"][0]["message"]
        assert message["extra_content"] == finish["delta"]["extra_content"] == {"anthropic": {"thinking": thoughts}}
        history = [{"role": "user", "content": "Weather?"}, message]
        history.append({"role": "tool", "tool_call_id": "call_a", "content": "sunny"})
        await adapter.answer(chat_call(self.card, messages=history, tools=[WEATHER]))
        sent = fake.received[-1].json["messages"][1]["content"]
        assert sent[0] == thoughts[0]
        assert sent[1] == {"type": "tool_use", "id": "call_a", "name": "weather", "input": {"city": "東京"}}

    async def test_a_caller_of_the_same_dialect_is_passed_through(
        self, adapter: Adapter, fake: FakeServer, native: ChatCall
    ) -> None:
        assert adapter.dialect_for(native.request) == "anthropic"
        assert adapter.dialect_for(chat_call(self.card).request) == "openai"
        answer = await adapter.answer(native)
        assert fake.received[0].json == NATIVE | {"model": "claude-opus-5"}
        assert answer.payload == AnthropicUpstream().body(fake.received[0], Behaviour())
        assert (answer.usage, answer.text, answer.finish) == (self.usage, "Hello, world.", "stop")

    async def test_its_stream_is_passed_through_byte_for_byte(
        self, adapter: Adapter, fake: FakeServer, native: ChatCall
    ) -> None:
        fake.default = Behaviour(reasoning="Hm.", tool_calls=CALLS)
        pieces = await collect(adapter, native)
        assert fake.received[0].json == NATIVE | {"model": "claude-opus-5", "stream": True}
        shown = [f"event: {piece.event}\ndata: ".encode() + piece.payload + b"\n\n" for piece in pieces]
        assert shown == list(AnthropicUpstream().events(fake.received[0], fake.default))
        assert PING in shown
        assert "".join(piece.text for piece in pieces) == 'Hm.Hello, world.{"city":"東京"}'
        assert [piece.usage for piece in pieces if piece.usage][-1] == self.usage
        assert [piece.finish for piece in pieces if piece.finish] == ["tool_calls"]

    async def test_its_tokens_are_counted(self, adapter: Adapter, fake: FakeServer, native: ChatCall) -> None:
        assert await adapter.count_tokens(native) == 42
        assert set(fake.received[0].json) == {"model", "messages", "system"}

    async def test_an_endpoint_that_cannot_count(self, adapter: Adapter, fake: FakeServer, native: ChatCall) -> None:
        fake.behaviours = [Behaviour(status=404), Behaviour(status=400)]
        assert await adapter.count_tokens(native) is None
        with pytest.raises(RejectedUpstream):
            await adapter.count_tokens(native)

    async def test_a_cut_native_stream_is_broken(self, adapter: Adapter, fake: FakeServer, native: ChatCall) -> None:
        fake.default = Behaviour(cut_after=self.end)
        with pytest.raises(StreamBroken, match="message_stop"):
            await collect(adapter, native)

    @pytest.mark.parametrize(("kind", "error", "status"), [
        ("overloaded_error", UpstreamFailed, 529),
        ("rate_limit_error", UpstreamFailed, 429),
        ("invalid_request_error", RejectedUpstream, 400),
        ("brand_new_error", UpstreamFailed, 500),
    ])  # fmt: skip
    async def test_an_error_event_is_the_failure_it_names(
        self, adapter: Adapter, fake: FakeServer, kind: str, error: type[KyozonError], status: int
    ) -> None:
        event = b'event: error\ndata: {"type":"error","error":{"type":"%s","message":"no"}}\n\n' % kind.encode()
        fake.default = Behaviour(raw_events=(PING, event))
        with pytest.raises(error) as caught:
            await collect(adapter, chat_call(self.card, stream=True))
        assert getattr(caught.value, "status", None) == status

    @pytest.mark.parametrize(("reason", "finish"), [
        ("max_tokens", "length"),
        ("stop_sequence", "stop"),
        ("model_context_window_exceeded", "length"),
        ("refusal", "content_filter"),
        ("pause_turn", "stop"),
    ])  # fmt: skip
    async def test_stop_reasons(self, adapter: Adapter, fake: FakeServer, reason: str, finish: str) -> None:
        fake.default = Behaviour(finish=reason)
        assert (await adapter.answer(chat_call(self.card))).finish == finish
        pieces = await collect(adapter, chat_call(self.card, stream=True))
        assert [piece.finish for piece in pieces if piece.finish] == [finish]

    async def test_the_vendors_quirks(self, fake: FakeServer, transport: Transport) -> None:
        quirks: Any = {"drops": ("temperature",), "renames": {"depth": "top_k"}, "query": {"beta": "true"}}
        provider = msgspec.structs.replace(self.provider, quirks=msgspec.structs.replace(self.provider.quirks, **quirks))

        async def endpoint(_: ModelCard) -> str:
            return fake.url + "/"

        adapter = anthropic.adapter(provider, endpoint, "sk-fake", transport)
        await adapter.answer(chat_call(self.card, temperature=0.5, depth=3, top_p=0.5))
        received = fake.received[0]
        assert (received.path, received.query) == ("/messages", {"beta": "true"})
        assert "temperature" not in received.json
        assert (received.json["top_k"], received.json["top_p"]) == (3, 0.5)


class TestAnthropicBeforeAdaptiveThinking(TestAnthropic):
    """The same for a model that takes a budget of thinking tokens and still obeys `max_output`."""

    card: ClassVar = ModelCard(
        "claude", "anthropic", "claude-opus-5", "external", max_output=8000, abilities={"effort": False, "sampling": False}
    )

    async def test_the_vendors_quirks(self, fake: FakeServer, transport: Transport) -> None:
        adapter = self.adapter_for(fake.url, transport)
        await adapter.answer(chat_call(self.card, reasoning_effort="high", temperature=0.5))
        sent = fake.received[0].json
        assert sent["thinking"] == {"type": "enabled", "budget_tokens": 4000}
        assert sent["max_tokens"] == 8000
        assert "temperature" not in sent
        assert "output_config" not in sent
