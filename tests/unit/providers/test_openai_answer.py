from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kyozon.domain.errors import KyozonError, StreamBroken
from kyozon.domain.models import Quirks
from kyozon.providers.openai_answer import StreamReader, answer_from, read_whole

json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["", "<think>", "hm"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["type", "text", "thinking"]), inner),
    max_leaves=4,
)
said = st.dictionaries(st.sampled_from(["content", "reasoning", "reasoning_content", "tool_calls"]), json)
choices = st.lists(st.fixed_dictionaries({}, optional={"delta": said, "message": said | json, "finish_reason": json}))
answers = st.fixed_dictionaries({"choices": choices | json}, optional={"usage": json, "error": json})
quirks = st.builds(
    Quirks,
    think_tags=st.booleans(),
    think_opened=st.booleans(),
    reasoning_field=st.sampled_from(["reasoning_content", "reasoning", "parts"]),
)


def chunk(**delta: Any) -> bytes:
    return msgspec.json.encode({"choices": [{"index": 0, "delta": delta, "finish_reason": None}]})


@given(answers, quirks)
def test_nothing_a_provider_sends_breaks_the_readers_otherwise_than_promised(answer: object, quirks: Quirks) -> None:
    payload = msgspec.json.encode(answer)
    with suppress(KyozonError):
        StreamReader("p", quirks).piece(payload)
    with suppress(KyozonError):
        answer_from(read_whole("p", quirks, payload), payload)


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"7", b'{"choices": 7}', b'{"choices": [7]}'])
def test_what_is_no_chunk_breaks_the_stream(data: bytes) -> None:
    with pytest.raises(StreamBroken):
        StreamReader("p", Quirks()).piece(data)


def test_a_servers_own_reasoning_says_that_the_text_does_not_start_inside_it() -> None:
    reader = StreamReader("p", Quirks(think_tags=True, think_opened=True))
    payloads = [reader.piece(chunk(reasoning_content="hm")).payload, reader.piece(chunk(content="yes")).payload]
    deltas = [msgspec.json.decode(payload)["choices"][0]["delta"] for payload in payloads]
    assert deltas == [{"reasoning_content": "hm"}, {"content": "yes"}]


def test_thinking_that_the_template_opened() -> None:
    reader = StreamReader("p", Quirks(think_tags=True, think_opened=True))
    pieces = [reader.piece(chunk(content=text)) for text in ("hm", "</thi", "nk>\n", "yes", " sir")]
    deltas = [msgspec.json.decode(piece.payload)["choices"][0]["delta"] for piece in pieces]
    assert [delta.get("reasoning_content") for delta in deltas] == ["hm", None, None, None, None]
    assert "".join(delta["content"] for delta in deltas) == "yes sir"
    assert pieces[-1].payload == chunk(content=" sir")


def test_both_names_of_reasoning_are_given() -> None:
    piece = StreamReader("p", Quirks(reasoning_field="reasoning")).piece(chunk(reasoning="hm"))
    assert msgspec.json.decode(piece.payload)["choices"][0]["delta"] == {"reasoning": "hm", "reasoning_content": "hm"}
    assert piece.text == "hm"


def test_the_text_of_all_choices_counts() -> None:
    call = {"function": {"name": "f", "arguments": '{"a":1}'}}
    messages: list[Any] = [
        {"content": "one", "reasoning_content": "hm"},
        {"content": [{"type": "text", "text": "two"}], "tool_calls": [call, None, {"function": 7}]},
        {"content": None, "refusal": "no"},
    ]
    payload = msgspec.json.encode(
        {"choices": [*({"message": message, "finish_reason": "stop"} for message in messages), 7]}
    )
    answer = answer_from(read_whole("p", Quirks(), payload), payload)
    assert (answer.text, answer.finish, answer.payload) == ('hmonetwo{"a":1}', "stop", payload)
