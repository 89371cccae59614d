"""`GET /metrics` over real HTTP: what it says, and to whom."""

import aiohttp
import pytest
from anthropic import AsyncAnthropic
from msgspec import structs
from openai import AsyncOpenAI, NotFoundError

from kyozon.domain.errors import NotPermitted, UpstreamFailed
from tests.fakes.installation import CONFIDENTIAL, FakeInstallation, ask
from tests.fakes.served import served
from tests.fakes.telemetry_samples import scraped

AT_CHEAP = {("kind", "chat"), ("model", "cheap"), ("provider", "bargain"), ("zone", "external")}
CANARY = "canary-51c2"


def _promoted(house: FakeInstallation) -> None:
    house.key_store.by_id["key_test"] = structs.replace(house.key_store.by_id["key_test"], admin=True)
    house.keys.forget()


async def test_requests_of_every_kind_are_counted(
    house: FakeInstallation, openai: AsyncOpenAI, anthropic: AsyncAnthropic, http: aiohttp.ClientSession
) -> None:
    await openai.chat.completions.create(model="auto", messages=[{"role": "user", "content": CANARY}])
    stream = await openai.chat.completions.create(
        model="cheap", messages=[{"role": "user", "content": CANARY}], stream=True
    )
    assert [chunk async for chunk in stream]
    await anthropic.messages.create(model="cheap", max_tokens=9, messages=[{"role": "user", "content": CANARY}])
    await anthropic.messages.count_tokens(model="cheap", messages=[{"role": "user", "content": CANARY}])
    await openai.embeddings.create(model="embedder", input=CANARY)
    house.chats["bargain"].scripts = [[UpstreamFailed("bargain", 500, CANARY)]]
    await house.chat.answer(ask())
    with pytest.raises(NotPermitted):
        await house.chat.answer(ask("cheap", declared=CONFIDENTIAL))

    _promoted(house)
    async with http.get("/metrics") as response:
        assert response.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
        body = await response.read()
    found = scraped(body)
    requests = [(dict(labels), count) for labels, count in found["kyozon_requests_total"].items()]
    by_kind = {(labels["kind"], labels["model"], labels["status"]): count for labels, count in requests}
    assert by_kind == {
        ("chat", "cheap", "answered"): 3,
        ("count", "cheap", "answered"): 1,
        ("embedding", "embedder", "answered"): 1,
        ("chat", "in-house", "answered"): 1,
        ("chat", "", "refused"): 1,
    }
    assert found["kyozon_attempts_total"][frozenset(AT_CHEAP | {("result", "provider_failed")})] == 1
    assert found["kyozon_tokens_total"][frozenset(AT_CHEAP | {("direction", "input")})] == 300
    assert found["kyozon_charges_total"][frozenset(AT_CHEAP | {("currency", "USD")})] == pytest.approx(3 * 0.00015)
    assert found["kyozon_refusals_total"] == {frozenset({("rule", "clearance")}): 1}
    assert found["kyozon_requests_running"] == {frozenset(): 0}
    for secret in (CANARY, "key_test", "ann", "default"):
        assert secret not in body.decode()


async def test_it_takes_an_admin_key(house: FakeInstallation, http: aiohttp.ClientSession) -> None:
    async with http.get("/metrics") as response:
        assert (response.status, (await response.json())["error"]["code"]) == (403, "not_allowed")
    async with http.get("/metrics", headers={"authorization": "Bearer ky-unknown"}) as response:
        assert response.status == 401
    async with http.get("/metrics", headers={"authorization": ""}) as response:
        assert response.status == 401
    _promoted(house)
    async with http.get("/metrics") as response:
        assert response.status == 200


async def test_loopback_is_no_admin(url: str) -> None:
    """A proxy on this machine makes the whole world look like this machine."""
    async with aiohttp.ClientSession(url) as session, session.get("/metrics") as response:
        assert response.status == 401


async def test_open_to_all_where_the_operator_says_so(house: FakeInstallation) -> None:
    house.metrics_open = True
    async with (
        served(house) as base,
        aiohttp.ClientSession(base) as session,
        session.get("/metrics") as response,
    ):
        assert response.status == 200


@pytest.mark.parametrize("name", ["gpt-9", 'x"} 1', "line\nbreak", "模型"])
async def test_no_name_that_a_caller_invents_appears(house: FakeInstallation, openai: AsyncOpenAI, name: str) -> None:
    with pytest.raises(NotFoundError):
        await openai.chat.completions.create(model=f"{CANARY}{name}", messages=[{"role": "user", "content": "Hello"}])
    assert CANARY not in house.metrics.exposition().decode()
