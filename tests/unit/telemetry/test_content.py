"""What was said, in OpenTelemetry's shape; never the reasoning, never media."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kyozon.domain.requests import Dialect
from kyozon.ports.telemetry import Words
from kyozon.telemetry.content import input_messages, output_messages


def test_messages_of_every_role() -> None:
    call = {"id": "call_1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    chat = {
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": [{"type": "text", "text": "What is it?"}, picture]},
            {"role": "assistant", "content": None, "reasoning_content": "hidden", "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "call_1", "content": "A cat."},
        ]
    }
    assert msgspec.json.decode(input_messages(chat)) == [
        {"role": "system", "parts": [{"type": "text", "content": "Be brief."}]},
        {"role": "user", "parts": [{"type": "text", "content": "What is it?"}, {"type": "image_url"}]},
        {"role": "assistant", "parts": [{"type": "tool_call", "id": "call_1", "name": "look", "arguments": "{}"}]},
        {
            "role": "tool",
            "parts": [
                {"type": "tool_call_response", "id": "call_1", "response": [{"type": "text", "content": "A cat."}]},
            ],
        },
    ]


OPENAI_WHOLE = [{"choices": [{"index": 0, "message": {"content": "It is ACat.", "reasoning_content": "hidden"}}]}]
OPENAI_CHUNKS = [
    {"choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}}]},
    {"choices": [{"index": 0, "delta": {"reasoning_content": "hidden"}}]},
    {"choices": [{"index": 0, "delta": {"content": "It is "}}]},
    {"choices": [{"index": 1, "delta": {"content": "another choice"}}]},
    {"choices": [{"index": 0, "delta": {"content": "ACat."}}]},
    {"choices": []},
]
ANTHROPIC_WHOLE = [{"content": [{"type": "thinking", "thinking": "hidden"}, {"type": "text", "text": "It is ACat."}]}]
ANTHROPIC_EVENTS = [
    {"type": "message_start", "message": {"content": []}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": "hidden"}},
    {"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "It is "}},
    {"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "ACat."}},
    {"type": "message_delta", "delta": {"stop_reason": "end_turn"}},
]


@pytest.mark.parametrize(
    ("dialect", "payloads"),
    [
        ("openai", OPENAI_WHOLE),
        ("openai", OPENAI_CHUNKS),
        ("anthropic", ANTHROPIC_WHOLE),
        ("anthropic", ANTHROPIC_EVENTS),
    ],
)
def test_the_answer_without_its_reasoning(dialect: Dialect, payloads: list[Any]) -> None:
    words = Words({}, dialect, [msgspec.json.encode(payload) for payload in payloads])
    text = [{"type": "text", "content": "It is ACat."}]
    said = output_messages(words, "stop")
    assert msgspec.json.decode(said) == [{"role": "assistant", "parts": text, "finish_reason": "stop"}]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "messages",
                    "role",
                    "content",
                    "type",
                    "text",
                    "tool_calls",
                    "function",
                    "choices",
                    "delta",
                    "message",
                    "index",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=15,
)


@settings(deadline=None)
@given(
    st.dictionaries(st.sampled_from(["messages", "choices", "content", "delta"]), JSON),
    st.sampled_from(["openai", "anthropic"]),
)
def test_any_shape_can_be_told(found: dict[str, Any], dialect: Dialect) -> None:
    msgspec.json.decode(input_messages(found))
    msgspec.json.decode(output_messages(Words(found, dialect, [msgspec.json.encode(found)]), "stop"))
