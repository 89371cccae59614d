"""Anthropic's Messages with the real `anthropic` client, over models of either dialect."""

from typing import Any

import aiohttp
import anthropic as sdk
import msgspec
import pytest
from anthropic import AsyncAnthropic
from anthropic.types import MessageParam

from kyozon.domain.errors import StreamBroken
from kyozon.ports.provider import Piece
from tests.fakes.installation import FakeInstallation
from tests.fakes.scripted import USAGE, Line, ScriptedChat, piece

MESSAGES: list[MessageParam] = [{"role": "user", "content": "Say hello."}]
ASKED: dict[str, Any] = {"model": "auto", "max_tokens": 50, "messages": MESSAGES}


def _native(name: str, **fields: Any) -> Piece:
    text = fields.get("delta", {}).get("text", "")
    finish = fields.get("delta", {}).get("stop_reason")
    payload = msgspec.json.encode({"type": name, **fields})
    return Piece(payload, name, text, USAGE if name == "message_delta" else None, finish=finish)


HEAD: dict[str, Any] = {
    "id": "msg_native",
    "type": "message",
    "role": "assistant",
    "model": "claude",
    "content": [],
    "stop_reason": None,
    "stop_sequence": None,
    "usage": {"input_tokens": 100, "output_tokens": 1},
}
NATIVE: list[Line] = [
    _native("message_start", message=HEAD),
    _native("content_block_start", index=0, content_block={"type": "text", "text": ""}),
    _native("content_block_delta", index=0, delta={"type": "text_delta", "text": "Native"}),
    _native("content_block_stop", index=0),
    _native("message_delta", delta={"stop_reason": "end_turn", "stop_sequence": None}, usage={"output_tokens": 10}),
    _native("message_stop"),
]


@pytest.fixture
def native(house: FakeInstallation) -> FakeInstallation:
    """The same installation, its cheapest model behind a provider that speaks Anthropic's dialect."""
    chat = house.chats["bargain"] = ScriptedChat(house.log, "anthropic")
    chat.scripts = [NATIVE]
    chat.whole = msgspec.json.encode(
        HEAD | {"content": [{"type": "text", "text": "Native"}], "stop_reason": "end_turn", "brand_new": 1}
    )
    return house


async def test_a_whole_message(house: FakeInstallation, anthropic: AsyncAnthropic) -> None:
    raw = await anthropic.messages.with_raw_response.create(**ASKED)
    message = await raw.parse()
    assert message.content[0].model_dump()["text"] == "Hello world"
    assert (message.stop_reason, message.usage.input_tokens, message.usage.output_tokens) == ("end_turn", 100, 10)
    assert message._request_id == raw.headers["request-id"]
    assert house.book.outcomes[raw.headers["x-kyozon-decision"]].status == "answered"
    house.assert_settled()


async def test_a_streamed_message(house: FakeInstallation, anthropic: AsyncAnthropic) -> None:
    async with anthropic.messages.stream(**ASKED) as stream:
        text = "".join([part async for part in stream.text_stream])
        final = await stream.get_final_message()
    assert text == "Hello world"
    assert (final.stop_reason, final.usage.output_tokens) == ("end_turn", 10)
    assert final.model == "cheap"
    house.assert_settled()


async def test_a_model_of_the_same_dialect_passes_through(native: FakeInstallation, anthropic: AsyncAnthropic) -> None:
    message = await anthropic.messages.create(**ASKED)
    assert message.id == "msg_native"
    assert message.model_dump()["brand_new"] == 1
    async with anthropic.messages.stream(**ASKED) as stream:
        final = await stream.get_final_message()
    assert (final.id, final.content[0].model_dump()["text"]) == ("msg_native", "Native")
    assert native.chats["bargain"].calls[0].request.body["max_tokens"] == 50
    native.assert_settled()


@pytest.mark.parametrize("fixture", ["house", "native"])
async def test_a_repeated_stream_is_the_same(
    fixture: str, anthropic: AsyncAnthropic, request: pytest.FixtureRequest
) -> None:
    served: FakeInstallation = request.getfixturevalue(fixture)
    found = []
    for _ in range(2):
        async with anthropic.messages.stream(**ASKED, extra_headers={"idempotency-key": "once"}) as stream:
            message = await stream.get_final_message()
            found.append((message.id, message.model, message.content, message.usage.output_tokens))
    assert found[0] == found[1]
    assert served.sent == ["cheap"]


async def test_the_end_of_a_stream_is_said_when_it_is_settled(
    native: FakeInstallation, http: aiohttp.ClientSession
) -> None:
    native.book.failing.add("close")
    async with http.post("/v1/messages", json=ASKED | {"stream": True}) as response:
        said = [line for line in (await response.read()).splitlines() if line.startswith(b"event: ")]
    assert said[-2:] == [b"event: message_delta", b"event: error"]


async def test_an_error_in_the_middle_is_raised(house: FakeInstallation, anthropic: AsyncAnthropic) -> None:
    house.chats["bargain"].scripts = [[piece("Hello"), StreamBroken("bargain", "cut")]]
    with pytest.raises(sdk.APIStatusError, match="cut off"):
        async with anthropic.messages.stream(**ASKED) as stream:
            await stream.get_final_message()
    (outcome,) = house.book.outcomes.values()
    assert outcome.status == "broken"
    house.assert_settled()


async def test_tokens_are_counted_without_a_ceiling(house: FakeInstallation, anthropic: AsyncAnthropic) -> None:
    counted = await anthropic.messages.count_tokens(model="auto", messages=MESSAGES)
    assert counted.input_tokens == 7
    (outcome,) = house.book.outcomes.values()
    assert outcome.charge.amount == 0


async def test_labels_bind(house: FakeInstallation, anthropic: AsyncAnthropic) -> None:
    await anthropic.messages.create(**ASKED | {"metadata": {"kyozon.label": "confidential"}})
    assert house.sent == ["in-house"]
    with pytest.raises(sdk.PermissionDeniedError) as refused:
        await anthropic.messages.create(**ASKED | {"model": "cheap"}, extra_headers={"x-kyozon-label": "confidential"})
    assert isinstance(refused.value.body, dict)
    assert refused.value.body["error"]["type"] == "permission_error"
    assert refused.value.body["error"]["objections"][0]["rule"] == "clearance"


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"max_tokens": None}, "max_tokens"),
        ({"max_tokens": -5}, "max_tokens"),
        ({"max_tokens": "many"}, "max_tokens"),
        ({"model": None}, "model"),
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "robot", "content": "hi"}]}, "messages.0.role"),
        ({"stream": "yes"}, "stream"),
        ({"n": "two"}, "n"),
    ],
    ids=str,
)
async def test_messages_that_cannot_be_read(http: aiohttp.ClientSession, change: dict[str, Any], param: str) -> None:
    body = {name: value for name, value in (ASKED | change).items() if value is not None}
    async with http.post("/v1/messages", json=body) as response:
        found = await response.json()
    assert (response.status, found["type"], found["error"]["type"]) == (400, "error", "invalid_request_error")
    assert found["error"]["param"] == param


async def test_unknown_paths_and_bodies_in_anthropics_shape(http: aiohttp.ClientSession) -> None:
    async with http.post("/v1/messages", data=b"{") as response:
        found = await response.json()
        assert found["request_id"] == response.headers["request-id"]
    async with http.post("/v1/messages/nothing", data=b"{}") as response:
        found = await response.json()
    assert (response.status, found["error"]["type"]) == (404, "not_found_error")
