"""Gemini's wire format against a fake that checks with the `google-genai` package's types."""

from typing import ClassVar

import msgspec
import pytest
from openai import ContentFilterFinishReasonError
from openai.types.chat import ChatCompletion

from kyozon.domain.errors import InvalidRequest, RejectedUpstream, StreamBroken, UpstreamFailed
from kyozon.domain.models import ModelCard
from kyozon.domain.requests import EmbeddingRequest
from kyozon.domain.usage import Usage
from kyozon.ports.provider import EmbeddingCall
from kyozon.providers import gemini
from kyozon.providers.gemini import GeminiAdapter
from kyozon.providers.transport import Transport
from kyozon.providers.vendors import load_vendors
from tests.contract.providers.chat_adapter import (
    CALLS,
    WEATHER,
    Adapter,
    ChatAdapterSuite,
    chat_call,
    collect,
    through_openai,
)
from tests.fakes.gemini_upstream import SIGNATURE, GeminiUpstream
from tests.fakes.server import Behaviour, FakeServer, ToolCall


class TestGemini(ChatAdapterSuite):
    provider: ClassVar = load_vendors()["gemini"]
    card: ClassVar = ModelCard("gemini", "gemini", "gemini-3.8-flash", "external", abilities={"reasoning": True})
    fake_class: ClassVar = GeminiUpstream
    usage: ClassVar = Usage(uncached=11, cache_read=100, output=7, reasoning=3)
    end: ClassVar = 2

    def adapter_for(self, url: str, transport: Transport) -> GeminiAdapter:
        async def endpoint(_: ModelCard) -> str:
            return f"{url}/v1beta"

        return gemini.adapter(self.provider, endpoint, "sk-fake", transport)

    async def test_thought_signatures_go_back_as_they_came(self, adapter: Adapter, fake: FakeServer) -> None:
        fake.default = Behaviour(text="", tool_calls=CALLS)
        answer = await adapter.answer(chat_call(self.card, tools=[WEATHER]))
        message = msgspec.json.decode(answer.payload)["choices"][0]["message"]
        assert message["tool_calls"][0]["extra_content"] == {"google": {"thought_signature": SIGNATURE}}
        assert "extra_content" not in message["tool_calls"][1]
        results = [{"role": "tool", "tool_call_id": call.id, "content": "sunny"} for call in CALLS]
        history = [{"role": "user", "content": "Weather?"}, message, *results]
        await adapter.answer(chat_call(self.card, messages=history, tools=[WEATHER]))
        called, answered = fake.received[1].json["contents"][1:]
        assert [part.get("thoughtSignature") for part in called["parts"]] == [SIGNATURE, None]
        assert [part["functionResponse"]["id"] for part in answered["parts"]] == ["call_a", "call_b"]

    async def test_calls_without_ids_get_distinct_ones(self, adapter: Adapter, fake: FakeServer) -> None:
        fake.default = Behaviour(text="", tool_calls=(ToolCall("weather", id=""), ToolCall("weather", id="")))
        answer = await adapter.answer(chat_call(self.card, tools=[WEATHER]))
        streamed = await through_openai(await collect(adapter, chat_call(self.card, tools=[WEATHER], stream=True)))
        for completion in (ChatCompletion.model_validate_json(answer.payload), streamed):
            found = [call.id for call in completion.choices[0].message.tool_calls or []]
            assert found == ["call_resp_fake_0_0", "call_resp_fake_0_1"]

    async def test_several_choices(self, adapter: Adapter, fake: FakeServer) -> None:
        fake.default = Behaviour(choices=2)
        whole = ChatCompletion.model_validate_json((await adapter.answer(chat_call(self.card, n=2))).payload)
        streamed = await through_openai(await collect(adapter, chat_call(self.card, n=2, stream=True)))
        for completion in (whole, streamed):
            assert [choice.message.content for choice in completion.choices] == ["Hello, world."] * 2
        fake.default = Behaviour(choices=2, cut_after=5)
        with pytest.raises(StreamBroken, match="finish reason"):
            await collect(adapter, chat_call(self.card, n=2, stream=True))

    @pytest.mark.parametrize(("reason", "finish"), [
        ("MAX_TOKENS", "length"),
        ("SAFETY", "content_filter"),
        ("RECITATION", "content_filter"),
        ("OTHER", "stop"),
    ])  # fmt: skip
    async def test_finish_reasons(self, adapter: Adapter, fake: FakeServer, reason: str, finish: str) -> None:
        fake.default = Behaviour(finish=reason)
        assert (await adapter.answer(chat_call(self.card))).finish == finish
        pieces = await collect(adapter, chat_call(self.card, stream=True))
        assert [piece.finish for piece in pieces if piece.finish] == [finish]

    async def test_a_blocked_prompt_is_an_answer_that_says_so(self, adapter: Adapter, fake: FakeServer) -> None:
        body = b'{"promptFeedback":{"blockReason":"SAFETY"},"responseId":"r","usageMetadata":{"promptTokenCount":9}}'
        fake.default = Behaviour(raw_body=body, raw_events=(b"data: " + body + b"\n\n",))
        whole = ChatCompletion.model_validate_json((await adapter.answer(chat_call(self.card))).payload)
        pieces = await collect(adapter, chat_call(self.card, stream=True))
        with pytest.raises(ContentFilterFinishReasonError) as caught:
            await through_openai(pieces)
        for completion in (whole, caught.value.completion):
            assert completion is not None
            assert completion.choices[0].finish_reason == "content_filter"
            assert completion.choices[0].message.refusal == "The provider blocked the prompt (SAFETY)."
        assert pieces[-1].usage == Usage(uncached=9)

    async def test_log_probabilities(self, adapter: Adapter, fake: FakeServer) -> None:
        body = msgspec.json.encode({
            "candidates": [{
                "content": {"role": "model", "parts": [{"text": "あ"}]},
                "finishReason": "STOP",
                "logprobsResult": {
                    "chosenCandidates": [{"token": "あ", "logProbability": -0.5}],
                    "topCandidates": [{"candidates": [{"token": "い", "logProbability": -1.0}]}],
                },
            }]
        })  # fmt: skip
        fake.default = Behaviour(raw_body=body, raw_events=(b"data: " + body + b"\n\n",))
        asked = {"logprobs": True, "top_logprobs": 1}
        whole = ChatCompletion.model_validate_json((await adapter.answer(chat_call(self.card, **asked))).payload)
        streamed = await through_openai(await collect(adapter, chat_call(self.card, stream=True, **asked)))
        assert fake.received[0].json["generationConfig"]["responseLogprobs"] is True
        for completion in (whole, streamed):
            logprobs = completion.choices[0].logprobs
            assert logprobs is not None
            assert logprobs.content is not None
            assert (logprobs.content[0].token, logprobs.content[0].logprob) == ("あ", -0.5)
            assert logprobs.content[0].bytes == list("あ".encode())
            assert logprobs.content[0].top_logprobs[0].token == "い"

    @pytest.mark.parametrize(("code", "error"), [(400, RejectedUpstream), (503, UpstreamFailed)])
    async def test_an_error_inside_the_stream(
        self, adapter: Adapter, fake: FakeServer, code: int, error: type[Exception]
    ) -> None:
        fake.default = Behaviour(raw_events=(b'data: {"error":{"code":%d,"message":"no"}}\n\n' % code,))
        with pytest.raises(error):
            await collect(adapter, chat_call(self.card, stream=True))

    async def test_embeddings_go_in_batches(self, fake: FakeServer, transport: Transport) -> None:
        card = ModelCard("embedder", "gemini", "gemini-embedding-001", "external", kind="embedding")
        texts = tuple("x" * length for length in range(1, 131))
        request = EmbeddingRequest({}, "embedder", texts, dimensions=2, purpose="query")
        found = await self.adapter_for(fake.url, transport).embed(EmbeddingCall(card, request))
        assert found.vectors == tuple((float(length), 0.5) for length in range(1, 131))
        assert found.usage == Usage(uncached=130)
        assert [len(received.json["requests"]) for received in fake.received] == [100, 30]
        assert fake.received[0].path == "/v1beta/models/gemini-embedding-001:batchEmbedContents"
        assert fake.received[0].json["requests"][0]["taskType"] == "RETRIEVAL_QUERY"

    async def test_tokens_of_another_model_are_refused(self, fake: FakeServer, transport: Transport) -> None:
        call = EmbeddingCall(self.card, EmbeddingRequest({}, "embedder", tokens=((1, 2),)))
        with pytest.raises(InvalidRequest, match="takes texts"):
            await self.adapter_for(fake.url, transport).embed(call)
        assert fake.received == []

    async def test_missing_vectors_are_a_failure(self, fake: FakeServer, transport: Transport) -> None:
        fake.default = Behaviour(raw_body=b'{"embeddings":[{"values":[1.0]}]}')
        call = EmbeddingCall(self.card, EmbeddingRequest({}, "embedder", ("a", "b")))
        with pytest.raises(UpstreamFailed, match="1 vectors for 2 texts"):
            await self.adapter_for(fake.url, transport).embed(call)


class TestGeminiBeforeThinkingLevels(TestGemini):
    """The same for a model that takes a budget of thinking tokens."""

    card: ClassVar = ModelCard("gemini", "gemini", "gemini-2.5-flash", "external", abilities={"effort": False})

    async def test_the_budget(self, adapter: Adapter, fake: FakeServer) -> None:
        await adapter.answer(
            chat_call(self.card, reasoning_effort="medium", generationConfig={"mediaResolution": "MEDIA_RESOLUTION_LOW"})
        )
        config = fake.received[0].json["generationConfig"]
        assert config["thinkingConfig"] == {"includeThoughts": True, "thinkingBudget": 8192}
        assert config["mediaResolution"] == "MEDIA_RESOLUTION_LOW"
