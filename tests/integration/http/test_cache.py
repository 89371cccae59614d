"""The answer cache as the official SDKs meet it."""

import aiohttp
import openai as sdk
import pytest
from anthropic import AsyncAnthropic
from anthropic.types import MessageParam
from msgspec import structs
from openai import AsyncOpenAI
from openai.types.chat import ChatCompletionUserMessageParam

from tests.fakes.installation import FakeInstallation, api_key

FRANCE: list[ChatCompletionUserMessageParam] = [{"role": "user", "content": "What is the capital of France?"}]
ALSO_FRANCE: list[ChatCompletionUserMessageParam] = [{"role": "user", "content": "Tell me the capital of France"}]
PARIS: list[MessageParam] = [{"role": "user", "content": "What is the capital of France?"}]


async def test_a_hit_is_the_same_completion_and_says_so(house: FakeInstallation, openai: AsyncOpenAI) -> None:
    found = []
    for wish in ("exact", "exact", "semantic", "refresh", "off"):
        raw = await openai.chat.completions.with_raw_response.create(
            model="auto", messages=FRANCE, extra_headers={"x-kyozon-cache": wish}
        )
        found.append((raw.headers.get("x-kyozon-cache"), raw.headers["x-kyozon-model"], raw.text))
    assert [said for said, _, _ in found] == ["miss", "hit-exact", "hit-exact", "refresh", None]
    assert {model for _, model, _ in found} == {"cheap"}
    assert found[0][2] == found[1][2]
    assert house.sent == ["cheap", "cheap", "cheap"]
    house.assert_settled()


async def test_a_hit_reports_the_usage_of_the_answer_and_costs_nothing(
    house: FakeInstallation, openai: AsyncOpenAI
) -> None:
    for _ in range(2):
        raw = await openai.chat.completions.with_raw_response.create(
            model="auto", messages=FRANCE, metadata={"kyozon.cache": "exact", "mine": "kept"}
        )
    completion = raw.parse()
    assert completion.usage is not None
    assert completion.usage.total_tokens == 110
    assert house.book.outcomes[raw.headers["x-kyozon-decision"]].charge.amount == 0
    assert house.chats["bargain"].calls[0].request.body["metadata"] == {"mine": "kept"}


async def test_a_similar_question_says_how_similar(openai: AsyncOpenAI) -> None:
    said = []
    for messages in (FRANCE, ALSO_FRANCE):
        raw = await openai.chat.completions.with_raw_response.create(
            model="auto", messages=messages, extra_headers={"x-kyozon-cache": "semantic"}
        )
        said.append(raw.headers["x-kyozon-cache"])
    assert said[0] == "miss"
    assert said[1] == "hit-semantic; similarity=1.0000"  # the fake embedder knows lengths only


@pytest.mark.parametrize("usage", [False, True])
async def test_a_stream_again(house: FakeInstallation, openai: AsyncOpenAI, *, usage: bool) -> None:
    async def read() -> tuple[list[str], str]:
        raw = await openai.chat.completions.with_raw_response.create(
            model="auto",
            messages=FRANCE,
            stream=True,
            stream_options={"include_usage": usage},
            extra_headers={"x-kyozon-cache": "exact"},
        )
        return [chunk.model_dump_json() async for chunk in raw.parse()], raw.headers["x-kyozon-cache"]

    first, again = await read(), await read()
    assert (first[1], again[1]) == ("miss", "hit-exact")
    assert first[0] == again[0]
    assert house.sent == ["cheap"]
    house.assert_settled()


async def test_anthropics_dialect(house: FakeInstallation, anthropic: AsyncAnthropic) -> None:
    texts, said = [], []
    for _ in range(2):
        raw = await anthropic.messages.with_raw_response.create(
            model="auto", max_tokens=50, messages=PARIS, extra_headers={"x-kyozon-cache": "exact"}
        )
        texts.append((await raw.parse()).content)
        said.append(raw.headers["x-kyozon-cache"])
    assert said == ["miss", "hit-exact"]
    assert texts[0] == texts[1]
    streams = []
    for _ in range(2):
        async with anthropic.messages.stream(
            model="auto", max_tokens=50, messages=PARIS, extra_headers={"x-kyozon-cache": "exact"}
        ) as stream:
            streams.append((await stream.get_final_message()).content)
            said.append(stream.response.headers["x-kyozon-cache"])
    assert said[2:] == ["miss", "hit-exact"]
    assert streams[0] == streams[1]
    assert len(house.sent) == 2
    house.assert_settled()


async def test_another_word_is_refused_with_what_could_be_meant(openai: AsyncOpenAI) -> None:
    with pytest.raises(sdk.BadRequestError, match="off, exact, semantic, refresh"):
        await openai.chat.completions.create(model="auto", messages=FRANCE, extra_headers={"x-kyozon-cache": "fuzzy"})


async def test_deleting(house: FakeInstallation, openai: AsyncOpenAI, http: aiohttp.ClientSession) -> None:
    async def deleted(query: str = "") -> tuple[int, object]:
        async with http.delete(f"/kyozon/v1/cache{query}") as response:
            return response.status, (await response.json()).get("deleted")

    await openai.chat.completions.create(model="auto", messages=FRANCE, extra_headers={"x-kyozon-cache": "exact"})
    assert await deleted() == (200, 1)
    assert await deleted() == (200, 0)
    assert (await deleted("?user=bob"))[0] == 403
    assert (await deleted("?user=*"))[0] == 403
    await openai.chat.completions.create(model="auto", messages=FRANCE, extra_headers={"x-kyozon-cache": "exact"})
    house.key_store.by_id["key_test"] = structs.replace(api_key(), admin=True)
    house.keys.forget()
    assert await deleted("?user=bob") == (200, 0)
    assert await deleted("?user=*") == (200, 1)
