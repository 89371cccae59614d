"""Chat requests in Anthropic's and Gemini's shapes: the finer points, and the mistakes."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kyozon.domain.errors import InvalidRequest
from kyozon.domain.models import ModelCard
from kyozon.domain.requests import Json
from kyozon.providers.anthropic_shapes import to_count, to_messages
from kyozon.providers.gemini_shapes import to_generate

CARD = ModelCard("m", "p", "upstream", "external")
HELLO = [{"role": "user", "content": "hello"}]
TOOL = {"type": "function", "function": {"name": "weather", "description": "Tells it.", "parameters": {"type": "object"}}}
CALL = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "東京"}'}}
RESULT = {"role": "tool", "tool_call_id": "call_1", "content": "sunny"}

Translate = Callable[[ModelCard, Json], Json]
both = pytest.mark.parametrize("translate", [to_messages, to_generate])


def user(*parts: Json) -> list[Json]:
    return [{"role": "user", "content": list(parts)}]


def test_anthropic_in_full() -> None:
    chat = {
        "messages": [
            {"role": "developer", "content": "Be brief."},
            *HELLO,
            {"role": "assistant", "content": "  ", "reasoning_content": "unsigned", "tool_calls": [CALL]},
            RESULT,
            {"role": "user", "content": [{"type": "text", "text": "And?", "cache_control": {"type": "ephemeral"}}]},
        ],
        "max_tokens": 9,
        "stop": "END",
        "safety_identifier": "u-1",
        "tools": [TOOL, {"type": "web_search_20250305", "name": "web_search"}],
        "parallel_tool_calls": False,
        "reasoning_effort": "minimal",
        "response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "object"}}},
        "temperature": 0.5,
        "top_k": 5,
        "output_config": {"brand_new": 1},
        "logprobs": True,
        "seed": 3,
    }
    assert to_messages(CARD, chat) == {
        "model": "upstream",
        "max_tokens": 9,
        "system": [{"type": "text", "text": "Be brief."}],
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": "hello"}]},
            {
                "role": "assistant",
                "content": [{"type": "tool_use", "id": "call_1", "name": "weather", "input": {"city": "東京"}}],
            },
            {
                "role": "user",
                "content": [
                    {"type": "tool_result", "tool_use_id": "call_1", "content": [{"type": "text", "text": "sunny"}]},
                    {"type": "text", "text": "And?", "cache_control": {"type": "ephemeral"}},
                ],
            },
        ],
        "stop_sequences": ["END"],
        "metadata": {"user_id": "u-1"},
        "tools": [
            {"name": "weather", "input_schema": {"type": "object"}, "description": "Tells it."},
            {"type": "web_search_20250305", "name": "web_search"},
        ],
        "tool_choice": {"type": "auto", "disable_parallel_tool_use": True},
        "temperature": 0.5,
        "thinking": {"type": "adaptive", "display": "summarized"},
        "output_config": {
            "effort": "low",
            "format": {"type": "json_schema", "schema": {"type": "object"}},
            "brand_new": 1,
        },
        "top_k": 5,
    }


ALL_FOR_GEMINI = {
    "messages": [
        {"role": "system", "content": "Be brief."},
        *user(
            {"type": "text", "text": "See"},
            {"type": "input_audio", "input_audio": {"data": "aGk=", "format": "wav"}},
            {"type": "image_url", "image_url": {"url": "https://example.com/a.png?x=1"}},
        ),
        {"role": "assistant", "content": None, "reasoning_content": "Hm.", "tool_calls": [CALL]},
        RESULT,
    ],
    "max_completion_tokens": 9,
    "stop": ["END"],
    "tools": [TOOL, {"googleSearch": {}}],
    "tool_choice": {"type": "function", "function": {"name": "weather"}},
    "reasoning_effort": "xhigh",
    "response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "object"}}},
    "n": 2,
    "top_k": 5,
    "safetySettings": [],
    "generationConfig": {"mediaResolution": "MEDIA_RESOLUTION_LOW"},
}
ALL_OF_GEMINI = {
    "systemInstruction": {"parts": [{"text": "Be brief."}]},
    "contents": [
        {
            "role": "user",
            "parts": [
                {"text": "See"},
                {"inlineData": {"mimeType": "audio/wav", "data": "aGk="}},
                {"fileData": {"fileUri": "https://example.com/a.png?x=1", "mimeType": "image/png"}},
            ],
        },
        {
            "role": "model",
            "parts": [
                {
                    "functionCall": {"id": "call_1", "name": "weather", "args": {"city": "東京"}},
                    "thoughtSignature": "skip_thought_signature_validator",
                }
            ],
        },
        {
            "role": "user",
            "parts": [{"functionResponse": {"id": "call_1", "name": "weather", "response": {"output": "sunny"}}}],
        },
    ],
    "tools": [
        {
            "functionDeclarations": [
                {"name": "weather", "description": "Tells it.", "parametersJsonSchema": {"type": "object"}}
            ]
        },
        {"googleSearch": {}},
    ],
    "toolConfig": {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["weather"]}},
    "generationConfig": {
        "candidateCount": 2,
        "topK": 5,
        "maxOutputTokens": 9,
        "stopSequences": ["END"],
        "responseMimeType": "application/json",
        "responseJsonSchema": {"type": "object"},
        "thinkingConfig": {"includeThoughts": True, "thinkingLevel": "XHIGH"},
        "mediaResolution": "MEDIA_RESOLUTION_LOW",
    },
    "safetySettings": [],
}


def test_gemini_in_full() -> None:
    assert to_generate(CARD, ALL_FOR_GEMINI) == ALL_OF_GEMINI


@pytest.mark.parametrize(("card", "asked", "ceiling"), [
    (CARD, {}, 4096),
    (ModelCard("m", "p", "u", "z", max_output=800), {}, 800),
    (CARD, {"max_tokens": 7}, 7),
    (CARD, {"max_tokens": 7, "max_completion_tokens": 8}, 8),
])  # fmt: skip
def test_anthropic_always_has_a_ceiling(card: ModelCard, asked: Json, ceiling: int) -> None:
    assert to_messages(card, {"messages": HELLO} | asked)["max_tokens"] == ceiling


def test_a_budget_too_small_to_think_in_is_not_sent() -> None:
    card = ModelCard("m", "p", "u", "z", abilities={"effort": False})
    assert "thinking" not in to_messages(card, {"messages": HELLO, "max_tokens": 2000, "reasoning_effort": "high"})


def test_what_counts() -> None:
    body = to_messages(CARD, {"messages": HELLO, "temperature": 1.0, "tools": [TOOL], "tool_choice": "none"})
    assert to_count(body) == {
        "model": "upstream",
        "messages": body["messages"],
        "tools": body["tools"],
        "tool_choice": {"type": "none"},
    }


@both
@pytest.mark.parametrize(("fields", "param"), [
    ({"messages": None}, "messages"),
    ({"messages": []}, "messages"),
    ({"messages": ["x"]}, "messages[0]"),
    ({"messages": [{"role": "robot", "content": "x"}]}, "messages[0]"),
    ({"messages": user({"type": "image_url"})}, "messages[0]"),
    ({"messages": user({"type": "image_url", "image_url": {"url": "ftp://x"}})}, "messages[0].content[0]"),
    ({"messages": user({"type": "file", "file": {"file_id": "x"}})}, "messages[0].content[0]"),
    ({"messages": [{"role": "assistant", "tool_calls": [{"id": "x"}]}]}, "messages[0]"),
    (
        {"messages": [{"role": "assistant", "tool_calls": [{"id": "x", "function": {"name": "f", "arguments": "{"}}]}]},
        "messages[0].tool_calls[0].function.arguments",
    ),
    ({"tools": [{"type": "custom", "custom": {"name": "x"}}]}, "tools[0].type"),
    ({"tools": [TOOL], "tool_choice": "maybe"}, "tool_choice"),
    ({"tools": [TOOL], "tool_choice": {"type": "allowed_tools"}}, "tool_choice"),
    ({"reasoning_effort": "enormous"}, "reasoning_effort"),
])  # fmt: skip
def test_mistakes_name_their_field(translate: Translate, fields: Json, param: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        translate(CARD, {"messages": HELLO} | fields)
    assert caught.value.param == param
    assert param in caught.value.text.en
    assert param in caught.value.text.ja


def test_mistakes_of_one_format() -> None:
    for chat in ({"messages": HELLO, "n": 2}, {"messages": user({"type": "input_audio", "input_audio": {}})}):
        with pytest.raises(InvalidRequest):
            to_messages(CARD, chat)
    for messages in ([RESULT], user({"type": "document"})):
        with pytest.raises(InvalidRequest):
            to_generate(CARD, {"messages": messages})


def test_parts_in_the_vendors_own_shape_go_through() -> None:
    document = {"type": "document", "source": {"type": "url", "url": "https://example.com/a.pdf"}}
    assert to_messages(CARD, {"messages": user(document)})["messages"][0]["content"] == [document]
    video = {"fileData": {"fileUri": "https://example.com/a"}, "videoMetadata": {"fps": 1}}
    assert to_generate(CARD, {"messages": user(video)})["contents"][0]["parts"] == [video]


contents = st.none() | st.integers() | st.text(max_size=5) | st.lists(
    st.dictionaries(st.sampled_from(["type", "text", "image_url", "file"]), st.text(max_size=5) | st.none()), max_size=2
)  # fmt: skip
messages: Any = st.lists(
    st.fixed_dictionaries(
        {"role": st.sampled_from(["system", "user", "assistant", "tool"]), "content": contents},
        optional={"tool_calls": st.lists(st.just(CALL) | st.just({})), "tool_call_id": st.just("call_1")},
    ),
    max_size=4,
)


@both
@given(messages=messages)
def test_no_conversation_breaks_the_translation(translate: Translate, messages: list[Json]) -> None:
    try:
        translate(CARD, {"messages": messages})
    except InvalidRequest as error:
        assert error.param  # noqa: PT017 - either outcome is right
