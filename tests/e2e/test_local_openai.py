"""The local model through the official openai SDK."""

import base64
import json
import math
from array import array
from typing import Any

import openai
import pytest

from tests.e2e.installation import RunningKyozon

LOCAL = "smollm2-135m-instruct"
TOOLS: Any = [
    {
        "type": "function",
        "function": {
            "name": "get_weather",
            "parameters": {
                "type": "object",
                "properties": {
                    "city": {"type": "string", "enum": ["Osaka", "Tokyo"]},
                    "unit": {"type": "string", "enum": ["C", "F"]},
                },
                "required": ["city", "unit"],
                "additionalProperties": False,
            },
        },
    }
]


@pytest.fixture(scope="module")
def client(kyozon: RunningKyozon, key: str) -> openai.OpenAI:
    return kyozon.openai(key)


def _said(text: str) -> Any:
    return [{"role": "user", "content": text}]


def test_a_stream_ends_with_its_usage(client: openai.OpenAI) -> None:
    chunks = list(
        client.chat.completions.create(
            model=LOCAL,
            messages=_said("Say hello."),
            stream=True,
            max_completion_tokens=20,
            stream_options={"include_usage": True},
        )
    )
    words = [chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices]
    assert "".join(words).strip()
    assert chunks[-1].choices == []
    assert chunks[-1].usage is not None
    assert 0 < chunks[-1].usage.completion_tokens <= 20


def test_usage_is_not_streamed_to_who_did_not_ask(client: openai.OpenAI) -> None:
    chunks = list(client.chat.completions.create(model=LOCAL, messages=_said("Hi"), stream=True, max_completion_tokens=5))
    assert all(chunk.choices for chunk in chunks)


def test_a_schema_is_enforced(client: openai.OpenAI) -> None:
    schema = {
        "type": "object",
        "properties": {
            "name": {"type": "string", "enum": ["Aiko", "Ben"]},
            "age": {"type": "integer", "minimum": 0, "maximum": 120},
        },
        "required": ["name", "age"],
        "additionalProperties": False,
    }
    answer = client.chat.completions.create(
        model=LOCAL,
        messages=_said("Describe a person."),
        response_format={"type": "json_schema", "json_schema": {"name": "person", "schema": schema, "strict": True}},
        max_completion_tokens=100,
    )
    found = json.loads(answer.choices[0].message.content or "")
    assert set(found) == {"name", "age"}
    assert found["name"] in ("Aiko", "Ben")
    assert isinstance(found["age"], int)


@pytest.mark.parametrize("stream", [False, True])
def test_a_required_tool_is_called_with_arguments_of_its_schema(client: openai.OpenAI, *, stream: bool) -> None:
    request: Any = {
        "model": LOCAL,
        "messages": _said("What is the weather in Osaka?"),
        "tools": TOOLS,
        "tool_choice": "required",
        "parallel_tool_calls": False,
        "max_completion_tokens": 120,
    }
    if stream:
        with client.chat.completions.stream(**request) as events:
            message: Any = events.get_final_completion().choices[0].message
    else:
        message = client.chat.completions.create(**request).choices[0].message
    (call,) = message.tool_calls
    assert call.function.name == "get_weather"
    arguments = json.loads(call.function.arguments)
    assert arguments["city"] in ("Osaka", "Tokyo")
    assert arguments["unit"] in ("C", "F")


def test_a_tools_result_goes_back_in(client: openai.OpenAI) -> None:
    call: Any = {"id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": '{"city":"Osaka"}'}}
    messages: Any = [
        *_said("Weather in Osaka?"),
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": "sunny, 20 C"},
    ]
    answer = client.chat.completions.create(
        model=LOCAL, messages=messages, tools=TOOLS, tool_choice="none", max_completion_tokens=30
    )
    assert answer.choices[0].message.content


def test_choices_stops_seeds_and_log_probabilities(client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(
        model=LOCAL, messages=_said("Count: one, two,"), n=2, max_completion_tokens=8, logprobs=True, top_logprobs=2
    )
    assert [choice.index for choice in answer.choices] == [0, 1]
    logprobs = answer.choices[0].logprobs
    assert logprobs is not None
    assert logprobs.content
    assert logprobs.content[0].logprob <= 0

    seeded = [
        client.chat.completions.create(
            model=LOCAL, messages=_said("A word:"), seed=7, temperature=1.5, max_completion_tokens=8
        )
        for _ in range(2)
    ]
    assert seeded[0].choices[0].message.content == seeded[1].choices[0].message.content

    stopped = client.chat.completions.create(
        model=LOCAL, messages=_said("Write: a b c d"), stop=["e"], max_completion_tokens=40, temperature=0
    )
    assert "e" not in (stopped.choices[0].message.content or "")


def test_auto_with_confidential_words_stays_on_this_machine(client: openai.OpenAI) -> None:
    raw = client.chat.completions.with_raw_response.create(
        model="auto",
        messages=_said("Hello"),
        max_completion_tokens=5,
        extra_headers={"x-kyozon-label": "confidential"},
    )
    assert raw.headers["x-kyozon-model"] == LOCAL
    assert raw.headers["x-request-id"].startswith("req_")
    assert raw.parse().usage is not None


@pytest.mark.parametrize("encoding", [None, "float", "base64"])
def test_embeddings_of_two_languages_make_sense(client: openai.OpenAI, encoding: Any) -> None:
    texts = ["休暇の申請方法", "How to apply for leave", "The printer is out of paper"]
    options: Any = {} if encoding is None else {"encoding_format": encoding}
    answer = client.embeddings.create(model="multilingual-e5-small", input=texts, **options)
    if encoding == "base64":  # the SDK leaves what was asked for as it came
        for item in answer.data:
            item.embedding = list(array("f", base64.b64decode(str(item.embedding))))
    same, other = (_cosine(answer.data[0].embedding, answer.data[place].embedding) for place in (1, 2))
    assert len(answer.data[0].embedding) == 384
    assert same > other
    assert answer.usage.prompt_tokens > 0


def test_models_are_listed_and_retrieved(client: openai.OpenAI) -> None:
    names = [model.id for model in client.models.list()]
    assert {"auto", LOCAL, "multilingual-e5-small", "rented-gpt"} <= set(names)
    assert client.models.retrieve("rented-gpt").owned_by == "openai"
    with pytest.raises(openai.NotFoundError) as missing:
        client.models.retrieve("no-such-model")
    assert missing.value.request_id


def _cosine(a: list[float], b: list[float]) -> float:
    return sum(x * y for x, y in zip(a, b, strict=True)) / (math.hypot(*a) * math.hypot(*b))
