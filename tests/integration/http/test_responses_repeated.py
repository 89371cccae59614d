"""Requests for a response that come again: nothing is paid for twice, and rights are those of now."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from openai import AsyncOpenAI, NotFoundError

from tests.fakes.documents import LEAVE, WIFI, AnsweringInstallation, passage
from tests.fakes.scripted import says
from tests.fakes.served import served

SEARCH = {"type": "file_search", "vector_store_ids": ["vs_1"]}
QUESTION = "How often are passwords changed?"
ANSWER = "Passwords are changed every 90 days [1]."
GOES_ON: list[dict[str, str]] = [
    {"role": "user", "content": "Tell me about the passwords"},
    {"role": "assistant", "content": "They exist."},
    {"role": "user", "content": "How often are they changed?"},
]


@pytest.fixture
def house() -> AnsweringInstallation:
    made = AnsweringInstallation([passage("doc_leave", LEAVE), passage("doc_wifi", WIFI)])
    made.chats["local"].scripts = [says(ANSWER)]
    return made


@pytest.fixture
async def url(house: AnsweringInstallation) -> AsyncIterator[str]:
    async with served(house) as base:
        yield base
    await house.drain()


async def posted(url: str, body: object, **headers: str) -> tuple[int, Any]:
    """What a client that is nobody's SDK gets; `_` stands for `-` in headers."""
    named = {"authorization": "Bearer ky-test"} | {name.replace("_", "-"): value for name, value in headers.items()}
    async with aiohttp.ClientSession(url, headers=named) as session, session.post("/v1/responses", json=body) as found:
        return found.status, await found.json()


async def test_a_search_that_may_not_be_is_refused_before_a_model_is_asked(
    openai: AsyncOpenAI, house: AnsweringInstallation
) -> None:
    elsewhere: Any = [{"type": "file_search", "vector_store_ids": ["vs_2"]}]
    with pytest.raises(NotFoundError, match="vs_2"):
        await openai.responses.create(model="in-house", input=GOES_ON, tools=elsewhere)  # type: ignore[arg-type]

    assert house.sent == []
    assert house.book.decisions_by_id == {}


@pytest.mark.parametrize("stream", [False, True])
async def test_the_sdks_retry_of_a_question_that_goes_on_is_rewritten_and_looked_for_once(
    house: AnsweringInstallation,
    url: str,
    stream: bool,  # noqa: FBT001 - a parameter
) -> None:
    house.chats["local"].scripts = [says("How often are the passwords changed?"), says(ANSWER)]
    body = {"model": "in-house", "tools": [SEARCH], "input": GOES_ON}
    async with aiohttp.ClientSession(url, headers={"authorization": "Bearer ky-test"}) as session:
        given = []
        for tried in ("0", "1"):
            again = {"x-stainless-retry-count": tried}
            async with session.post("/v1/responses", json=body | {"stream": stream}, headers=again) as found:
                assert found.status == 200
                given.append(await found.text())
        house.search.passages = house.search.passages[:1]
        async with session.post("/v1/responses", json=body, headers={"x-stainless-retry-count": "0"}) as other:
            assert other.status == 200

    for said in given:
        assert "Passwords are changed every 90 days" in said
    assert [decision.purpose for decision in house.book.decisions_by_id.values()][:2] == ["rewrite-question", ""]
    assert len(house.search.asked) == 2  # not for the retry, but for what is no retry


async def test_an_answer_is_given_again_whatever_else_has_come_and_that_is_recorded(
    house: AnsweringInstallation, url: str
) -> None:
    body = {"model": "in-house", "tools": [SEARCH], "input": QUESTION}
    everything = house.search.passages
    house.search.passages = everything[1:]
    first = await posted(url, body, idempotency_key="a")
    before = len(house.stored.delivered)
    house.search.passages = everything
    second = await posted(url, body, idempotency_key="a")

    assert (first[0], second[0]) == (200, 200)
    assert second[1]["output"] == first[1]["output"]
    assert len(house.book.decisions_by_id) == 1
    assert [delivery.values for delivery in house.stored.delivered[before:]] == [("doc_wifi",)]


async def test_an_answer_is_not_given_again_once_its_documents_are_shut(house: AnsweringInstallation, url: str) -> None:
    body = {"model": "in-house", "tools": [SEARCH], "input": QUESTION}
    await posted(url, body, idempotency_key="a")
    house.responses.shut = True
    status, refused = await posted(url, body, idempotency_key="a")

    assert status == 409
    assert "cannot read any more" in refused["error"]["message"]
