"""What an answer says is found in both dialects, whole and streamed; and whether it has the form that was asked for."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kyozon.domain.requests import Dialect
from kyozon.domain.usage import Usage
from kyozon.ports.provider import Answer, Piece
from kyozon.services.spoken import has_form, of_answer, of_stream
from tests.fakes.strategies import json_values

USAGE = Usage(uncached=3, output=4)


def whole(body: dict[str, Any], dialect: Dialect = "openai") -> str | None:
    return of_answer(Answer(msgspec.json.encode(body), USAGE, "said", "stop"), dialect).words


def message(**fields: Any) -> dict[str, Any]:
    return {"choices": [{"message": {"role": "assistant", **fields}}]}


@pytest.mark.parametrize(
    ("body", "dialect", "words"),
    [
        (message(content="six"), "openai", "six"),
        (message(content=""), "openai", ""),
        (message(content=None), "openai", ""),
        (message(content=[{"type": "thinking"}, {"type": "text", "text": "six"}]), "openai", "six"),
        (message(content="six", reasoning_content="well"), "openai", "six"),
        (message(content=None, tool_calls=[{"id": "call_1"}]), "openai", None),
        (message(content=None, refusal="no"), "openai", None),
        ({"content": [{"type": "thinking", "thinking": "well"}, {"type": "text", "text": "six"}]}, "anthropic", "six"),
        ({"content": [{"type": "text", "text": "six"}, {"type": "tool_use"}]}, "anthropic", None),
        ({"choices": "nonsense"}, "openai", None),
    ],
)
def test_a_whole_answer(body: dict[str, Any], dialect: Dialect, words: str | None) -> None:
    assert whole(body, dialect) == words


def test_what_is_no_json_says_nothing_to_judge() -> None:
    assert of_answer(Answer(b"<html>", None), "openai").words is None


def test_streams_say_the_same() -> None:
    chunks: list[dict[str, Any]] = [
        {"choices": [{"delta": {"role": "assistant", "content": ""}}]},
        {"choices": [{"delta": {"content": "si"}}]},
    ]
    chunks += [{"choices": [{"delta": {"content": "x"}, "finish_reason": "stop"}]}, {"choices": [], "usage": {}}]
    pieces = [Piece(msgspec.json.encode(chunk), text="si", usage=USAGE, finish="stop") for chunk in chunks]
    found = of_stream(pieces, "openai")
    assert (found.words, found.ending.usage, found.ending.finish, found.ending.status) == ("six", USAGE, "stop", "answered")
    events: list[dict[str, Any]] = [
        {"type": "message_start", "message": {"content": []}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": "s"}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "ix"}},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}},
    ]
    assert of_stream([Piece(msgspec.json.encode(event)) for event in events], "anthropic").words == "six"


SCHEMA = {
    "type": "object",
    "required": ["total"],
    "properties": {"total": {"type": "integer"}, "unit": {"enum": ["kg", "t"]}, "parts": {"items": {"type": "number"}}},
}


@pytest.mark.parametrize(
    ("words", "met"),
    [
        ('{"total": 6}', True),
        ('{"total": 6.0, "unit": "kg", "parts": [1, 2.5], "more": null}', True),
        ('{"total": 6.5}', False),
        ('{"total": true}', False),
        ('{"total": "6"}', False),
        ('{"unit": "kg"}', False),
        ('{"total": 6, "unit": "lb"}', False),
        ('{"total": 6, "parts": [1, "2"]}', False),
        ("[6]", False),
        ("The total is 6.", False),
        ("", False),
    ],
)
def test_the_form_that_was_asked_for(words: str, *, met: bool) -> None:
    asked = {"response_format": {"type": "json_schema", "json_schema": {"name": "sum", "schema": SCHEMA}}}
    assert has_form(asked, words) == met
    assert has_form({}, words)
    assert has_form({"response_format": {"type": "text"}}, words)


JSON = json_values("type", "properties", "required", "enum", "items", "schema", "total")


@given(JSON, JSON, JSON)
def test_any_form_and_any_answer_are_survived(schema: Any, form: Any, words: Any) -> None:
    said = msgspec.json.encode(words).decode()
    assert has_form({"response_format": form}, said) in (True, False)
    asked = {"response_format": {"type": "json_schema", "json_schema": {"schema": schema}}}
    assert has_form(asked, said) in (True, False)
    deep = "[" * 5000 + "]" * 5000
    assert has_form(asked, deep) in (True, False)


PARTS = st.fixed_dictionaries({"type": st.sampled_from(["text", "thinking"])}, optional={"text": JSON}) | JSON


@given(JSON | st.lists(PARTS, max_size=2), st.sampled_from(["message", "delta"]))
def test_any_payload_is_survived(content: Any, name: str) -> None:
    assert isinstance(whole({"choices": [{name: {"content": content}}]}), str | None)
    assert isinstance(whole({"content": content, "delta": content}, "anthropic"), str | None)


def test_any_object_is_one() -> None:
    asked = {"response_format": {"type": "json_object"}}
    assert has_form(asked, "{}")
    assert not has_form(asked, "6")
