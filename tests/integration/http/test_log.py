"""One line for each request; whatever its caller writes, and wherever, none of it stands there."""

import logging

import aiohttp
import msgspec
import pytest

from tests.fakes.installation import FakeInstallation
from tests.fakes.scripted import piece
from tests.fakes.waiting import until

SECRET = "xyzzy-plugh"
CHAT = {"model": "cheap", "messages": [{"role": "user", "content": SECRET}]}


@pytest.mark.parametrize(
    ("asked", "route", "status"),
    [
        ("POST /v1/chat/completions", "/v1/chat/completions", 200),
        (f"POST /v1/chat/completions?q={SECRET}", "/v1/chat/completions", 200),
        (f"GET /v1/models/{SECRET}", "/v1/models/{name:path}", 404),
        (f"GET /kyozon/v1/decisions/{SECRET}", "/kyozon/v1/decisions/{id}", 404),
        (f"GET /{SECRET}/%0A%7B", "", 404),
        ("GET /health/live", "/health/live", 200),
    ],
)
async def test_no_word_of_a_request_is_logged(
    house: FakeInstallation,
    http: aiohttp.ClientSession,
    caplog: pytest.LogCaptureFixture,
    asked: str,
    route: str,
    status: int,
) -> None:
    caplog.set_level(logging.DEBUG, "kyozon")
    house.chats["bargain"].scripts = [[piece(SECRET, finish="stop")]]
    method, _, path = asked.partition(" ")
    headers = {"x-note": SECRET, "user-agent": SECRET, "idempotency-key": SECRET}
    async with http.request(method, path, json=CHAT, headers=headers) as answer:
        await answer.read()
        request_id = answer.headers["x-request-id"]
    await until(lambda: len(house.access) == 1)
    [line] = house.access
    assert (line.request, line.method, line.route, line.status) == (request_id, method, route, status)
    assert SECRET not in msgspec.json.encode(line).decode() + caplog.text


async def test_errors_of_our_own_are_logged_without_their_words(
    house: FakeInstallation, http: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    house.chats["bargain"].scripts = [[ZeroDivisionError(SECRET)]]
    async with http.post("/v1/chat/completions", json=CHAT) as answer:
        assert answer.status == 500
    await until(lambda: len(house.access) == 1)
    assert house.access[0].status == 500
    assert "ZeroDivisionError" in caplog.text
    assert SECRET not in caplog.text
