"""The real `anthropic` client reads what Kyozon answers in its dialect."""

from typing import Any

import msgspec
import pytest
from anthropic import APIStatusError, AsyncAnthropic
from anthropic.types import Message

from kyozon.http.anthropic_answer import MessageEvents, to_message
from tests.fakes.anthropic_upstream import AnthropicUpstream
from tests.fakes.server import Behaviour

ASKED: Any = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "hello"}]}
CALLS: list[Any] = [
    {
        "index": index,
        "id": f"call_{index}",
        "type": "function",
        "function": {"name": "weather", "arguments": '{"city":"東京"}'},
    }
    for index in range(2)
]
SAID: Any = {"role": "assistant", "reasoning_content": "Hm.", "content": "Hello.", "tool_calls": CALLS}
USAGE = {"prompt_tokens": 131, "completion_tokens": 7, "prompt_tokens_details": {"cached_tokens": 100}}


def written(events: list[tuple[str, bytes]]) -> tuple[bytes, ...]:
    return tuple(f"event: {name}\ndata: ".encode() + payload + b"\n\n" for name, payload in events)


async def played(behaviour: Behaviour, *, stream: bool) -> Message:
    async with (
        AnthropicUpstream() as server,
        AsyncAnthropic(base_url=server.url, api_key="sk-fake", max_retries=0) as client,
    ):
        server.default = behaviour
        if not stream:
            return Message.model_validate(await client.messages.create(**ASKED))
        async with client.messages.stream(**ASKED) as events:
            return await events.get_final_message()


async def test_a_streamed_message_equals_the_whole_one() -> None:
    whole = {"id": "msg_1", "model": "m", "usage": USAGE}
    choice = {"index": 0, "message": SAID, "finish_reason": "tool_calls"}
    body = msgspec.json.encode(to_message(whole | {"choices": [choice]}))
    writer = MessageEvents("msg_1", "m", 5)
    events = writer.start()
    deltas = [{"role": "assistant"}, *({name: SAID[name]} for name in ("reasoning_content", "content", "tool_calls"))]
    for delta in deltas:
        events += writer.feed(msgspec.json.encode({"choices": [{"index": 0, "delta": delta}]}))
    end = {"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}], "usage": USAGE}
    events += [*writer.feed(msgspec.json.encode(end)), *writer.finish()]

    answered = await played(Behaviour(raw_body=body), stream=False)
    streamed = await played(Behaviour(raw_events=written(events)), stream=True)
    assert streamed.to_dict() == answered.to_dict()
    assert [block.type for block in streamed.content] == ["thinking", "text", "tool_use", "tool_use"]
    assert streamed.stop_reason == "tool_use"
    assert (streamed.usage.input_tokens, streamed.usage.cache_read_input_tokens) == (31, 100)


async def test_a_stream_that_breaks_raises_in_the_client() -> None:
    writer = MessageEvents("msg_1", "m", 5)
    events = [*writer.start(), *writer.feed(b'{"choices":[{"delta":{"content":"Hel"}}]}')]
    events += writer.error("overloaded_error", "Ask again in a minute.")
    with pytest.raises(APIStatusError, match="Ask again in a minute"):
        await played(Behaviour(raw_events=written(events)), stream=True)
