"""Chat completions as messages, chunks as events."""

from itertools import groupby
from typing import Any

import msgspec
import pytest
from anthropic.types import Message, RawMessageStreamEvent
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from kyozon.domain.requests import Json
from kyozon.http.anthropic_answer import MessageEvents, to_message

_EVENT: TypeAdapter[Any] = TypeAdapter(RawMessageStreamEvent)
USAGE = {
    "prompt_tokens": 131,
    "completion_tokens": 7,
    "prompt_tokens_details": {"cached_tokens": 100, "cache_write_tokens": 20},
    "completion_tokens_details": {"reasoning_tokens": 3},
}


def completion(message: Json, **choice: Any) -> Json:
    whole = {"index": 0, "message": {"role": "assistant", "content": None} | message, "finish_reason": "stop"} | choice
    return {"id": "chatcmpl-1", "model": "m", "choices": [whole], "usage": USAGE}


def call(arguments: str) -> Json:
    return {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": arguments}}


def test_a_whole_answer() -> None:
    said = {"reasoning_content": "Hm.", "content": "Hello.", "tool_calls": [call('{"city":"東京"}')]}
    message = to_message(completion(said, finish_reason="tool_calls"))
    Message.model_validate(message)
    assert message == {
        "id": "chatcmpl-1",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": [
            {"type": "thinking", "thinking": "Hm.", "signature": ""},
            {"type": "text", "text": "Hello."},
            {"type": "tool_use", "id": "call_1", "name": "weather", "input": {"city": "東京"}},
        ],
        "stop_reason": "tool_use",
        "stop_sequence": None,
        "stop_details": None,
        "usage": {
            "input_tokens": 11,
            "cache_read_input_tokens": 100,
            "cache_creation_input_tokens": 20,
            "output_tokens": 7,
            "output_tokens_details": {"thinking_tokens": 3},
        },
    }


def test_a_signature_is_kept() -> None:
    thoughts = [{"type": "thinking", "thinking": "Hm.", "signature": "c2ln"}]
    said = {"reasoning_content": "Hm.", "content": "x", "extra_content": {"anthropic": {"thinking": thoughts}}}
    assert to_message(completion(said))["content"][0] == thoughts[0]


@pytest.mark.parametrize(("choice", "reason", "sequence"), [
    ({"finish_reason": "stop"}, "end_turn", None),
    ({"finish_reason": "length"}, "max_tokens", None),
    ({"finish_reason": "content_filter"}, "refusal", None),
    ({"finish_reason": "brand_new"}, "end_turn", None),
    ({"finish_reason": None}, "end_turn", None),
    ({"finish_reason": "stop", "stop_reason": "END"}, "stop_sequence", "END"),
    ({"finish_reason": "stop", "stop_reason": 151645}, "end_turn", None),
])  # fmt: skip
def test_stop_reasons(choice: Json, reason: str, sequence: str | None) -> None:
    message = to_message(completion({"content": "x"}, **choice))
    assert (message["stop_reason"], message["stop_sequence"]) == (reason, sequence)


def test_what_models_get_wrong() -> None:
    broken = to_message(completion({"tool_calls": [call('{"city":')]}))
    assert broken["stop_reason"] == "tool_use"
    assert broken["content"][0]["input"] == {"arguments": '{"city":'}
    assert to_message(completion({"refusal": "No."}))["content"] == [{"type": "text", "text": "No."}]
    assert to_message(completion({}) | {"usage": None})["usage"]["input_tokens"] == 0


