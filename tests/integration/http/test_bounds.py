"""What a caller may say in headers, and how much of it: nothing there may keep an answer from being settled."""

import asyncio
from collections.abc import Mapping

import aiohttp
import openai as sdk
import pytest
from openai import AsyncOpenAI
from openai.types.chat import ChatCompletionUserMessageParam

from kyozon.domain.errors import StorageUnavailable
from kyozon.services.keys import KeyService
from kyozon.storage.database import Database
from kyozon.storage.keys import PostgresKeyStore
from tests.fakes.installation import FakeInstallation
from tests.fakes.scripted import HANG, hello
from tests.fakes.served import served

MESSAGES: list[ChatCompletionUserMessageParam] = [{"role": "user", "content": "Say hello."}]
BODY = {"model": "auto", "messages": MESSAGES}


async def _post(http: aiohttp.ClientSession, headers: Mapping[str, str]) -> tuple[int, Mapping[str, str], str]:
    async with http.post("/v1/chat/completions", json=BODY, headers=headers) as response:
        return response.status, dict(response.headers), await response.text()


@pytest.mark.parametrize(
    ("name", "value", "word"),
    [
        ("idempotency-key", "k" * 256, "Idempotency-Key"),
        ("x-kyozon-label", "internal+" + "a" * 500, "label"),
    ],
)
async def test_too_long_for_the_record_is_refused_before_anything_is_sent(
    house: FakeInstallation, http: aiohttp.ClientSession, name: str, value: str, word: str
) -> None:
    status, _, text = await _post(http, {name: value})
    assert status == 400
    assert word in text
    assert value not in text
    assert house.sent == []


async def test_the_longest_key_is_kept(house: FakeInstallation, http: aiohttp.ClientSession) -> None:
    for _ in range(2):
        status, headers, _ = await _post(http, {"idempotency-key": "k" * 255})
        assert status == 200
    assert headers["x-kyozon-replayed"] == "true"
    assert len(house.sent) == 1


async def test_an_answer_is_not_given_again_under_another_label(
    house: FakeInstallation, http: aiohttp.ClientSession
) -> None:
    for label, expected in (("public", 200), ("confidential", 409), ("public", 200)):
        status, _, _ = await _post(http, {"idempotency-key": "once", "x-kyozon-label": label})
        assert status == expected
    assert house.sent == ["cheap"]


async def test_a_retry_under_a_stricter_label_is_answered_where_that_label_may_go(
    house: FakeInstallation, http: aiohttp.ClientSession
) -> None:
    for label, count in (("public", "0"), ("confidential", "1"), ("confidential", "2")):
        await _post(http, {"x-stainless-retry-count": count, "x-kyozon-label": label})
    assert house.sent == ["cheap", "in-house"]


async def test_more_at_once_than_allowed_are_asked_to_retry_but_health_is_told(house: FakeInstallation) -> None:
    house.max_concurrent = 1
    house.chats["bargain"].scripts = [[HANG]]
    async with served(house) as url, AsyncOpenAI(api_key="ky-test", base_url=f"{url}/v1", max_retries=0) as client:
        first = asyncio.create_task(client.chat.completions.create(model="cheap", messages=MESSAGES))
        async with asyncio.timeout(30), aiohttp.ClientSession(url) as plain:
            while house.sent != ["cheap"]:  # noqa: ASYNC110 - the fake tells nobody
                await asyncio.sleep(0.01)
            with pytest.raises(sdk.InternalServerError, match="1 requests are being worked on") as busy:
                await client.chat.completions.create(model="cheap", messages=MESSAGES)
            assert (busy.value.status_code, busy.value.code) == (503, "server_busy")
            assert busy.value.request_id
            async with plain.get("/health/ready") as health:
                assert health.status == 200
            first.cancel()
            await asyncio.gather(first, return_exceptions=True)
            house.chats["bargain"].scripts = [hello()]
            while not house.book.outcomes:  # noqa: ASYNC110 - the fake tells nobody
                await asyncio.sleep(0.01)
            await client.models.list()  # there is room again
    await house.drain()
    house.assert_settled()


async def test_nobody_learns_where_the_database_stands(house: FakeInstallation) -> None:
    lost = Database("postgresql://clerk@127.0.0.1:1/vault", patience=1.0)
    house.keys = KeyService(PostgresKeyStore(lost), house.time.world)
    with pytest.raises(StorageUnavailable):
        await lost.connect()
    guess = {"authorization": "Bearer ky-guess"}
    async with (
        served(house) as url,
        aiohttp.ClientSession(url) as plain,
        plain.get("/v1/models", headers=guess) as response,
    ):
        text = await response.text()
    assert response.status == 503
    assert not any(word in text for word in ("127.0.0.1", "clerk", "vault", "connected"))
    assert "kyozon doctor" in text
