"""Each row of `vendors.toml` in OpenAI's format, played by a fake at the row's own path."""

from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from kyozon.domain.models import ModelCard, Provider
from kyozon.domain.requests import EmbeddingRequest, Json, RerankRequest
from kyozon.domain.usage import Usage
from kyozon.ports.provider import EmbeddingCall, RerankCall
from kyozon.providers import openai
from kyozon.providers.openai import OpenAIAdapter
from kyozon.providers.transport import Transport
from kyozon.providers.vendors import load_vendors
from tests.contract.providers.chat_adapter import CALLS, WEATHER, chat_call, collect
from tests.fakes.upstream import Behaviour, FakeUpstream, Received

ROWS = [row for row in load_vendors().values() if row.format == "openai"]
LIMITS = {"max_completion_tokens", "max_tokens"}
FIELDS: Json = {
    "messages": [
        {"role": "developer", "content": "Be brief.", "name": "boss"},
        {"role": "user", "content": "Weather?"},
        {"role": "assistant", "content": "Sunny.", "reasoning_content": "hm"},
        {"role": "system", "content": "In English."},
        {"role": "user", "content": "And tomorrow?"},
    ],
    "max_tokens": 5,
    "seed": 7,
    "temperature": 0.5,
    "user": "u-1",
    "x_new": {"deep": [1]},
}

pytestmark = pytest.mark.parametrize("row", ROWS, ids=[row.id for row in ROWS])


@pytest.fixture
def card(row: Provider) -> ModelCard:
    return ModelCard("small", row.id, "org/small 1", row.zone)


@pytest.fixture
def adapter(row: Provider, upstream: FakeUpstream, transport: Transport) -> OpenAIAdapter:
    upstream.default = Behaviour(usage_unasked=not row.quirks.stream_usage)

    async def endpoint(_: ModelCard) -> str:
        return upstream.url + urlsplit(row.base_url).path

    return openai.adapter(row, endpoint, "sk-fake" if row.key_variable else None, transport)


async def test_address_key_and_query(
    row: Provider, upstream: FakeUpstream, adapter: OpenAIAdapter, card: ModelCard
) -> None:
    await adapter.answer(chat_call(card))
    await adapter.embed(EmbeddingCall(card, EmbeddingRequest({"model": "small"}, "small", ("a", "b"))))
    await adapter.rerank(RerankCall(card, RerankRequest({}, "small", "a", ("a", "b"))))
    paths = row.quirks.chat_path, row.quirks.embeddings_path, row.quirks.rerank_path
    for received, path in zip(upstream.received, paths, strict=True):
        assert received.path == urlsplit(row.base_url).path + path.replace("{model}", "org/small 1")
        assert received.query == row.quirks.query
        expected = row.quirks.key_prefix + "sk-fake" if row.key_variable else None
        assert received.headers.get(row.quirks.key_header) == expected
        assert row.quirks.headers.items() <= received.headers.items()
        assert received.json["model"] == "org/small 1"
    assert upstream.received[1].json["input"] == ["a", "b"]


@pytest.mark.parametrize("stream", [False, True])
async def test_parameters(
    row: Provider, upstream: FakeUpstream, adapter: OpenAIAdapter, card: ModelCard, *, stream: bool
) -> None:
    call = chat_call(card, **FIELDS, stream=stream)
    await (collect(adapter, call) if stream else adapter.answer(call))
    sent: Json = upstream.received[0].json
    assert sent.keys() & LIMITS == {row.quirks.max_tokens_field}
    assert sent["x_new"] == {"deep": [1]}
    assert sent.get("stream", False) is stream
    assert sent.get("stream_options") == ({"include_usage": True} if stream and row.quirks.stream_usage else None)
    for name in ("seed", "temperature", "user"):
        assert sent.get(row.quirks.renames.get(name, name)) == (None if name in row.quirks.drops else FIELDS[name])
    _check_messages(row, upstream.received[0])


def _check_messages(row: Provider, received: Received) -> None:
    first, _, answered, last, _ = received.json["messages"]
    as_sent = row.quirks.system_role == "as_sent"
    assert [first["role"], last["role"]] == (["developer", "system"] if as_sent else [row.quirks.system_role] * 2)
    assert ("name" in first) is ("messages.name" not in row.quirks.drops)
    dropped = "messages.reasoning_content" in row.quirks.drops
    place = row.quirks.renames.get("messages.reasoning_content", "reasoning_content")
    assert answered.get(place) == (None if dropped else "hm")


async def test_answer_and_usage(adapter: OpenAIAdapter, card: ModelCard) -> None:
    answer = await adapter.answer(chat_call(card))
    assert ChatCompletion.model_validate_json(answer.payload).choices[0].message.content == answer.text == "Hello, world."
    pieces = await collect(adapter, chat_call(card, stream=True))
    assert "".join(piece.text for piece in pieces) == "Hello, world."
    assert [piece.finish for piece in pieces if piece.finish] == [answer.finish] == ["stop"]
    usages = [piece.usage for piece in pieces if piece.usage]
    assert usages == [answer.usage] == [Usage(uncached=11, output=7)]


async def test_tools(upstream: FakeUpstream, adapter: OpenAIAdapter, card: ModelCard) -> None:
    upstream.default = Behaviour(tool_calls=CALLS)
    answer = await adapter.answer(chat_call(card, tools=[WEATHER]))
    calls = ChatCompletion.model_validate_json(answer.payload).choices[0].message.tool_calls or []
    assert [call.id for call in calls] == ["call_a", "call_b"]
    pieces = await collect(adapter, chat_call(card, tools=[WEATHER], stream=True))
    for piece in pieces:
        ChatCompletionChunk.model_validate_json(piece.payload)
    assert answer.text == "".join(piece.text for piece in pieces) == "".join(call.arguments for call in CALLS)
    assert [request.json["tools"] for request in upstream.received] == [[WEATHER], [WEATHER]]


async def test_reasoning(row: Provider, upstream: FakeUpstream, adapter: OpenAIAdapter, card: ModelCard) -> None:
    field = row.quirks.reasoning_field
    upstream.default = Behaviour(reasoning="I should greet.", reasoning_field=field)
    await _reads_apart(adapter, card)
    if row.quirks.think_tags:
        upstream.default = Behaviour(text="<think>\nI should greet.\n</think>\n\nHello, world.")
        await _reads_apart(adapter, card)


async def _reads_apart(adapter: OpenAIAdapter, card: ModelCard) -> None:
    answer = await adapter.answer(chat_call(card))
    message: Any = ChatCompletion.model_validate_json(answer.payload).choices[0].message
    assert (message.reasoning_content, message.content) == ("I should greet.", "Hello, world.")
    deltas = [
        choice["delta"]
        for piece in await collect(adapter, chat_call(card, stream=True))
        for choice in msgspec.json.decode(piece.payload)["choices"]
    ]
    assert "".join(delta.get("reasoning_content") or "" for delta in deltas) == "I should greet."
    assert "".join(delta.get("content") or "" for delta in deltas) == "Hello, world."