def played(deltas: list[Json], **choice: Any) -> list[Json]:
    """All events of an answer that consists of `deltas`, decoded; each must fit the package's types."""
    writer = MessageEvents("msg_1", "m", 5)
    events = writer.start()
    for delta in deltas:
        events += writer.feed(msgspec.json.encode({"choices": [{"index": 0, "delta": delta, "finish_reason": None}]}))
    events += writer.feed(msgspec.json.encode({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"} | choice]}))
    events += writer.feed(msgspec.json.encode({"choices": [], "usage": USAGE}))
    events += writer.finish()
    decoded: list[Json] = []
    for name, payload in events:
        _EVENT.validate_json(payload)
        decoded.append(msgspec.json.decode(payload))
        assert decoded[-1]["type"] == name
    return decoded


def blocks_of(events: list[Json]) -> list[tuple[Json, str]]:
    """Each block with all its deltas joined, having checked that blocks follow one another and match their deltas."""
    kinds = [event["type"] for event in events]
    assert kinds[0] == "message_start"
    assert kinds[-2:] == ["message_delta", "message_stop"]
    blocks: list[tuple[Json, str]] = []
    for index, group in groupby(events[1:-2], key=lambda event: event["index"]):
        opened, *deltas, closed = group
        assert index == len(blocks)
        assert (opened["type"], closed["type"]) == ("content_block_start", "content_block_stop")
        wanted = {"thinking": "thinking", "text": "text", "tool_use": "partial_json"}[opened["content_block"]["type"]]
        blocks.append((opened["content_block"], "".join(event["delta"][wanted] for event in deltas)))
    return blocks


def test_streamed_answer() -> None:
    events = played([
        {"role": "assistant", "content": ""},
        {"reasoning_content": "Hm"},
        {"reasoning_content": "."},
        {"content": "Hel"},
        {"content": "lo."},
    ])  # fmt: skip
    assert blocks_of(events) == [
        ({"type": "thinking", "thinking": "", "signature": ""}, "Hm."),
        ({"type": "text", "text": ""}, "Hello."),
    ]
    assert events[0]["message"]["usage"] == {"input_tokens": 5, "output_tokens": 0}
    assert events[-2]["delta"] == {"stop_reason": "end_turn", "stop_sequence": None, "stop_details": None}
    assert events[-2]["usage"]["input_tokens"] == 11


def test_an_empty_answer_and_a_broken_one() -> None:
    assert [event["type"] for event in played([])] == ["message_start", "message_delta", "message_stop"]
    [(name, payload)] = MessageEvents("msg_1", "m", 5).error("overloaded_error", "later")
    assert name == "error"
    assert msgspec.json.decode(payload) == {
        "type": "error",
        "error": {"type": "overloaded_error", "message": "later"},
    }


def test_only_the_first_choice_is_told() -> None:
    writer = MessageEvents("msg_1", "m", 5)
    assert writer.feed(b'{"choices":[{"index":1,"delta":{"content":"x"}}]}') == []


@pytest.mark.parametrize(("block", "opened", "kinds"), [
    (1, "text", ["content_block_delta"]),
    (1, None, ["content_block_start", "content_block_delta"]),
    (-1, None, ["content_block_start", "content_block_delta"]),
])  # fmt: skip
def test_a_message_that_began_elsewhere(block: int, opened: str | None, kinds: list[str]) -> None:
    writer = MessageEvents.resumed(block, opened)
    text = writer.feed(b'{"choices":[{"index":0,"delta":{"content":"x"}}]}')
    tool = writer.feed(
        msgspec.json.encode({"choices": [{"index": 0, "delta": {"tool_calls": [{**call("{}"), "index": 0}]}}]})
    )
    ended = writer.finish()
    place = block if opened else block + 1
    assert [name for name, _ in text] == kinds
    assert {msgspec.json.decode(payload)["index"] for _, payload in text} == {place}
    assert [(name, msgspec.json.decode(payload).get("index")) for name, payload in [*tool, *ended]] == [
        ("content_block_stop", place),
        ("content_block_start", place + 1),
        ("content_block_delta", place + 1),
        ("content_block_stop", place + 1),
        ("message_delta", None),
        ("message_stop", None),
    ]


def test_calls_that_wait_come_before_what_follows_them() -> None:
    heads = [{"index": index, "id": f"call_{index}", "function": {"name": "now"}} for index in range(2)]
    blocks = blocks_of(played([{"tool_calls": heads}, {"content": "Done."}]))
    assert [block.get("id", text) for block, text in blocks] == ["call_0", "call_1", "Done."]


said = st.lists(
    st.tuples(st.sampled_from(["reasoning_content", "content", "refusal"]), st.text(max_size=5)).map(
        lambda pair: {pair[0]: pair[1]}
    ),
    max_size=6,
)
arguments = st.dictionaries(st.text(max_size=4), st.text(max_size=4) | st.integers() | st.just({"deep": [1]}), max_size=3)


@st.composite
def tool_fragments(draw: st.DrawFn) -> tuple[list[Json], dict[int, str]]:
    """Fragments of parallel calls in any interleaving, each call's own in order; and the arguments of each."""
    calls = {index: msgspec.json.encode(draw(arguments)).decode() for index in range(draw(st.integers(0, 3)))}
    queues: dict[int, list[Json]] = {}
    for index, text in calls.items():
        cut = draw(st.integers(0, len(text)))
        head = {"index": index, "id": f"call_{index}", "function": {"name": f"tool_{index}", "arguments": ""}}
        parts = [{"index": index, "function": {"arguments": part}} for part in (text[:cut], text[cut:])]
        queues[index] = [head, *parts]
    fragments = []
    while queues:
        index = draw(st.sampled_from(sorted(queues)))
        fragments.append(queues[index].pop(0))
        if not queues[index]:
            del queues[index]
    return fragments, calls


@given(said, tool_fragments(), said)
def test_every_stream_is_well_formed_and_complete(
    before: list[Json], tools: tuple[list[Json], dict[int, str]], after: list[Json]
) -> None:
    fragments, calls = tools
    events = played([*before, *({"tool_calls": [fragment]} for fragment in fragments), *after])
    blocks = blocks_of(events)
    for kind, fields in (("thinking", ["reasoning_content"]), ("text", ["content", "refusal"])):
        wanted = "".join(delta.get(field, "") for delta in [*before, *after] for field in fields)
        assert "".join(text for block, text in blocks if block["type"] == kind) == wanted
    found = {block["id"]: (block["name"], text) for block, text in blocks if block["type"] == "tool_use"}
    assert found == {f"call_{index}": (f"tool_{index}", text) for index, text in calls.items()}
    assert events[-2]["delta"]["stop_reason"] == ("tool_use" if calls else "end_turn")
