"""Reviews and the policy over real HTTP, each answer in the shape of the API that was called."""

from http import HTTPStatus
from typing import Any

import aiohttp
import anthropic as anthropic_sdk
import pytest
from anthropic import AsyncAnthropic
from msgspec import structs

from kyozon.domain.callers import ApiKey
from kyozon.domain.review import ReviewRules
from tests.fakes.installation import FakeInstallation, api_key

BODY: dict[str, Any] = {"model": "dear", "messages": [{"role": "user", "content": "Say hello."}]}
ASKING = {"x-kyozon-label": "confidential", "x-kyozon-review": "request", "x-kyozon-purpose": "check"}
BEN = {"authorization": "Bearer ky-ben"}


@pytest.fixture(autouse=True)
def ben(house: FakeInstallation) -> ApiKey:
    """Somebody who may decide."""
    roles = frozenset({"review", "declassify:level:confidential"})
    key = structs.replace(api_key("ben"), user="ben", roles=roles, admin=True)
    house.key_store.by_id["key_ben"] = key
    return key


async def test_a_held_answer_is_fetched_in_anthropics_shape(
    house: FakeInstallation, anthropic: AsyncAnthropic, http: aiohttp.ClientSession
) -> None:
    review = ReviewRules(keys=frozenset({"test"}))
    house.registry.installation = structs.replace(house.registry.installation, review=review)
    with pytest.raises(anthropic_sdk.PermissionDeniedError) as held:
        await anthropic.messages.create(model="auto", max_tokens=10, messages=[{"role": "user", "content": "Hi"}])
    assert isinstance(held.value.body, dict)
    path = f"/kyozon/v1/reviews/{held.value.body['error']['review']}"
    async with http.get(f"{path}/answer") as early:
        assert early.status == HTTPStatus.FORBIDDEN
    async with http.get(path, headers=BEN) as shown:
        assert "Hello world" in (await shown.json())["content"]
    async with http.post(f"{path}/approve", headers=BEN) as approved:
        assert (await approved.json())["state"] == "approved"
    async with http.get(f"{path}/answer") as found:
        message = await found.json()
    assert found.headers["x-kyozon-label"].startswith("internal")
    assert (message["type"], message["content"][0]["text"]) == ("message", "Hello world")
    async with http.get(f"{path}/answer") as again:
        assert await again.json() == message


async def test_a_release_is_asked_for_listed_and_refused(house: FakeInstallation, http: aiohttp.ClientSession) -> None:
    async with http.post("/v1/chat/completions", json=BODY, headers=ASKING) as refused:
        assert refused.status == HTTPStatus.FORBIDDEN
        error = (await refused.json())["error"]
    review = error["review"]
    assert error["message"].endswith(
        f"once review {review} is approved, GET /kyozon/v1/reviews/{review} names the grant (grant_id) with which the same "
        "request may be sent (x-kyozon-grant)."
    )
    async with http.get("/kyozon/v1/reviews?state=waiting", headers=BEN) as listed:
        assert [item["id"] for item in (await listed.json())["data"]] == [review]
    async with http.post(f"/kyozon/v1/reviews/{review}/approve") as own:
        assert own.status == HTTPStatus.FORBIDDEN
    async with http.post(f"/kyozon/v1/reviews/{review}/refuse", headers=BEN) as decided:
        assert (await decided.json())["reviewer"] == "ben"
    assert house.reviews.contents == {}
    assert house.sent == []


@pytest.mark.parametrize(
    ("headers", "param"),
    [
        ({"x-kyozon-review": "please", "x-kyozon-purpose": "check"}, "x-kyozon-review"),
        ({"x-kyozon-review": "request"}, "x-kyozon-purpose"),
    ],
)
async def test_a_review_is_asked_for_in_full(http: aiohttp.ClientSession, headers: dict[str, str], param: str) -> None:
    async with http.post("/v1/chat/completions", json=BODY, headers=headers) as answer:
        assert answer.status == HTTPStatus.BAD_REQUEST
        assert (await answer.json())["error"]["param"] == param


async def test_a_body_cannot_ask(house: FakeInstallation, http: aiohttp.ClientSession) -> None:
    body = BODY | {"metadata": {"kyozon.review": "request", "x-kyozon-review": "request", "kyozon.purpose": "check"}}
    async with http.post("/v1/chat/completions", json=body, headers={"x-kyozon-label": "confidential"}) as answer:
        assert "review" not in (await answer.json())["error"]
    assert house.reviews.queue == {}


async def test_a_state_that_nobody_knows_is_named(http: aiohttp.ClientSession) -> None:
    async with http.get("/kyozon/v1/reviews?state=lost") as answer:
        assert (answer.status, (await answer.json())["error"]["param"]) == (HTTPStatus.BAD_REQUEST, "state")


async def test_the_policy_is_told_to_admins_in_their_language(http: aiohttp.ClientSession) -> None:
    async with http.get("/kyozon/v1/policy") as denied:
        assert denied.status == HTTPStatus.FORBIDDEN
    async with http.post("/kyozon/v1/policy/reload") as denied:
        assert denied.status == HTTPStatus.FORBIDDEN
    async with http.get("/kyozon/v1/policy", headers={**BEN, "accept-language": "ja"}) as told:
        found = await told.json()
    assert found["policy_version"] == "test"
    assert found["sections"][-1]["heading"].startswith("ゾーン host")
    async with http.post("/kyozon/v1/policy/reload", headers=BEN) as reloaded:
        assert (await reloaded.json())["new"] == "test"
