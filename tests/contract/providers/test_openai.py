import asyncio
import base64
import struct
from typing import Any, ClassVar

import msgspec
import pytest
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from kyozon.domain.errors import KyozonError, RejectedUpstream, StreamBroken, UpstreamFailed
from kyozon.domain.models import ModelCard, Provider, Quirks
from kyozon.domain.requests import EmbeddingRequest, Json
from kyozon.domain.usage import Usage
from kyozon.ports.provider import EmbeddingCall
from kyozon.providers import openai
from kyozon.providers.openai import OpenAIAdapter
from kyozon.providers.transport import Transport
from tests.contract.providers.chat_adapter import WEATHER, ChatAdapterSuite, chat_call, collect
from tests.fakes.server import Behaviour, FakeServer
from tests.fakes.upstream import FakeUpstream

CARD = ModelCard("small", "house", "org/small-1", "lan")


def adapter_at(url: str, transport: Transport, **quirks: Any) -> OpenAIAdapter:
    async def endpoint(_: ModelCard) -> str:
        return f"{url}/v1"

    return openai.adapter(Provider("house", "House", "openai", "", quirks=Quirks(**quirks)), endpoint, "sk-fake", transport)


class TestOpenAIAdapter(ChatAdapterSuite):
    provider = Provider("house", "House", "openai", "", quirks=Quirks(tokenize=True))
    card: ClassVar[ModelCard] = CARD
    fake_class: ClassVar[type[FakeServer]] = FakeUpstream
    usage = Usage(uncached=11, output=7)
    end = 3

    def adapter_for(self, url: str, transport: Transport) -> OpenAIAdapter:
        return adapter_at(url, transport, tokenize=True)


async def test_bytes_pass_untouched(upstream: FakeUpstream, transport: Transport) -> None:
    chunk = b'{"id":"c", "x_new": {"deep" : 1.50}, "choices":[{"index":0,"delta":{"content":"hi"},"finish_reason":"stop"}]}'
    body = b'{"id" : "c", "x_new":1.50, "choices":[{"index":0,"message":{"content":"hi"},"finish_reason":"stop"}]}'
    upstream.default = Behaviour(raw_events=(b"data: " + chunk + b"\n\n",), raw_body=body)
    adapter = adapter_at(upstream.url, transport)
    assert [piece.payload for piece in await collect(adapter, chat_call(CARD, stream=True))] == [chunk]
    answer = await adapter.answer(chat_call(CARD))
    assert (answer.payload, answer.text, answer.usage) == (body, "hi", None)


async def test_unknown_fields_reach_the_provider(upstream: FakeUpstream, transport: Transport) -> None:
    call = chat_call(CARD, x_new={"deep": [1]}, chat_template_kwargs={"enable_thinking": False}, max_tokens=5, seed=None)
    await adapter_at(upstream.url, transport).answer(call)
    sent: Json = upstream.received[0].json
    assert sent == {
        "model": "org/small-1",
        "messages": [{"role": "user", "content": "hello"}],
        "x_new": {"deep": [1]},
        "chat_template_kwargs": {"enable_thinking": False},
        "max_completion_tokens": 5,
    }


@pytest.mark.parametrize(
    ("code", "error"),
    [(429, UpstreamFailed), (400, RejectedUpstream), ("overloaded", UpstreamFailed), (None, UpstreamFailed)],
)
async def test_an_error_under_status_200_is_a_failure(
    upstream: FakeUpstream, transport: Transport, code: object, error: type[KyozonError]
) -> None:
    body = msgspec.json.encode({"error": {"message": "too many", "code": code}})
    upstream.default = Behaviour(raw_body=body, raw_events=(b"data: " + body + b"\n\n",))
    adapter = adapter_at(upstream.url, transport)
    with pytest.raises(error, match="too many"):
        await adapter.answer(chat_call(CARD))
    with pytest.raises(error, match="too many"):
        await collect(adapter, chat_call(CARD, stream=True))


