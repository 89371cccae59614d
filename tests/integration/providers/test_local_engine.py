"""The adapter against the real engine and a real, very small model: tools by schema, reasoning, token counts."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from kyozon.domain.models import ModelCard
from kyozon.domain.requests import ChatRequest, Json
from kyozon.inference.engine import LocalEngines
from kyozon.inference.engine_plan import EngineOptions
from kyozon.ports.provider import ChatCall
from kyozon.providers import openai
from kyozon.providers.openai import OpenAIAdapter
from kyozon.providers.transport import Transport
from kyozon.providers.vendors import load_vendors
from tests.fakes.local_model import DEFAULT_MODEL, prepared_models

PLACE = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
HERE = {"type": "object", "properties": {"zip": {"type": "integer"}}, "required": ["zip"]}


def tool(name: str, parameters: Json | None = None) -> Json:
    return {"type": "function", "function": {"name": name, **({"parameters": parameters} if parameters else {})}}


def referring(definition: Json) -> Json:
    place = {"$ref": "#/$defs/Place"}
    return {"type": "object", "properties": {"place": place}, "required": ["place"], "$defs": {"Place": definition}}


CITY = {"type": "string", "pattern": "[A-Z]"}
WEATHER = tool("get_weather", {"type": "object", "properties": {"city": CITY}, "required": ["city"]})
NOW = tool("now")


@pytest.fixture(scope="module")
async def adapter(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[OpenAIAdapter]:
    store, _ = prepared_models(Path(request.config.rootpath) / ".pytest_cache" / "kyozon-models")
    engines = LocalEngines(store, EngineOptions(tmp_path_factory.mktemp("logs"), context=1024, slots=1))
    transport = Transport()

    async def endpoint(card: ModelCard) -> str:
        return await engines.address(card.upstream)

    yield openai.adapter(load_vendors()["local"], endpoint, None, transport)
    await transport.close()
    await engines.stop()


def call(**fields: Any) -> ChatCall:
    chat: Json = {
        "model": "auto",
        "messages": [{"role": "user", "content": "What is the weather in Paris?"}],
        "temperature": 0,
        "max_completion_tokens": 200,
        **fields,
    }
    return ChatCall(
        ModelCard("small", "local", DEFAULT_MODEL, "host", tools_by_schema=True), ChatRequest("openai", chat, chat)
    )


async def called(adapter: OpenAIAdapter, **fields: Any) -> dict[str, Json]:
    """The arguments of each tool that was called, by its name."""
    completion = ChatCompletion.model_validate_json((await adapter.answer(call(**fields))).payload)
    assert completion.choices[0].finish_reason == "tool_calls"
    calls = completion.choices[0].message.tool_calls or []
    assert len({one.id for one in calls}) == len(calls)
    return {one.function.name: json.loads(one.function.arguments) for one in calls if one.type == "function"}


async def test_a_required_call_fulfils_the_tools_schema(adapter: OpenAIAdapter) -> None:
    found = await called(adapter, tools=[WEATHER], tool_choice="required")
    assert isinstance(found["get_weather"]["city"], str)


async def test_a_named_tool_is_the_one_that_is_called(adapter: OpenAIAdapter) -> None:
    found = await called(adapter, tools=[WEATHER, NOW], tool_choice={"type": "function", "function": {"name": "now"}})
    assert found == {"now": {}}


async def test_references_of_two_tools_stay_apart(adapter: OpenAIAdapter) -> None:
    tools = [tool("by_name", referring(PLACE)), tool("by_zip", referring(HERE))]
    for name, field, kind in (("by_name", "name", str), ("by_zip", "zip", int)):
        found = await called(adapter, tools=tools, tool_choice={"type": "function", "function": {"name": name}})
        assert isinstance(found[name]["place"][field], kind)


async def test_auto_answers_or_calls_and_streams_proper_chunks(adapter: OpenAIAdapter) -> None:
    pieces = [piece async for piece in adapter.stream(call(tools=[WEATHER, NOW], stream=True))]
    parts = [ChatCompletionChunk.model_validate_json(piece.payload) for piece in pieces]
    assert parts[0].choices[0].delta.role == "assistant"
    assert [piece.finish for piece in pieces if piece.finish] in (["tool_calls"], ["stop"])
    assert pieces[-1].usage_only
    assert pieces[-1].usage is not None
    assert pieces[-1].usage.output > 0


async def test_results_of_tools_are_understood(adapter: OpenAIAdapter) -> None:
    made = {"id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": '{"city": "Paris"}'}}
    history = [
        {"role": "user", "content": "What is the weather in Paris?"},
        {"role": "assistant", "content": None, "tool_calls": [made]},
        {"role": "tool", "tool_call_id": "call_1", "content": "18 degrees and sunny"},
    ]
    answer = await adapter.answer(call(messages=history, tools=[WEATHER], tool_choice="none"))
    assert "sunny" in answer.text


async def test_tokens_are_counted_as_they_are_billed(adapter: OpenAIAdapter) -> None:
    for fields in ({}, {"tools": [WEATHER]}):
        asked = call(**fields, max_completion_tokens=1)
        answer = await adapter.answer(asked)
        assert answer.usage is not None
        assert await adapter.count_tokens(asked) == answer.usage.input


async def test_plain_streams_one_after_another(adapter: OpenAIAdapter) -> None:
    for _ in range(3):
        pieces = [piece async for piece in adapter.stream(call(stream=True, max_completion_tokens=4))]
        assert "".join(piece.text for piece in pieces)
        assert pieces[-1].usage is not None
        assert pieces[-1].usage.output == 4


async def test_nobody_learns_that_a_prompt_was_asked_before(adapter: OpenAIAdapter) -> None:
    for _ in range(2):
        asked = call(max_completion_tokens=1, timings_per_token=True, return_progress=True, verbose=True)
        answer = await adapter.answer(asked)
        pieces = [piece async for piece in adapter.stream(asked)]
        for payload in (answer.payload, *(piece.payload for piece in pieces)):
            assert not any(word in payload for word in (b"cache", b"timings", b"progress"))
        assert answer.usage is not None
        assert answer.usage.cache_read == 0
