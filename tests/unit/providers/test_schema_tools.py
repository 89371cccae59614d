from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from kyozon.domain.errors import InvalidRequest
from kyozon.domain.requests import Json
from kyozon.providers.schema_answers import chunks, interpret
from kyozon.providers.schema_tools import applies, constrain


def tool(name: str, **function: Any) -> Json:
    return {"type": "function", "function": {"name": name, **function}}


CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
WEATHER = tool("weather", description="Weather of a city", parameters=CITY)
NOW = tool("now")
QUESTION = [{"role": "user", "content": "Weather?"}]
NAMED_NOW = {"type": "function", "function": {"name": "now"}}


def chat(**fields: Any) -> Json:
    return {"model": "m", "messages": QUESTION, "tools": [WEATHER, NOW], "x_new": 1, **fields}


def schema(body: Json) -> Json:
    found: Json = body["response_format"]["json_schema"]["schema"]
    return found


def names(calls: Json) -> list[str]:
    items = calls["properties"]["calls"]["items"]
    return [one["properties"]["name"]["const"] for one in items.get("anyOf", [items])]


def completion(content: str | None, finish: str = "stop") -> Json:
    message = {"role": "assistant", "content": content, "refusal": None}
    return {
        "id": "chatcmpl-abc",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [{"index": 0, "message": message, "finish_reason": finish, "logprobs": None}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
    }


def test_auto_allows_a_reply_or_calls() -> None:
    body = constrain(chat())
    reply, calls = schema(body)["anyOf"]
    assert reply["properties"] == {"reply": {"type": "string"}}
    assert names(calls) == ["weather", "now"]
    assert calls["properties"]["calls"]["maxItems"] > 1
    assert body.keys() == {"model", "messages", "x_new", "response_format"}
    instruction = body["messages"][0]
    assert instruction["role"] == "system"
    assert "weather: Weather of a city" in instruction["content"]
    assert body["messages"][1:] == QUESTION


@pytest.mark.parametrize(
    ("choice", "expected", "most"),
    [
        ("required", ["weather", "now"], 4),
        (NAMED_NOW, ["now"], 1),
        ({"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": [NAMED_NOW]}}, ["now"], 4),
    ],
)
def test_a_forced_choice_allows_calls_only(choice: object, expected: list[str], most: int) -> None:
    calls = schema(constrain(chat(tool_choice=choice)))
    assert names(calls) == expected
    assert calls["properties"]["calls"]["maxItems"] == most
    assert calls["properties"]["calls"]["minItems"] == 1


def test_no_parallel_calls_is_one_call() -> None:
    calls = schema(constrain(chat(tool_choice="required", parallel_tool_calls=False)))
    assert calls["properties"]["calls"]["maxItems"] == 1


@pytest.mark.parametrize("fields", [{"tool_choice": "none"}, {"tools": []}, {"tools": None}])
def test_without_tools_to_call_nothing_is_constrained(fields: Json) -> None:
    asked = chat(**fields)
    assert not applies(asked)
    assert constrain(asked) == {"model": "m", "messages": QUESTION, "x_new": 1}


def test_a_reply_has_the_form_that_the_caller_asked_for() -> None:
    form = {"type": "json_schema", "json_schema": {"name": "x", "schema": CITY}}
    assert schema(constrain(chat(response_format=form)))["anyOf"][0]["properties"]["reply"] == CITY
    answer = interpret(completion('{"reply": {"city": "Kyoto"}}'))
    assert answer["choices"][0]["message"]["content"] == '{"city":"Kyoto"}'


def test_references_of_several_tools_do_not_meet() -> None:
    def with_place(properties: Json) -> Json:
        return {
            "type": "object",
            "properties": {"place": {"$ref": "#/$defs/Place"}},
            "$defs": {"Place": {"type": "object", "properties": properties}},
        }

    one, two = with_place({"lat": {"type": "number"}}), with_place({"zip": {"type": "string"}})
    found = schema(constrain(chat(tools=[tool("a", parameters=one), tool("b", parameters=two), NOW])))
    first, second, third = found["anyOf"][1]["properties"]["calls"]["items"]["anyOf"]
    assert (first["properties"]["arguments"], second["properties"]["arguments"]) == (
        {"$ref": "#/$defs/tool0"},
        {"$ref": "#/$defs/tool1"},
    )
    assert third["properties"]["arguments"]["properties"] == {}
    assert found["$defs"]["tool1"]["properties"]["place"] == {"$ref": "#/$defs/tool1/$defs/Place"}
    assert found["$defs"]["tool1"]["$defs"]["Place"]["properties"] == {"zip": {"type": "string"}}


