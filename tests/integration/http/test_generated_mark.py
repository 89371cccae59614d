"""Answers say that a model made them, on every way they take; what is no answer does not. And what a request is for."""

from typing import Any

import aiohttp
import pytest
from msgspec import structs

from kyozon.domain.review import ReviewRules
from tests.fakes.installation import FakeInstallation, api_key

MARK = "true; source-type=trainedAlgorithmicMedia"
CHAT: dict[str, Any] = {"model": "auto", "messages": [{"role": "user", "content": "Say hello."}]}
MESSAGE = CHAT | {"max_tokens": 20}
EMBED: dict[str, Any] = {"model": "embedder", "input": "words"}


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("path", "body"), [("/v1/chat/completions", CHAT), ("/v1/messages", MESSAGE)])
@pytest.mark.parametrize(
    "extra", [{}, {"x-kyozon-cache": "exact"}, {"idempotency-key": "once"}], ids=["new", "hit", "replay"]
)
async def test_every_answer_is_marked(
    http: aiohttp.ClientSession, path: str, body: dict[str, Any], extra: dict[str, str], *, stream: bool
) -> None:
    for _ in range(2 if extra else 1):
        async with http.post(path, json=body | {"stream": stream}, headers=extra) as response:
            assert response.status == 200, await response.text()
            await response.read()
    assert response.headers["x-kyozon-ai-generated"] == MARK
    assert response.headers["x-kyozon-decision"].startswith("dec_")


async def test_an_answer_that_a_person_has_approved_is_marked(house: FakeInstallation, http: aiohttp.ClientSession) -> None:
    review = ReviewRules(keys=frozenset({"test"}))
    house.registry.installation = structs.replace(house.registry.installation, review=review)
    ben = structs.replace(api_key("ben"), user="ben", roles=frozenset({"review"}), admin=True)
    house.key_store.by_id["key_ben"] = ben
    async with http.post("/v1/chat/completions", json=CHAT) as held:
        assert "x-kyozon-ai-generated" not in held.headers
        path = f"/kyozon/v1/reviews/{(await held.json())['error']['review']}"
    async with http.post(f"{path}/approve", headers={"authorization": "Bearer ky-ben"}) as approved:
        assert approved.status == 200
    async with http.get(f"{path}/answer") as found:
        assert found.headers["x-kyozon-ai-generated"] == MARK


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/v1/embeddings", EMBED, 200),
        ("/v1/messages/count_tokens", CHAT, 200),
        ("/v1/chat/completions", CHAT | {"model": "unknown"}, 404),
        ("/v1/messages", MESSAGE | {"model": "unknown"}, 404),
    ],
)
async def test_what_is_no_answer_is_not(http: aiohttp.ClientSession, path: str, body: dict[str, Any], status: int) -> None:
    async with http.post(path, json=body) as response:
        assert response.status == status
    assert "x-kyozon-ai-generated" not in response.headers


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/chat/completions", CHAT),
        ("/v1/messages", MESSAGE),
        ("/v1/messages/count_tokens", CHAT),
        ("/v1/embeddings", EMBED),
    ],
)
@pytest.mark.parametrize("way", ["header", "metadata"])
async def test_the_purpose_goes_on_record_and_not_to_the_provider(
    house: FakeInstallation, http: aiohttp.ClientSession, path: str, body: dict[str, Any], way: str
) -> None:
    given = {"headers": {"x-kyozon-purpose": "support-chat"}, "json": body}
    if way == "metadata":
        given = {"json": body | {"metadata": {"kyozon.purpose": "support-chat"}}}
    async with http.post(path, **given) as response:  # type: ignore[arg-type] # headers or not
        assert response.status == 200, await response.text()
    assert house.book.decisions_by_id[response.headers["x-kyozon-decision"]].purpose == "support-chat"
    calls = [call.request.body for chat in house.chats.values() for call in chat.calls]
    assert all("metadata" not in sent for sent in calls + [call.request.body for call in house.embedder.calls])


@pytest.mark.parametrize("wrong", ["two words", "a" * 65, "<b>", "目的", "-"])
async def test_a_purpose_is_a_name(house: FakeInstallation, http: aiohttp.ClientSession, wrong: str) -> None:
    body = CHAT | {"metadata": {"kyozon.purpose": wrong}}
    async with http.post("/v1/chat/completions", json=body) as response:
        assert response.status == 400
        assert (await response.json())["error"]["param"] == "x-kyozon-purpose"
    assert house.book.decisions_by_id == {}
