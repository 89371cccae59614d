"""What a model has said reaches the caller before it says more: told by providers that die in the middle."""

from collections.abc import AsyncIterable, Callable
from typing import Any, TypeVar

import anthropic
import openai
import pytest

from tests.fakes.installation import CHEAP, FakeInstallation
from tests.fakes.served import served
from tests.fakes.upstream import Behaviour, FakeUpstream, ToolCall

Build = Callable[..., FakeInstallation]
T = TypeVar("T")
CALL = ToolCall("look", '{"at":"left"}')
TOOL: Any = {"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}
ASKED: Any = [{"role": "user", "content": "Look!"}]
AFTER_HALF_THE_ARGUMENTS = 3


@pytest.mark.parametrize("options", [{"include_usage": True}, {"include_usage": False}, None])
async def test_arguments_of_tools(build: Build, sick: FakeUpstream, options: Any) -> None:
    """litellm#38926: with `include_usage` the arguments of a tool call came in one burst at the end."""
    sick.default = Behaviour(text="", tool_calls=(CALL,), reset_after=AFTER_HALF_THE_ARGUMENTS, gap=0.02)
    async with (
        served(build((CHEAP,))) as url,
        openai.AsyncOpenAI(api_key="ky-test", base_url=f"{url}/v1", max_retries=0) as client,
    ):
        stream = await client.chat.completions.create(
            model="cheap", messages=ASKED, tools=[TOOL], stream=True, stream_options=options
        )
        chunks = await _before_the_end(stream, openai.APIError)
    calls = [call.function for chunk in chunks for call in chunk.choices[0].delta.tool_calls or []]
    arguments = "".join(call.arguments or "" for call in calls if call is not None)
    assert arguments == CALL.arguments[: len(CALL.arguments) // 2]


async def test_arguments_of_tools_in_anthropics_dialect(build: Build, sick: FakeUpstream) -> None:
    sick.default = Behaviour(text="", tool_calls=(CALL,), reset_after=AFTER_HALF_THE_ARGUMENTS, gap=0.02)
    tools: Any = [{"name": "look", "input_schema": {"type": "object"}}]
    async with (
        served(build((CHEAP,))) as url,
        anthropic.AsyncAnthropic(api_key="ky-test", base_url=url, max_retries=0) as client,
    ):
        stream = await client.messages.create(model="cheap", max_tokens=99, messages=ASKED, tools=tools, stream=True)
        events = await _before_the_end(stream, anthropic.APIStatusError)
    deltas = [event.delta for event in events if event.type == "content_block_delta"]
    arguments = "".join(delta.partial_json for delta in deltas if delta.type == "input_json_delta")
    assert arguments == CALL.arguments[: len(CALL.arguments) // 2]


async def _before_the_end(stream: AsyncIterable[T], end: type[Exception]) -> list[T]:
    """What came before the error."""
    found = []
    try:
        async for piece in stream:
            found.append(piece)  # noqa: PERF401 - what has come must be there when the next piece raises
    except end as error:
        assert "cut off" in str(error)  # noqa: PT017 - what came before it is what counts
        return found
    raise AssertionError("the stream came to its end")