async def test_an_error_after_the_first_words_breaks_the_stream(upstream: FakeUpstream, transport: Transport) -> None:
    said = b'data: {"choices":[{"index":0,"delta":{"content":"hi"}}]}\n\n'
    upstream.default = Behaviour(raw_events=(said, b'data: {"error":{"message":"gone","code":500}}\n\n'))
    pieces = adapter_at(upstream.url, transport).stream(chat_call(CARD, stream=True))
    assert (await anext(pieces)).text == "hi"
    with pytest.raises(StreamBroken, match="gone"):
        await anext(pieces)


@pytest.mark.parametrize("quirks", [{}, {"think_tags": True}, {"hides_cache": True}])
async def test_an_end_that_comes_with_words_and_their_probabilities(
    upstream: FakeUpstream, transport: Transport, quirks: dict[str, bool]
) -> None:
    """litellm#10686: asked for log probabilities, a stream lost its finish reason."""
    logprobs = {"content": [{"token": "Hi", "logprob": -0.1, "bytes": [72, 105], "top_logprobs": []}], "refusal": None}
    choice = {"index": 0, "delta": {"content": "Hi"}, "logprobs": logprobs, "finish_reason": "length"}
    chunk = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}
    upstream.default = Behaviour(raw_events=(b"data: " + msgspec.json.encode(chunk) + b"\n\n", b"data: [DONE]\n\n"))
    call = chat_call(CARD, stream=True, logprobs=True)
    (piece,) = await collect(adapter_at(upstream.url, transport, **quirks), call)
    assert (piece.text, piece.finish) == ("Hi", "length")
    assert msgspec.json.decode(piece.payload)["choices"] == [choice]


async def test_a_finish_reason_is_an_end_too(upstream: FakeUpstream, transport: Transport) -> None:
    upstream.default = Behaviour(cut_after=4)
    pieces = await collect(adapter_at(upstream.url, transport), chat_call(CARD, stream=True))
    assert pieces[-1].finish == "stop"


@pytest.mark.parametrize("stream", [False, True])
async def test_think_tags_become_reasoning(upstream: FakeUpstream, transport: Transport, *, stream: bool) -> None:
    upstream.default = Behaviour(text="<think>\nhm, 17</think>\n\nSeventeen.", choices=2)
    said: dict[int, dict[str, str]] = {0: {}, 1: {}}
    adapter = adapter_at(upstream.url, transport, think_tags=True)
    payloads = (
        [piece.payload for piece in await collect(adapter, chat_call(CARD, stream=True, n=2))]
        if stream
        else [(await adapter.answer(chat_call(CARD, n=2))).payload]
    )
    for payload in payloads:
        (ChatCompletionChunk if stream else ChatCompletion).model_validate_json(payload)
        for choice in msgspec.json.decode(payload)["choices"]:
            for name, value in choice["delta" if stream else "message"].items():
                said[choice["index"]][name] = said[choice["index"]].get(name, "") + (value or "")
    for message in said.values():
        assert (message["reasoning_content"], message["content"]) == ("hm, 17", "Seventeen.")


async def test_tools_by_schema_streamed_and_whole(upstream: FakeUpstream, transport: Transport) -> None:
    upstream.default = Behaviour(text='{"calls": [{"name": "weather", "arguments": {"city": "Tokyo"}}]}')
    adapter = adapter_at(upstream.url, transport, tools_by_schema=True)
    answer = await adapter.answer(chat_call(CARD, tools=[WEATHER]))
    calls = ChatCompletion.model_validate_json(answer.payload).choices[0].message.tool_calls or []
    assert [call.function.arguments for call in calls if call.type == "function"] == ['{"city":"Tokyo"}']
    pieces = await collect(adapter, chat_call(CARD, tools=[WEATHER], stream=True))
    for piece in pieces:
        ChatCompletionChunk.model_validate_json(piece.payload)
    assert [piece.finish for piece in pieces if piece.finish] == ["tool_calls"]
    assert "".join(piece.text for piece in pieces) == '{"city":"Tokyo"}'
    assert (pieces[-1].usage_only, pieces[-1].usage) == (True, Usage(uncached=11, output=7))
    assert [request.json.get("stream") for request in upstream.received] == [None, None]
    assert "tools" not in upstream.received[0].json


