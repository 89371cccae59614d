"""Messages requests as chat requests, and back through the outward translation."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types.chat import CompletionCreateParams
from pydantic import TypeAdapter

from kyozon.domain.errors import InvalidRequest
from kyozon.domain.models import ModelCard
from kyozon.domain.requests import Json
from kyozon.http.anthropic_request import to_chat
from kyozon.providers.anthropic_shapes import to_messages
from tests.fakes.anthropic_upstream import exhaust

CARD = ModelCard("claude", "anthropic", "claude-opus-5", "external")
TOOL = {"name": "weather", "description": "Tells it.", "input_schema": {"type": "object", "properties": {}}}
BASE: Json = {"model": "auto", "max_tokens": 100, "messages": [{"role": "user", "content": "hello"}]}
_CREATE: TypeAdapter[Any] = TypeAdapter(CompletionCreateParams)


WHOLE = {
    "model": "auto",
    "max_tokens": 50,
    "system": [{"type": "text", "text": "Be brief."}, {"type": "text", "text": "日本語で。"}],
    "messages": [
        {"role": "user", "content": "What is the weather?"},
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "Where?", "signature": "c2ln"},
                {"type": "text", "text": "Let me look."},
                {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"city": "東京"}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "toolu_1", "content": [{"type": "text", "text": "sunny"}]},
                {"type": "text", "text": "And here?"},
                {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aGk="}},
            ],
        },
    ],
    "stop_sequences": ["END"],
    "temperature": 0.5,
    "stream": True,
    "metadata": {"user_id": "u-1"},
    "tools": [TOOL | {"cache_control": {"type": "ephemeral"}}],
    "tool_choice": {"type": "tool", "name": "weather", "disable_parallel_tool_use": True},
    "thinking": {"type": "enabled", "budget_tokens": 2048},
    "output_config": {"format": {"type": "json_schema", "schema": {"type": "object"}}},
    "brand_new": 1,
}
WHOLE_AS_CHAT = {
    "model": "auto",
    "stream": True,
    "temperature": 0.5,
    "messages": [
        {"role": "system", "content": "Be brief.\n\n日本語で。"},
        {"role": "user", "content": "What is the weather?"},
        {
            "role": "assistant",
            "content": "Let me look.",
            "reasoning_content": "Where?",
            "extra_content": {"anthropic": {"thinking": [{"type": "thinking", "thinking": "Where?", "signature": "c2ln"}]}},
            "tool_calls": [
                {"id": "toolu_1", "type": "function", "function": {"name": "weather", "arguments": '{"city":"東京"}'}}
            ],
        },
        {"role": "tool", "tool_call_id": "toolu_1", "content": "sunny"},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "And here?"},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk="}},
            ],
        },
    ],
    "max_completion_tokens": 50,
    "stop": ["END"],
    "user": "u-1",
    "tools": [
        {
            "type": "function",
            "function": {"name": "weather", "description": "Tells it.", "parameters": TOOL["input_schema"]},
        }
    ],
    "tool_choice": {"type": "function", "function": {"name": "weather"}},
    "parallel_tool_calls": False,
    "reasoning_effort": "low",
    "response_format": {
        "type": "json_schema",
        "json_schema": {"name": "answer", "strict": True, "schema": {"type": "object"}},
    },
    "brand_new": 1,
}


def test_a_whole_request() -> None:
    chat = to_chat(WHOLE)
    exhaust(_CREATE.validate_python(chat))
    assert chat == WHOLE_AS_CHAT


@pytest.mark.parametrize(("fields", "expected"), [
    ({"tool_choice": {"type": "auto"}}, {"tool_choice": "auto"}),
    ({"tool_choice": {"type": "any"}}, {"tool_choice": "required"}),
    ({"tool_choice": {"type": "none"}}, {"tool_choice": "none"}),
    ({"thinking": {"type": "enabled", "budget_tokens": 9000}}, {"reasoning_effort": "medium"}),
    ({"thinking": {"type": "enabled", "budget_tokens": 32_000}}, {"reasoning_effort": "high"}),
    ({"thinking": {"type": "adaptive"}, "output_config": {"effort": "max"}}, {"reasoning_effort": "max"}),
    ({"thinking": {"type": "disabled"}}, {"reasoning_effort": None}),
])  # fmt: skip
def test_choices(fields: Json, expected: Json) -> None:
    chat = to_chat(BASE | {"tools": [TOOL]} | fields)
    assert {name: chat.get(name) for name in expected} == expected


def test_what_openai_has_no_word_for_stays_where_a_reader_finds_it() -> None:
    search = {"type": "web_search_20250305", "name": "web_search"}
    block = {"type": "document", "source": {"type": "url", "url": "https://example.com/secret.pdf"}}
    used = {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {"query": "secret"}}
    messages = [{"role": "user", "content": [block]}, {"role": "assistant", "content": [used]}]
    chat = to_chat(BASE | {"messages": messages, "tools": [search]})
    assert chat["messages"][0]["content"] == [block]
    assert chat["messages"][1]["content"] == [used]
    assert chat["tools"] == [search]


def test_images_of_a_tool_follow_its_text() -> None:
    image = {"type": "image", "source": {"type": "url", "url": "https://example.com/a.png"}}
    result = {"type": "tool_result", "tool_use_id": "t", "content": [{"type": "text", "text": "see"}, image]}
    chat = to_chat(BASE | {"messages": [{"role": "user", "content": [result]}]})
    assert chat["messages"] == [
        {"role": "tool", "tool_call_id": "t", "content": "see"},
        {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}]},
    ]


def test_counting_needs_no_ceiling() -> None:
    body = {"model": "auto", "messages": [{"role": "user", "content": "hello"}]}
    assert to_chat(body, counting=True)["messages"] == body["messages"]
    with pytest.raises(InvalidRequest):
        to_chat(body)


@pytest.mark.parametrize(("fields", "param"), [
    ({"model": None}, "model"),
    ({"max_tokens": True}, "max_tokens"),
    ({"messages": []}, "messages"),
    ({"messages": "hello"}, "messages"),
    ({"messages": [{"role": "robot", "content": "x"}]}, "messages.0.role"),
    ({"messages": ["x"]}, "messages.0"),
    ({"messages": [{"role": "user"}]}, "messages.0.content"),
    ({"messages": [{"role": "user", "content": [{"text": "x"}]}]}, "messages.0.content.0.type"),
    ({"messages": [{"role": "user", "content": [{"type": "text"}]}]}, "messages.0.content"),
    ({"messages": [{"role": "assistant", "content": [{"type": "tool_use", "id": "x"}]}]}, "messages.0.content"),
    ({"system": 3}, "system"),
    ({"metadata": "x"}, "metadata"),
    ({"thinking": {"type": "enabled"}}, "thinking.budget_tokens"),
    ({"tools": [{"name": "x"}]}, "tools.0.input_schema"),
    ({"tools": [TOOL], "tool_choice": "auto"}, "tool_choice"),
    ({"tools": [TOOL], "tool_choice": {"type": "maybe"}}, "tool_choice.type"),
    ({"output_config": {"format": {}}}, "output_config.format.schema"),
])  # fmt: skip
def test_mistakes_name_their_field(fields: Json, param: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        to_chat(BASE | fields)
    assert caught.value.param == param
    assert param in caught.value.text.en
    assert param in caught.value.text.ja


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["type", "role", "content", "text"]), inner)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(sorted({*BASE, "system", "tools", "tool_choice", "thinking"})), json_values))
def test_no_body_breaks_the_translation(fields: Json) -> None:
    try:
        to_chat(BASE | fields)
    except InvalidRequest as error:
        assert error.param  # noqa: PT017 - either outcome is right


words = st.text(min_size=1, max_size=20).filter(str.strip)
inputs = st.dictionaries(words, st.integers() | words, max_size=3)
thoughts = st.builds(lambda text: {"type": "thinking", "thinking": text, "signature": "c2ln"}, words)
texts = st.builds(lambda text: {"type": "text", "text": text}, words)


@st.composite
def conversations(draw: st.DrawFn) -> list[Json]:
    """Turns as the API allows them: every tool use is answered at the beginning of the next turn."""
    turns: list[Json] = [{"role": "user", "content": draw(st.lists(texts, min_size=1, max_size=2))}]
    for number in range(draw(st.integers(0, 3))):
        uses = [
            {"type": "tool_use", "id": f"toolu_{number}_{index}", "name": draw(words), "input": draw(inputs)}
            for index in range(draw(st.integers(0, 2)))
        ]
        said = [*draw(st.lists(thoughts, max_size=2)), draw(texts), *uses]
        results = [
            {"type": "tool_result", "tool_use_id": use["id"], "content": [{"type": "text", "text": draw(words)}]}
            for use in uses
        ]
        turns.append({"role": "assistant", "content": said})
        turns.append({"role": "user", "content": results + draw(st.lists(texts, min_size=1, max_size=2))})
    return turns


@given(conversations(), words)
def test_a_conversation_survives_the_pivot(turns: list[Json], system: str) -> None:
    chat = to_chat(BASE | {"messages": turns, "system": system})
    body = to_messages(CARD, chat)
    assert body["messages"] == turns
    assert body["system"] == [{"type": "text", "text": system}]
