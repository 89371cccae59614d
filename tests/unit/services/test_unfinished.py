"""What can be taken up again of an answer that broke off, and how a model is asked to."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kyozon.domain.requests import Dialect
from kyozon.services.unfinished import GO_ON, SoFar, go_on_from, limited, may_go_on, so_far

ASKED = {"model": "auto", "messages": [{"role": "user", "content": "Say hello."}]}
HEAD = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 7, "model": "m"}


def chunk(delta: Any, **choice: Any) -> bytes:
    return msgspec.json.encode(HEAD | {"choices": [{"index": 0, "delta": delta, "finish_reason": None} | choice]})


def event(kind: str, **fields: Any) -> bytes:
    return msgspec.json.encode({"type": kind, **fields})


def opened(kind: str, index: int = 0, **block: Any) -> bytes:
    return event("content_block_start", index=index, content_block={"type": kind, **block})


def grown(kind: str, index: int = 0, **delta: Any) -> bytes:
    return event("content_block_delta", index=index, delta={"type": kind, **delta})


def closed(index: int = 0) -> bytes:
    return event("content_block_stop", index=index)


ROLE, HELLO = chunk({"role": "assistant", "content": "", "refusal": None}), chunk({"content": "Hello"})
START, WORDS = event("message_start", message={"id": "msg_1"}), grown("text_delta", text="Hello")
THOUGHT = [opened("thinking", thinking="", signature=""), grown("thinking_delta", thinking="Hm."), closed()]


@pytest.mark.parametrize(
    "forbids",
    [
        {"n": 2},
        {"logprobs": True},
        {"response_format": {"type": "json_object"}},
        {"response_format": {"type": "json_schema", "json_schema": {}}},
        {"grammar": "root ::= x"},
        {"guided_json": {"type": "object"}},
    ],
)
def test_what_no_other_model_can_go_on_with(forbids: dict[str, Any]) -> None:
    assert not may_go_on(ASKED | forbids)


@pytest.mark.parametrize(
    "allows",
    [
        {},
        {"n": 1},
        {"n": None, "logprobs": None, "response_format": None},
        {"response_format": {"type": "text"}, "tools": [{}]},
    ],
)
def test_what_another_model_can_go_on_with(allows: dict[str, Any]) -> None:
    assert may_go_on(ASKED | allows)


@given(st.lists(st.text(max_size=5), min_size=1))
def test_the_words_of_chunks(words: list[str]) -> None:
    found = so_far([ROLE, chunk({"reasoning_content": "Hm."}), *(chunk({"content": word}) for word in words)], "openai")
    assert found == (SoFar("".join(words), HEAD) if "".join(words).strip() else None)


def test_a_first_chunk_without_a_head_does_not_name_the_answer() -> None:
    bare = msgspec.json.encode({"id": "", "model": "", "choices": [], "prompt_filter_results": []})
    found = so_far([bare, ROLE, HELLO], "openai")
    assert found is not None
    assert found.head == HEAD


@pytest.mark.parametrize(
    "last",
    [
        chunk({"tool_calls": [{"index": 0, "id": "call_1", "function": {"name": "look"}}]}),
        chunk({"function_call": {"name": "look"}}),
        chunk({"refusal": "I cannot"}),
        chunk({"annotations": [{"type": "url_citation"}]}),
        chunk({"audio": {"data": "AAAA"}}),
        chunk({"content": [{"type": "text", "text": "parts"}]}),
        chunk({"content": "x"}, index=1),
        chunk({}, finish_reason="stop"),
        b'{"choices": 7}',
        b"nonsense",
        b'"\xff"',
    ],
)
def test_more_than_words_is_not_taken_up(last: bytes) -> None:
    assert so_far([ROLE, HELLO], "openai") is not None
    assert so_far([ROLE, HELLO, last], "openai") is None


@pytest.mark.parametrize("dialect", ["openai", "anthropic"])
def test_thoughts_alone_are_no_answer(dialect: Dialect) -> None:
    thought = [ROLE, chunk({"reasoning_content": "Hm."})] if dialect == "openai" else [START, *THOUGHT]
    assert so_far(thought, dialect) is None


@pytest.mark.parametrize(
    ("events", "found"),
    [
        ([opened("text", text=""), WORDS], SoFar("Hello", block=0, open_block="text")),
        ([opened("text", text="He"), grown("text_delta", text="llo")], SoFar("Hello", block=0, open_block="text")),
        ([opened("text", text=""), event("ping"), WORDS, closed()], SoFar("Hello", block=0)),
        ([*THOUGHT, opened("text", 1, text=""), WORDS], SoFar("Hello", block=1, open_block="text")),
        ([opened("text", text=""), WORDS, opened("thinking", 1, thinking="")], None),
        ([opened("text", text=""), WORDS, closed(), opened("tool_use", 1, id="toolu_1", name="look", input={})], None),
        ([opened("text", text=""), WORDS, grown("citations_delta", citation={})], None),
        ([opened("text", text=""), WORDS, closed(), event("message_delta", delta={"stop_reason": "end_turn"})], None),
        ([opened("text", text=""), WORDS, event("brand_new")], None),
        ([opened("text", text=""), WORDS, b'{"type": 7}'], None),
    ],
)
def test_the_words_of_events(events: list[bytes], found: SoFar | None) -> None:
    assert so_far([START, *events], "anthropic") == found


def test_the_rest_is_asked_for_by_a_turn_of_the_user() -> None:
    question = ASKED["messages"][0]
    assert go_on_from(ASKED, "Hel")["messages"] == [
        question,
        {"role": "assistant", "content": "Hel"},
        {"role": "user", "content": GO_ON},
    ]
    assert ASKED["messages"] == [question]


def test_an_answer_that_the_caller_began_is_one_turn() -> None:
    begun = {**ASKED, "messages": [*ASKED["messages"], {"role": "assistant", "content": "Well: ", "name": "x"}]}
    assert go_on_from(begun, "Hel")["messages"][1:] == [
        {"role": "assistant", "content": "Well: Hel", "name": "x"},
        {"role": "user", "content": GO_ON},
    ]


def test_one_ceiling_under_one_name() -> None:
    assert limited(ASKED, None) is ASKED
    assert limited(ASKED | {"max_tokens": 50}, 8) == ASKED | {"max_completion_tokens": 8}
