"""What a caller states for the record: session, step and tools, in both dialects, and who reads it."""

from typing import Any

import aiohttp
import pytest
from msgspec import structs

from kyozon.domain.labels import Clearance, Level
from kyozon.governance.needs import hash_of_tool
from tests.fakes.installation import FakeInstallation, api_key

SAID = [{"role": "user", "content": "Say hello."}]
CHAT: dict[str, Any] = {"model": "auto", "messages": SAID}
MESSAGE: dict[str, Any] = {"model": "auto", "max_tokens": 10, "messages": SAID}
EMBED: dict[str, Any] = {"model": "auto", "input": "hello"}
STEP = {"x-kyozon-session": "thread:7f3a-11", "x-kyozon-parent": "dec_18ea607dd297da7a02d9a0b6"}
PATHS = [("/v1/chat/completions", CHAT), ("/v1/messages", MESSAGE), ("/v1/embeddings", EMBED)]


@pytest.mark.parametrize(("path", "body"), [*PATHS, ("/v1/messages/count_tokens", CHAT)])
@pytest.mark.parametrize("way", ["header", "metadata"])
async def test_session_and_step_go_on_record_and_not_to_the_provider(
    house: FakeInstallation, http: aiohttp.ClientSession, path: str, body: dict[str, Any], way: str
) -> None:
    metadata = {"kyozon.session": STEP["x-kyozon-session"], "kyozon.parent": STEP["x-kyozon-parent"]}
    headers, sent = (STEP, body) if way == "header" else ({}, body | {"metadata": metadata})
    async with http.post(path, json=sent, headers=headers) as response:
        assert response.status == 200, await response.text()
    decision = house.book.decisions_by_id[response.headers["x-kyozon-decision"]]
    assert (decision.session, decision.parent) == tuple(STEP.values())
    calls = [call.request.body for chat in house.chats.values() for call in chat.calls]
    assert all("metadata" not in one for one in calls + [call.request.body for call in house.embedder.calls])


@pytest.mark.parametrize(
    ("path", "body", "metadata"),
    [("/v1/chat/completions", CHAT, {"session": "theirs"}), ("/v1/messages", MESSAGE, {"user_id": "theirs"})],
)
async def test_the_callers_own_metadata_is_not_taken_for_it(
    house: FakeInstallation, http: aiohttp.ClientSession, path: str, body: dict[str, Any], metadata: dict[str, str]
) -> None:
    async with http.post(path, json=body | {"metadata": metadata}) as response:
        assert response.status == 200
    assert house.book.decisions_by_id[response.headers["x-kyozon-decision"]].session == ""
    (call,) = [call for chat in house.chats.values() for call in chat.calls]
    assert call.request.body["metadata"] == metadata


@pytest.mark.parametrize(
    ("header", "wrong"),
    [
        ("x-kyozon-session", "two words"),
        ("x-kyozon-session", "a" * 129),
        ("x-kyozon-parent", "chatcmpl-1"),
        ("x-kyozon-parent", "dec_"),
    ],
)
async def test_they_are_identifiers(house: FakeInstallation, http: aiohttp.ClientSession, header: str, wrong: str) -> None:
    async with http.post("/v1/chat/completions", json=CHAT, headers={header: wrong}) as response:
        assert (response.status, (await response.json())["error"]["param"]) == (400, header)
    assert house.book.decisions_by_id == {}


async def test_the_tools_offered_are_on_record_in_both_dialects(
    house: FakeInstallation, http: aiohttp.ClientSession
) -> None:
    schema = {"type": "object", "properties": {}}
    tools = [{"type": "function", "function": {"name": "look_up", "parameters": schema}}]
    asked = [("/v1/chat/completions", CHAT | {"tools": tools})]
    asked += [("/v1/messages", MESSAGE | {"tools": [{"name": "look_up", "input_schema": schema}]})]
    for path, body in asked:
        async with http.post(path, json=body) as response:
            assert response.status == 200, await response.text()
        assert house.book.decisions_by_id[response.headers["x-kyozon-decision"]].tools == (hash_of_tool("look_up"),)


async def test_a_reader_below_the_label_is_told_none_of_it(house: FakeInstallation, http: aiohttp.ClientSession) -> None:
    tools = [{"type": "function", "function": {"name": "look_up"}}]
    headers = {**STEP, "x-kyozon-label": "confidential"}
    async with http.post("/v1/chat/completions", json=CHAT | {"tools": tools}, headers=headers) as response:
        path = f"/kyozon/v1/decisions/{response.headers['x-kyozon-decision']}"
    async with http.get(path) as response:
        found = await response.json()
    assert (found["session"], found["parent"], found["tools"]) == (*STEP.values(), [hash_of_tool("look_up")])
    house.key_store.by_id["key_test"] = structs.replace(api_key(), clearance=Clearance(Level.INTERNAL))
    house.keys.forget()
    async with http.get(path) as response:
        text = await response.text()
    assert response.status == 200
    assert not any(word in text for word in (*STEP.values(), hash_of_tool("look_up")))