async def test_one_request_per_connection(upstream: FakeUpstream, transport: Transport) -> None:
    for close, connections in ((True, 3), (False, 4)):
        adapter = adapter_at(upstream.url, transport, one_request_per_connection=close)
        for _ in range(3):
            await collect(adapter, chat_call(CARD, stream=True))
        assert upstream.connections == connections


async def test_embeddings(upstream: FakeUpstream, transport: Transport) -> None:
    body: Json = {"model": "small", "input": "x", "encoding_format": "base64", "x_new": 1}
    request = EmbeddingRequest(body, "small", ("a", "共存"), dimensions=2)
    found = await adapter_at(upstream.url, transport).embed(EmbeddingCall(CARD, request))
    assert found.vectors == ((1.0, 0.5), (2.0, 0.5))
    assert found.usage == Usage(uncached=5)
    assert upstream.received[0].json == {
        "model": "org/small-1",
        "input": ["a", "共存"],
        "encoding_format": "float",
        "x_new": 1,
        "dimensions": 2,
    }


async def test_tokens_instead_of_texts_are_passed_through(upstream: FakeUpstream, transport: Transport) -> None:
    request = EmbeddingRequest({}, "small", tokens=((9906, 1917), (100, 200, 300)))
    found = await adapter_at(upstream.url, transport).embed(EmbeddingCall(CARD, request))
    assert upstream.received[0].json["input"] == [[9906, 1917], [100, 200, 300]]
    assert found.vectors == ((2.0, 0.5, 0.5), (3.0, 0.5, 0.5))


async def test_embeddings_in_base64_and_out_of_order(upstream: FakeUpstream, transport: Transport) -> None:
    packed = base64.b64encode(struct.pack("<2f", 0.5, -1.0)).decode()
    rows = [{"index": 1, "embedding": packed}, {"index": 0, "embedding": [1, 2]}]
    upstream.default = Behaviour(raw_body=msgspec.json.encode({"data": rows}))
    call = EmbeddingCall(CARD, EmbeddingRequest({}, "small", ("a", "b")))
    found = await adapter_at(upstream.url, transport).embed(call)
    assert found.vectors == ((1.0, 2.0), (0.5, -1.0))
    assert found.usage is None


@pytest.mark.parametrize(
    "answer",
    [
        {"data": [{"index": 0, "embedding": [1.0]}]},
        {"data": [{"index": 0, "embedding": "?"}, {"index": 1, "embedding": "AAA="}]},
        {"data": [{"index": 0}, {"index": 1}]},
        {"error": {"message": "no"}},
        [],
    ],
)
async def test_wrong_embeddings_are_a_failure(upstream: FakeUpstream, transport: Transport, answer: object) -> None:
    upstream.default = Behaviour(raw_body=msgspec.json.encode(answer))
    with pytest.raises(UpstreamFailed):
        await adapter_at(upstream.url, transport).embed(EmbeddingCall(CARD, EmbeddingRequest({}, "small", ("a", "b"))))


async def test_tokens_are_counted_beside_v1_only_where_the_server_can(upstream: FakeUpstream, transport: Transport) -> None:
    assert await adapter_at(upstream.url, transport).count_tokens(chat_call(CARD)) is None
    assert upstream.received == []
    assert await adapter_at(upstream.url, transport, tokenize=True).count_tokens(chat_call(CARD)) == 42
    assert [request.path for request in upstream.received] == ["/apply-template", "/tokenize"]


async def test_cancelling_while_waiting_hangs_up(upstream: FakeUpstream, transport: Transport) -> None:
    upstream.default = Behaviour(hang=True)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await adapter_at(upstream.url, transport).answer(chat_call(CARD))
    for _ in range(100):
        if upstream.left:
            break
        await asyncio.sleep(0.01)
    assert (len(upstream.received), upstream.left) == (1, 1)
