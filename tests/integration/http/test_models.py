"""Models, embeddings, decisions and usage, with the real clients."""

import base64
from array import array
from typing import Any

import aiohttp
import anthropic as anthropic_sdk
import openai as sdk
import pytest
from anthropic import AsyncAnthropic
from msgspec import structs
from openai import AsyncOpenAI
from yarl import URL

from tests.fakes.installation import IN_HOUSE, FakeInstallation, ask


async def test_openai_lists_and_retrieves(openai: AsyncOpenAI) -> None:
    listed = [model async for model in openai.models.list()]
    assert [model.id for model in listed] == ["auto", "in-house", "cheap", "dear", "embedder"]
    found = await openai.models.retrieve("cheap")
    assert (found.id, found.object, found.owned_by) == ("cheap", "model", "bargain")
    assert (await openai.models.retrieve("auto")).owned_by == "kyozon"
    with pytest.raises(sdk.NotFoundError) as raised:
        await openai.models.retrieve("gpt-9")
    assert raised.value.param == "model"


async def test_a_model_whose_name_has_a_slash(house: FakeInstallation, openai: AsyncOpenAI) -> None:
    _add(house, "org/name")
    assert (await openai.models.retrieve("org/name")).id == "org/name"


async def test_a_model_by_the_name_that_says_who_serves_it(
    openai: AsyncOpenAI, anthropic: AsyncAnthropic, http: aiohttp.ClientSession
) -> None:
    answered = await openai.chat.completions.create(model="bargain/cheap", messages=[{"role": "user", "content": "hi"}])
    assert answered.choices
    assert (await openai.models.retrieve("bargain/cheap")).id == "cheap"
    assert (await anthropic.models.retrieve("bargain/cheap")).id == "cheap"
    for path in ("bargain/cheap", "bargain%2Fcheap"):
        async with http.get(URL(f"/v1/models/{path}", encoded=True)) as response:
            assert (await response.json())["id"] == "cheap"
    with pytest.raises(sdk.NotFoundError):
        await openai.models.retrieve("bargain/dear")


def _add(house: FakeInstallation, *names: str) -> None:
    cards = tuple(structs.replace(IN_HOUSE, id=name) for name in names)
    house.registry.installation = structs.replace(house.registry.installation, cards=cards)


async def test_anthropic_lists_page_by_page(house: FakeInstallation, anthropic: AsyncAnthropic) -> None:
    names = [f"model-{place}" for place in range(7)]
    _add(house, *names)
    assert [model.id async for model in anthropic.models.list(limit=3)] == ["auto", *names]
    first = await anthropic.models.list(limit=3)
    assert (first.first_id, first.last_id, first.has_more) == ("auto", "model-1", True)
    assert [model.id for model in (await anthropic.models.list(after_id="model-5")).data] == ["model-6"]
    before = await anthropic.models.list(before_id="model-3", limit=2)
    assert ([model.id for model in before.data], before.has_more) == (["model-1", "model-2"], True)
    assert [model.id async for model in anthropic.models.list(before_id="model-3", limit=2)] == [
        "model-1",
        "model-2",
        "auto",
        "model-0",
    ]


async def test_anthropic_retrieves(anthropic: AsyncAnthropic) -> None:
    found = await anthropic.models.retrieve("cheap")
    assert (found.id, found.type, found.display_name) == ("cheap", "model", "cheap")
    assert found.created_at.tzinfo is not None
    with pytest.raises(anthropic_sdk.NotFoundError) as raised:
        await anthropic.models.retrieve("claude-9")
    assert isinstance(raised.value.body, dict)
    assert raised.value.body["error"]["type"] == "not_found_error"


@pytest.mark.parametrize("limit", ["0", "-1", "x", "9" * 5000, "٣"])
async def test_wild_page_sizes(http: aiohttp.ClientSession, limit: str) -> None:
    async with http.get("/v1/models", params={"limit": limit}, headers={"anthropic-version": "2026-10-21"}) as response:
        assert response.status == 200
    async with http.get("/kyozon/v1/decisions", params={"limit": limit}) as response:
        assert response.status == (200 if limit == "٣" else 400)


async def test_embeddings_as_the_sdk_asks_by_default(house: FakeInstallation, openai: AsyncOpenAI) -> None:
    found = await openai.embeddings.create(model="embedder", input=["one", "three"])
    assert [row.embedding for row in found.data] == [[3.0, 0.5], [5.0, 0.5]]
    assert [row.index for row in found.data] == [0, 1]
    assert (found.model, found.usage.prompt_tokens, found.usage.total_tokens) == ("embedder", 5, 5)
    house.assert_settled()


