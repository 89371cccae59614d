"""Estimates grow with the text, are not fooled by what looks like a picture, and survive any JSON."""

import math
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kyozon.metering.estimate import TOKENS_PER_IMAGE, Reranking, chat_tokens, most_tokens, reranking, text_tokens
from tests.fakes.strategies import json_values


@given(st.text(max_size=50), st.text(max_size=50))
def test_more_text_is_never_less(a: str, b: str) -> None:
    assert max(text_tokens(a), text_tokens(b)) <= text_tokens(a + b) <= text_tokens(a) + text_tokens(b)


@given(
    st.text(st.characters(codec=None, exclude_categories=()))
    | st.text("a\u00e9\u07ff\u0800\u2e7f\u2e80\u2fff\u3000\ud800\udfff\U0001f600")
)
@example("".join(map(chr, range(0x2E00, 0x3100))))
@example("".join(map(chr, range(0, 0x110000, 0x3F))))
def test_wide_characters_are_those_from_the_cjk_blocks_on(text: str) -> None:
    wide = sum(ord(character) >= 0x2E80 for character in text)
    assert text_tokens(text) == math.ceil((len(text) - wide) / 4 + 0.85 * wide)


@pytest.mark.parametrize(
    ("text", "tokens"), [("", 0), ("a", 1), ("abcd", 1), ("abcde", 2), ("日本語", 3), ("日本語です", 5)]
)
def test_about_the_usual_count(text: str, tokens: int) -> None:
    assert text_tokens(text) == tokens


def _user(content: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": content}]}


def test_a_picture_counts_once_however_many_bytes_it_has() -> None:
    small = _user([{"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}])
    large = _user([{"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 100_000}}])
    assert chat_tokens(small) == chat_tokens(large) >= TOKENS_PER_IMAGE


def test_text_that_begins_like_a_picture_is_text() -> None:
    assert chat_tokens(_user("data:" + "x" * 100_000)) > 20_000


def test_tools_and_schema_count() -> None:
    tools = [{"type": "function", "function": {"name": "f", "parameters": {"type": ["string", "null"]}}}]
    assert chat_tokens(_user("hi") | {"tools": tools}) > chat_tokens(_user("hi"))
    form = {"type": "json_schema", "json_schema": {"schema": {"type": "object"}}}
    assert chat_tokens(_user("hi") | {"response_format": form}) > chat_tokens(_user("hi"))


def test_deeper_than_the_stack() -> None:
    nested: list[Any] = []
    for _ in range(100_000):
        nested = [nested]
    assert chat_tokens({"messages": nested}) == 0


@given(json_values("type"))
def test_any_json_is_survived(value: Any) -> None:
    assert chat_tokens({"messages": value}) >= 0


def test_a_reranker_reads_the_query_with_each_document() -> None:
    assert reranking("four", ["four", "four" * 3]) == Reranking(tokens=2 + 4, at_once=4, searches=1, parts=2)
    assert reranking("four", []) == Reranking(0, 0, 0, 0)


@pytest.mark.parametrize(
    ("documents", "searches"), [(["x"], 1), (["x"] * 100, 1), (["x"] * 101, 2), (["x" * 4 * 1100] * 50, 2)]
)
def test_searches_are_billed_by_the_hundred_and_long_documents_in_parts(documents: list[str], searches: int) -> None:
    assert reranking("query", documents).searches == searches


@pytest.mark.parametrize(
    ("text", "counted"),
    [
        ("有給休暇の申請は、取得を希望する日の三営業日前までに、所属長に対して書面で行う。" * 3, 210),
        ("B-135 | 補修品35型 | 2295 | 110\n" * 20, 580),
        ("12345 67890 " * 30, 360),
        ("Employees must request paid leave at least three business days before. " * 4, 50),
    ],
)
def test_no_small_tokenizer_makes_many_more_of_it(text: str, counted: int) -> None:
    assert counted * 0.95 <= most_tokens(text) <= counted * 1.5