def test_patterns_that_the_engine_refuses_are_left_out() -> None:
    loose, bound = {"type": "string", "pattern": "[a-z]"}, {"type": "string", "pattern": "^[a-z]$"}
    parameters = {"type": "object", "properties": {"pattern": loose, "bound": bound}}
    calls = schema(constrain(chat(tools=[tool("a", parameters=parameters)], tool_choice="required")))
    arguments = calls["properties"]["calls"]["items"]["properties"]["arguments"]
    assert arguments["properties"] == {"pattern": {"type": "string"}, "bound": bound}


def test_history_is_told_as_text() -> None:
    calls = [{"id": f"call_{n}", **tool("weather", arguments=f'{{"city":"{n}"}}')} for n in ("a", "b")]
    messages = [
        {"role": "system", "content": "Be brief."},
        *QUESTION,
        {"role": "assistant", "content": "Let me look.", "tool_calls": calls},
        {"role": "tool", "tool_call_id": "call_a", "content": "sunny"},
        {"role": "tool", "tool_call_id": "call_b", "content": [{"type": "text", "text": "rain"}]},
    ]
    first, _, said, results = constrain(chat(messages=messages))["messages"]
    assert first["content"].startswith("Be brief.\n\nYou can call these tools:")
    assert said["content"] == 'Let me look.\nI called weather with {"city":"a"}.\nI called weather with {"city":"b"}.'
    assert said.keys() == {"role", "content"}
    assert results == {"role": "user", "content": "Result of weather: sunny\nResult of weather: rain"}


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"tool_choice": {"type": "function", "function": {"name": "other"}}}, "tool_choice"),
        ({"tools": [{"type": "custom", "custom": {"name": "x"}}]}, "tools"),
        ({"tools": ["weather"]}, "tools"),
    ],
)
def test_what_cannot_be_called_is_refused(fields: Json, param: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        constrain(chat(**fields))
    assert caught.value.param == param


def test_calls_are_read_back_each_once() -> None:
    call = {"name": "weather", "arguments": {"city": "共存"}}
    answer = interpret(completion(msgspec.json.encode({"calls": [call, call, {"name": "now", "arguments": {}}]}).decode()))
    choice = ChatCompletion.model_validate(answer).choices[0]
    assert choice.finish_reason == "tool_calls"
    assert choice.message.content is None
    found = [(c.id, c.function.name, c.function.arguments) for c in choice.message.tool_calls or [] if c.type == "function"]
    assert found == [("call_chatcmplabc_0_0", "weather", '{"city":"共存"}'), ("call_chatcmplabc_0_1", "now", "{}")]


@pytest.mark.parametrize(
    ("content", "text", "calls"),
    [
        ('{"reply": "done"}', "done", 0),
        ('{ "reply" : "half a sen', "half a sen", 0),
        ('{"reply": "a \\ud83d\\ude', "a ", 0),
        ('{"reply": "a quote: \\', "a quote: ", 0),
        ('{"calls": [{"name": "now", "arguments": {}}, {"name": "we', None, 1),
        ('{"calls": [{"name": "we', "", 0),
        ("not asked for", "not asked for", 0),
        ("", "", 0),
        ("{", "{", 0),
    ],
)
def test_answers_are_read_as_far_as_they_go(content: str, text: str | None, calls: int) -> None:
    choice = interpret(completion(content, finish="length"))["choices"][0]
    assert choice["message"]["content"] == text
    assert len(choice["message"].get("tool_calls", [])) == calls
    assert choice["finish_reason"] == "length"


@given(st.text(), st.integers(0, 200))
def test_a_reply_cut_anywhere_is_a_beginning_of_it(reply: str, place: int) -> None:
    whole = msgspec.json.encode({"reply": reply}).decode()
    content = interpret(completion(whole[:place], finish="length"))["choices"][0]["message"]["content"]
    assert reply.startswith(content) or content == whole[:place]


@pytest.mark.parametrize("content", ['{"reply": "done"}', '{"calls": [{"name": "now", "arguments": {"a": 1}}]}'])
def test_chunks_say_what_the_completion_says(content: str) -> None:
    whole = interpret(completion(content))
    whole["choices"][0]["message"]["reasoning_content"] = "hm"
    parts = list(chunks(whole))
    for part in parts:
        ChatCompletionChunk.model_validate(part)
    deltas = [choice["delta"] for part in parts for choice in part["choices"]]
    assert deltas[0]["role"] == "assistant"
    assert "".join(delta.get("reasoning_content", "") for delta in deltas) == "hm"
    assert "".join(delta.get("content") or "" for delta in deltas) == (whole["choices"][0]["message"]["content"] or "")
    made = [call for delta in deltas for call in delta.get("tool_calls", [])]
    assert "".join(call["function"]["arguments"] for call in made) == ('{"a":1}' if "calls" in content else "")
    assert (parts[-1]["choices"], parts[-1]["usage"]) == ([], whole["usage"])
    assert parts[-2]["choices"][0]["finish_reason"] == whole["choices"][0]["finish_reason"]