async def test_embeddings_in_both_encodings(openai: AsyncOpenAI) -> None:
    floats = await openai.embeddings.create(model="auto", input="one", encoding_format="float")
    assert floats.data[0].embedding == [3.0, 0.5]
    coded = await openai.embeddings.create(model="auto", input="one", encoding_format="base64")
    assert array("f", base64.b64decode(str(coded.data[0].embedding))).tolist() == [3.0, 0.5]


@pytest.mark.parametrize("given", [[9906, 1917, 0], [[9906, 1917, 0], [100]]])
async def test_embeddings_of_tokens(house: FakeInstallation, openai: AsyncOpenAI, given: list[Any]) -> None:
    """LangChain cuts texts into OpenAI's tokens by itself and sends those."""
    house.embedder.usage = None
    found = await openai.embeddings.create(model="embedder", input=given)
    several = [given] if isinstance(given[0], int) else given
    assert [row.embedding[0] for row in found.data] == [len(tokens) for tokens in several]
    assert found.usage.prompt_tokens == sum(map(len, several))
    house.assert_settled()


@pytest.mark.parametrize("given", [["a", 1], [1, [2]], ["a", [1]], [[]], [[1.5]], [-1], [True], [["a"]], [None]])
async def test_inputs_that_are_neither_texts_nor_tokens(http: aiohttp.ClientSession, given: list[Any]) -> None:
    async with http.post("/v1/embeddings", json={"model": "embedder", "input": given}) as response:
        assert (response.status, (await response.json())["error"]["param"].partition("[")[0]) == (400, "input")


async def test_tokens_are_tokens_of_a_model_that_is_named(house: FakeInstallation, openai: AsyncOpenAI) -> None:
    with pytest.raises(sdk.BadRequestError, match="name it") as wrong:
        await openai.embeddings.create(model="auto", input=[1, 2])
    assert wrong.value.param == "model"
    assert house.sent == []


async def test_embeddings_that_cannot_be_read(http: aiohttp.ClientSession) -> None:
    for body, param in (({}, "model"), ({"model": "auto", "input": []}, "input"), ({"model": "auto", "input": 1}, "input")):
        async with http.post("/v1/embeddings", json=body) as response:
            assert response.status == 400
            assert (await response.json())["error"]["param"] == param
    async with http.post("/v1/embeddings", json={"model": "auto", "input": "a", "encoding_format": "hex"}) as response:
        assert (await response.json())["error"]["param"] == "encoding_format"


async def test_decisions_page_by_page(house: FakeInstallation, http: aiohttp.ClientSession) -> None:
    made = [(await house.chat.answer(ask())).decision_id for _ in range(5)]
    seen: list[str] = []
    more, after = True, dict[str, str]()
    while more:
        async with http.get("/kyozon/v1/decisions", params={"limit": "2", **after}) as response:
            page = await response.json()
        seen += [row["id"] for row in page["data"]]
        more, after = page["has_more"], {"after": seen[-1]}
    assert seen == made[::-1]


async def test_one_decision_explained(house: FakeInstallation, http: aiohttp.ClientSession) -> None:
    made = (await house.chat.answer(ask())).decision_id
    async with http.get(f"/kyozon/v1/decisions/{made}") as response:
        found = await response.json()
    assert (found["object"], found["chosen"], found["outcome"]["status"]) == ("kyozon.decision", "cheap", "answered")
    assert found["outcome"]["charge"]["amount"] == "0.00015"
    assert [candidate["model"] for candidate in found["candidates"]] == ["in-house", "cheap", "dear"]
    async with http.get("/kyozon/v1/decisions/dec_none") as response:
        assert response.status == 404


async def test_usage_is_for_admins(house: FakeInstallation, http: aiohttp.ClientSession) -> None:
    async with http.get("/kyozon/v1/usage") as response:
        assert response.status == 403
    key = house.key_store.by_id["key_test"]
    house.key_store.by_id["key_test"] = structs.replace(key, admin=True)
    house.keys.forget()
    await house.chat.answer(ask())
    async with http.get("/kyozon/v1/usage", params={"by": "model"}) as response:
        (row,) = (await response.json())["data"]
    assert (row["group"], row["requests"], row["amount"]) == ("cheap", 1, "0.00015")
    for wrong in ({"by": "colour"}, {"since": "yesterday"}):
        async with http.get("/kyozon/v1/usage", params=wrong) as response:
            assert response.status == 400


async def test_health(house: FakeInstallation, http: aiohttp.ClientSession) -> None:
    async with http.get("/health/live") as response:
        assert response.status == 200
    async with http.get("/health/ready") as response:
        assert (response.status, (await response.json())["status"]) == (200, "ready")
    house.book.failing = {"open"}
    async with http.get("/health/ready") as response:
        assert (response.status, (await response.json())["parts"]) == (503, {"database": False})
