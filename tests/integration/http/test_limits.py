"""A refusal says whose limit it is, what is left, and when to come back."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import aiohttp
import pytest
from msgspec import structs

from kyozon.domain.callers import Limits
from kyozon.services.scopes import SharedLimits
from tests.fakes.installation import FakeInstallation, api_key
from tests.fakes.scripted import USAGE
from tests.fakes.steered import START

BODY: dict[str, Any] = {"model": "cheap", "messages": [{"role": "user", "content": "Say hello."}], "max_tokens": 100}


def _limit(house: FakeInstallation, limits: Limits) -> None:
    house.key_store.by_id["key_test"] = structs.replace(api_key(), limits=limits)
    house.keys.forget()


async def _post(http: aiohttp.ClientSession, path: str = "/v1/chat/completions") -> tuple[int, Mapping[str, str], str]:
    async with http.post(path, json=BODY) as response:
        return response.status, response.headers, await response.text()


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/messages"])
async def test_of_a_key(house: FakeInstallation, http: aiohttp.ClientSession, path: str) -> None:
    _limit(house, Limits(requests_per_minute=2))
    for expected in (200, 200, 429):
        status, headers, text = await _post(http, path)
        assert status == expected
    assert "key test may use 2 requests per minute" in text
    assert (headers["retry-after"], headers["retry-after-ms"]) == ("30", "30000")
    assert (headers["x-ratelimit-limit-requests"], headers["x-ratelimit-remaining-requests"]) == ("2", "0")
    assert headers["anthropic-ratelimit-requests-remaining"] == "0"
    assert headers["x-kyozon-decision"]


async def test_of_a_tenant(house: FakeInstallation, http: aiohttp.ClientSession) -> None:
    house.limiter._shared = SharedLimits(tenants={"default": Limits(requests_per_minute=1)})
    await _post(http)
    status, headers, text = await _post(http)
    assert status == 429
    assert "tenant default may use 1 requests per minute" in text
    assert headers["x-ratelimit-limit-requests"] == "1"


async def test_of_money(house: FakeInstallation, http: aiohttp.ClientSession) -> None:
    _limit(house, Limits(money_per_month=Decimal("0.0001")))
    status, headers, text = await _post(http)
    assert status == 429
    assert "key test may spend 0.0001 this month" in text
    assert headers["x-should-retry"] == "false"
    seconds = START.replace(month=START.month + 1, day=1, hour=0, minute=0) - START
    assert headers["retry-after"] == str(round(seconds.total_seconds()))


ENDPOINTS: dict[str, tuple[str, dict[str, Any]]] = {
    "chat": ("/v1/chat/completions", BODY),
    "chat streamed": ("/v1/chat/completions", {**BODY, "stream": True}),
    "messages": ("/v1/messages", BODY),
    "messages streamed": ("/v1/messages", {**BODY, "stream": True}),
    "embeddings": ("/v1/embeddings", {"model": "embedder", "input": "Say hello."}),
}


@pytest.mark.parametrize("endpoint", ENDPOINTS)
async def test_of_money_however_it_is_spent(house: FakeInstallation, http: aiohttp.ClientSession, endpoint: str) -> None:
    """litellm#30276: budgets never filled on /v1/messages; otari#256: streamed messages were booked as no tokens."""
    budget = Decimal("0.001") if "/embeddings" not in ENDPOINTS[endpoint][0] else Decimal("0.0001")
    _limit(house, Limits(money_per_month=budget))
    path, body = ENDPOINTS[endpoint]
    for _ in range(50):
        async with http.post(path, json=body) as response:
            await response.read()
        if response.status != 200:
            break
    assert (response.status, response.headers["x-should-retry"]) == (429, "false")
    *answered, refused = house.book.outcomes.values()
    assert [outcome.status for outcome in (answered[0], refused)] == ["answered", "refused"]
    assert {(outcome.usage.estimated, outcome.charge.amount) for outcome in answered} == {
        (False, answered[0].charge.amount)
    }
    assert answered[0].usage == (house.embedder.usage if endpoint == "embeddings" else USAGE)
    spent, held = house.book.total("key:key_test:spend"), next(iter(house.book.decisions_by_id.values())).held
    assert spent == sum(outcome.charge.amount for outcome in answered) > 0
    assert budget - held < spent <= budget
    house.assert_settled()


async def test_of_a_busy_deployment(house: FakeInstallation, http: aiohttp.ClientSession) -> None:
    house.deployment_caps["bargain"] = 0
    house.admission._turns._length = 0
    status, headers, text = await _post(http)
    assert (status, headers["retry-after"]) == (503, "1")
    assert "bargain" in text
    house.assert_settled()


async def test_of_the_keys_own_concurrency(house: FakeInstallation, http: aiohttp.ClientSession) -> None:
    _limit(house, Limits(concurrent_requests=0))
    house.admission._turns._length = 0
    status, headers, text = await _post(http)
    assert (status, headers["retry-after"]) == (429, "1")
    assert "key test may run 0 requests at the same time" in text
    house.assert_settled()
