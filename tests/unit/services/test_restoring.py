from collections.abc import AsyncIterator, Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kyozon.http.anthropic_answer import MessageEvents
from kyozon.ports.provider import Answer, Piece
from kyozon.services.restoring import Restoring, restoring

VALUES = {"[PERSON_1]": "山田", "[SECRET_1]": 'a"b\\c\nd'}
WORDS = "Dear [PERSON_1], your key is [SECRET_1]. [PERSON_1"
ARGUMENTS = '{"to":"[PERSON_1]","key":"[SECRET_1]"}'
PLAIN = 'Dear 山田, your key is a"b\\c\nd. [PERSON_1'
DECODED = {"to": "山田", "key": 'a"b\\c\nd'}


def chunk(delta: dict[str, Any], finish: str | None = None, index: int = 0) -> Piece:
    choice = {"index": index, "delta": delta, "finish_reason": finish}
    return Piece(msgspec.json.encode({"id": "c", "object": "chat.completion.chunk", "model": "m", "choices": [choice]}))


def cut(words: str, sizes: Sequence[int]) -> list[str]:
    """The words in pieces of these sizes, and the rest."""
    pieces, at = [], 0
    for size in sizes:
        pieces.append(words[at : at + size])
        at += size
    return [piece for piece in [*pieces, words[at:]] if piece]


async def played(pieces: Sequence[Piece]) -> AsyncIterator[Piece]:
    for piece in pieces:
        yield piece


async def restored(pieces: Sequence[Piece], dialect: Any = "openai", *, in_json: bool = False) -> list[dict[str, Any]]:
    stream = Restoring(VALUES, in_json=in_json).stream(played(pieces), dialect)
    return [msgspec.json.decode(piece.payload) async for piece in stream]


def joined(chunks: list[dict[str, Any]], index: int = 0) -> dict[str, str]:
    """What the deltas of one choice say together."""
    found: dict[str, str] = {}
    for one in chunks:
        for choice in one.get("choices", []):
            if choice["index"] != index:
                continue
            for name, value in choice["delta"].items():
                words = value if isinstance(value, str) else "".join(c["function"].get("arguments", "") for c in value)
                found[name] = found.get(name, "") + words
    return found


SIZES = st.lists(st.integers(1, 9), max_size=40)


@given(SIZES, SIZES)
async def test_a_stream_of_chunks_says_the_values_however_it_is_cut(sizes: list[int], others: list[int]) -> None:
    words = [chunk({"content": piece}) for piece in cut(WORDS, sizes)]
    thoughts = [chunk({"reasoning_content": piece}) for piece in cut(WORDS, others)]
    calls = [chunk({"tool_calls": [{"index": 0, "function": {"arguments": p}}]}) for p in cut(ARGUMENTS, sizes)]
    found = joined(await restored([*thoughts, *words, *calls, chunk({}, "tool_calls")]))

    assert found["content"] == found["reasoning_content"] == PLAIN
    assert msgspec.json.decode(found["tool_calls"]) == DECODED


@given(SIZES)
async def test_choices_and_calls_do_not_mix(sizes: list[int]) -> None:
    pairs = zip(cut(WORDS, sizes), cut(WORDS, sizes), strict=True)
    pieces = [chunk({"content": piece}, index=index) for pair in pairs for index, piece in enumerate(pair)]
    found = await restored([*pieces, chunk({}, "stop", index=1)])

    assert [joined(found, index)["content"] for index in (0, 1)] == [PLAIN, PLAIN]


@given(SIZES)
async def test_the_events_of_a_message_say_the_values(sizes: list[int]) -> None:
    writer = MessageEvents("msg_1", "m", 5)
    events = writer.start()
    for name, words in (("reasoning_content", WORDS), ("content", WORDS)):
        for piece in cut(words, sizes):
            events += writer.feed(chunk({name: piece}).payload)
    for piece in cut(ARGUMENTS, sizes):
        call = {"index": 0, "id": "call_1", "function": {"name": "send", "arguments": piece}}
        events += writer.feed(chunk({"tool_calls": [call]}).payload)
    events += writer.finish()
    found = await restored([Piece(payload, name) for name, payload in events], "anthropic")

    said = dict.fromkeys(("text", "thinking", "partial_json"), "")
    for event in found:
        for name in said:
            said[name] += event.get("delta", {}).get(name, "")
    assert said["text"] == said["thinking"] == PLAIN
    assert msgspec.json.decode(said["partial_json"]) == DECODED
    assert [event["type"] for event in found].count("content_block_stop") == 3


async def test_a_stream_that_ends_without_a_finish_loses_nothing() -> None:
    found = await restored([chunk({"content": "[PERSON_1] and [PER"})])
    assert joined(found)["content"] == "山田 and [PER"


async def test_what_is_held_back_comes_before_the_end() -> None:
    found = await restored([chunk({"content": "[PERSON"}), chunk({"content": "_1]"}), chunk({}, "stop")])
    assert [one["choices"][0]["delta"] for one in found] == [{"content": ""}, {"content": "山田"}, {}]
    late = await restored([chunk({"content": "[PERSON"}), chunk({}, "length")])
    assert late[-1]["choices"][0]["delta"] == {"content": "[PERSON"}


def test_a_whole_answer_says_the_values() -> None:
    call = {"id": "[PERSON_1]", "function": {"name": "send", "arguments": ARGUMENTS}}
    message = {"role": "assistant", "content": WORDS, "reasoning_content": WORDS, "tool_calls": [call]}
    answer = Answer(msgspec.json.encode({"id": "c", "choices": [{"message": message}]}), None)
    found = msgspec.json.decode(Restoring(VALUES, in_json=False).answer(answer).payload)["choices"][0]["message"]

    assert found["content"] == found["reasoning_content"] == PLAIN
    assert msgspec.json.decode(found["tool_calls"][0]["function"]["arguments"]) == DECODED
    assert found["tool_calls"][0]["id"] == "[PERSON_1]"


def test_no_name_keeps_the_input_of_a_tool_from_being_restored() -> None:
    given_to = {"id": "[PERSON_1]", "data": ["[SECRET_1]"], "nested": {"type": "[PERSON_1]"}}
    block = {"type": "tool_use", "id": "[PERSON_1]", "input": given_to}
    answer = Answer(msgspec.json.encode({"content": [block]}), None, "", None)
    found = msgspec.json.decode(Restoring(VALUES, in_json=False).answer(answer).payload)["content"][0]
    assert found["input"] == {"id": "山田", "data": ['a"b\\c\nd'], "nested": {"type": "山田"}}
    assert found["id"] == "[PERSON_1]"


def test_the_input_of_a_tool_is_no_json_in_a_string() -> None:
    block = {"type": "tool_use", "id": "t", "name": "send", "input": {"key": "[SECRET_1]"}}
    answer = Answer(msgspec.json.encode({"type": "message", "content": [block]}), None)
    found = msgspec.json.decode(Restoring(VALUES, in_json=False).answer(answer).payload)
    assert found["content"][0]["input"]["key"] == DECODED["key"]


@pytest.mark.parametrize("form", [{"type": "json_object"}, {"type": "json_schema", "json_schema": {}}])
def test_an_answer_in_json_stays_json(form: dict[str, Any]) -> None:
    answer = Answer(msgspec.json.encode({"choices": [{"message": {"content": ARGUMENTS}}]}), None)
    found = restoring(VALUES, {"response_format": form}).answer(answer)
    content = msgspec.json.decode(found.payload)["choices"][0]["message"]["content"]
    assert msgspec.json.decode(content) == DECODED
