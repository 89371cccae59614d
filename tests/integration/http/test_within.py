"""In how many seconds the first words should come is said by header or by the key, in both dialects, and kept by use."""

import aiohttp
import pytest
from anthropic import AsyncAnthropic
from msgspec import structs
from openai import AsyncOpenAI, BadRequestError

from kyozon.domain.decisions import Decision
from tests.fakes.installation import FakeInstallation, api_key
from tests.fakes.paced import PacedChat

HELLO = [{"role": "user", "content": "Say hello."}]
WITHIN = {"x-kyozon-within": "2"}


@pytest.fixture(autouse=True)
def paced(house: FakeInstallation) -> None:
    """Two that answer at different speed: the cheap one slowly, the one in the house at once."""
    house.chats["bargain"] = PacedChat(house.log, house.time, 3.0, 1.0)
    house.chats["local"] = PacedChat(house.log, house.time, 0.25, 0.5)


def last(house: FakeInstallation) -> Decision:
    return list(house.book.decisions_by_id.values())[-1]


async def streamed(openai: AsyncOpenAI, **headers: str) -> None:
    async with openai.chat.completions.with_streaming_response.create(
        model="auto",
        messages=HELLO,  # type: ignore[arg-type]
        stream=True,
        extra_headers=headers,
    ) as answer:
        await answer.read()


async def test_who_was_slow_is_not_asked_again_in_haste(house: FakeInstallation, openai: AsyncOpenAI) -> None:
    """What is not known is tried once; after that the goal is kept, and without one the cheapest answers as before."""
    for headers in (WITHIN, WITHIN, WITHIN, {}):
        await streamed(openai, **headers)
    decisions = list(house.book.decisions_by_id.values())
    assert [one.chosen for one in decisions] == ["cheap", "in-house", "in-house", "cheap"]
    assert [one.within for one in decisions] == [2.0, 2.0, 2.0, None]
    outcomes = [house.book.outcomes[one.id] for one in decisions]
    assert [one.first_token_ms for one in outcomes] == [3000, 250, 250, 3000]


async def test_the_record_tells_what_was_expected(
    house: FakeInstallation, openai: AsyncOpenAI, http: aiohttp.ClientSession
) -> None:
    for _ in range(3):
        await streamed(openai, **WITHIN)
    async with http.get(f"/kyozon/v1/decisions/{last(house).id}") as answer:
        told = await answer.json()
    found = {one["model"]: one["timing"] for one in told["candidates"]}
    assert told["within"] == 2.0
    assert found["cheap"] == {"pace": {"first": 3.0, "token": None}, "seconds": 3.0, "late": True}
    assert (found["in-house"]["seconds"], found["dear"]) == (0.25, None)
    assert "expected to take longer than 2 s to begin" in told["reason"]["en"]


async def test_a_key_says_it_too_and_the_tighter_holds(house: FakeInstallation, openai: AsyncOpenAI) -> None:
    house.key_store.by_id["key_test"] = structs.replace(api_key("test"), within=1.0)
    for headers in (WITHIN, {"x-kyozon-within": "0.5"}, {}):
        await streamed(openai, **headers)
        assert last(house).within == min(1.0, float(headers.get("x-kyozon-within", "1")))


async def test_anthropics_dialect_says_it_by_the_same_header(house: FakeInstallation, anthropic: AsyncAnthropic) -> None:
    await anthropic.messages.create(
        model="auto",
        max_tokens=9,
        messages=HELLO,  # type: ignore[arg-type]
        extra_headers=WITHIN,
    )
    assert last(house).within == 2.0


@pytest.mark.parametrize("wrong", ["0", "-1", "soon", "nan", "inf", "4000", "2s"])
@pytest.mark.parametrize(("language", "mend"), [("en", "use seconds above 0 and up to 3600"), ("ja", "0 より大きく")])
async def test_what_is_no_time_is_refused(
    house: FakeInstallation, openai: AsyncOpenAI, wrong: str, language: str, mend: str
) -> None:
    with pytest.raises(BadRequestError) as found:
        await streamed(openai, **{"x-kyozon-within": wrong, "accept-language": language})
    assert found.value.param == "x-kyozon-within"
    assert mend in found.value.message
    assert not house.book.decisions_by_id
