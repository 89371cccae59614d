"""How good an answer must be can be said by header, metadata or the name of a model, in both dialects, and by the key."""

from typing import Any

import aiohttp
import pytest
from anthropic import AsyncAnthropic
from msgspec import structs
from openai import AsyncOpenAI, BadRequestError, NotFoundError

from kyozon.domain.quality import Goal, parse_goal
from tests.fakes.estimator import KnowsThree
from tests.fakes.installation import FakeInstallation, api_key

HELLO: Any = [{"role": "user", "content": "Say hello."}]


@pytest.fixture(autouse=True)
def measured(house: FakeInstallation) -> None:
    house.measure(KnowsThree())


def last_goal(house: FakeInstallation) -> Goal | None:
    return list(house.book.decisions_by_id.values())[-1].quality


@pytest.mark.parametrize(
    ("model", "extra", "goal", "answered"),
    [
        ("auto", {}, "high", "dear"),
        ("auto", {"extra_headers": {"x-kyozon-quality": "economy"}}, "economy", "in-house"),
        ("auto", {"extra_headers": {"x-kyozon-quality": "0.9"}}, "0.9", "in-house"),
        ("auto", {"metadata": {"kyozon.quality": "economy"}}, "economy", "in-house"),
        ("auto:economy", {}, "economy", "in-house"),
        ("auto:0.9", {}, "0.9", "in-house"),
        ("auto:economy", {"extra_headers": {"x-kyozon-quality": "max"}}, "max", "dear"),
    ],
)
async def test_openai_clients_say_it_in_three_places(
    house: FakeInstallation, openai: AsyncOpenAI, model: str, extra: dict[str, Any], goal: str, answered: str
) -> None:
    got = await openai.chat.completions.with_raw_response.create(model=model, messages=HELLO, **extra)
    assert got.headers["x-kyozon-model"] == answered
    assert last_goal(house) == parse_goal(goal)
    (call,) = [call for chat in house.chats.values() for call in chat.calls]
    assert "metadata" not in call.request.body  # what is said to Kyozon does not go to the provider
    assert call.request.model == "auto"


async def test_anthropic_clients_too(house: FakeInstallation, anthropic: AsyncAnthropic) -> None:
    await anthropic.messages.create(model="auto:economy", max_tokens=9, messages=HELLO)
    assert last_goal(house) == parse_goal("economy")
    await anthropic.messages.count_tokens(model="auto:balanced", messages=HELLO)
    assert last_goal(house) == parse_goal("balanced")


async def test_a_key_says_it_for_requests_that_do_not(house: FakeInstallation, openai: AsyncOpenAI) -> None:
    await house.key_store.add(structs.replace(api_key("thrifty"), quality="economy"))
    async with openai.with_options(api_key="ky-thrifty") as thrifty:
        await thrifty.chat.completions.create(model="auto", messages=HELLO)
    assert last_goal(house) == parse_goal("economy")


@pytest.mark.parametrize(
    ("param", "model", "headers"), [("x-kyozon-quality", "auto", {"x-kyozon-quality": "best"}), ("model", "auto:best", {})]
)
@pytest.mark.parametrize(("language", "mend"), [("en", "max, high, balanced, economy"), ("ja", "割合")])
async def test_what_is_no_quality_is_refused_with_what_is(
    openai: AsyncOpenAI, param: str, model: str, headers: dict[str, str], language: str, mend: str
) -> None:
    said = headers | {"accept-language": language}
    with pytest.raises(BadRequestError) as found:
        await openai.chat.completions.create(model=model, messages=HELLO, extra_headers=said)
    assert found.value.param == param
    assert mend in found.value.message


async def test_the_models_list_names_what_is_valid(house: FakeInstallation, openai: AsyncOpenAI) -> None:
    names = [model.id async for model in openai.models.list()]
    assert names[:5] == ["auto", "auto:max", "auto:high", "auto:balanced", "auto:economy"]
    assert (await openai.models.retrieve("auto:high")).id == "auto:high"
    assert (await openai.models.retrieve("auto:0.85")).id == "auto:0.85"
    for name in ("auto:1.5", "auto:", "auto:dear"):
        with pytest.raises(NotFoundError):
            await openai.models.retrieve(name)
    house.registry.installation = structs.replace(house.registry.installation, estimator=None)
    assert not [model.id async for model in openai.models.list() if model.id.startswith("auto:")]


async def test_the_record_tells_what_was_expected(openai: AsyncOpenAI, http: aiohttp.ClientSession) -> None:
    got = await openai.chat.completions.with_raw_response.create(model="auto:economy", messages=HELLO)
    async with http.get(f"/kyozon/v1/decisions/{got.headers['x-kyozon-decision']}") as answer:
        told = await answer.json()
    assert told["quality"] == {"share": 0.8, "name": "economy"}
    assert told["estimator"] == "three-models"
    expected = {one["model"]: one["estimate"]["quality"] for one in told["candidates"]}
    assert expected == {"dear": 0.95, "in-house": 0.9, "cheap": 0.88}
