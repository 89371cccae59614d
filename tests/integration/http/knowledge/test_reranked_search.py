"""A search with a ranker of one's own choice, by OpenAI's client."""

from typing import Any

import openai as sdk
import pytest
from openai import AsyncOpenAI

from kyozon.domain.callers import Caller
from kyozon.domain.knowledge import Share
from tests.fakes.library import Library

LONG, SHORT = "hotel nights are paid up to a hundred a night", "hotel"


@pytest.fixture
async def store(house: Library) -> str:
    house.egress._provenance = house.provenance
    ann = Caller(house.key_store.by_id["key_ann"])
    papers = await house.shelf.collection(ann, Share("user", "ben"))
    for words in (LONG, SHORT):
        await house.shelf.document(ann, papers, words)
    return papers.id


async def _searched(client: AsyncOpenAI, store: str, ranker: str | None, **more: Any) -> Any:
    options: Any = {"ranker": ranker, **more} if ranker else more
    return await client.vector_stores.search(store, query="hotel nights a hundred", ranking_options=options)


async def test_the_ranker_that_is_named_is_asked(ann: AsyncOpenAI, house: Library, store: str) -> None:
    page = await _searched(ann, store, "reranker")
    assert [one.content[0].text for one in page.data] == [SHORT, LONG]
    assert page.model_extra["reranked"] is True
    assert [one.score for one in page.data] == [1 / 6, 1 / (1 + len(LONG))]
    (found,) = (await _searched(ann, store, "reranker", score_threshold=0.1)).data
    assert found.content[0].text == SHORT
    assert len(house.reranker.calls) == 2


@pytest.mark.parametrize("ranker", [None, "none", "auto", "default-2024-11-15"])
async def test_nobody_is_asked_unless_somebody_is_named(
    ann: AsyncOpenAI, house: Library, store: str, ranker: str | None
) -> None:
    page = await _searched(ann, store, ranker)
    assert page.data[0].content[0].text == LONG
    assert page.model_extra["reranked"] is False
    assert house.reranker.calls == []


@pytest.mark.parametrize(("ranker", "status"), [("nobody", 404), ("in-house", 400)])
async def test_a_name_that_reranks_nothing_is_refused(ann: AsyncOpenAI, store: str, ranker: str, status: int) -> None:
    with pytest.raises(sdk.APIStatusError) as refused:
        await _searched(ann, store, ranker)
    assert refused.value.status_code == status


async def test_answers_may_have_a_ranker_too(ann: AsyncOpenAI, house: Library, store: str) -> None:
    tool: Any = {"type": "file_search", "vector_store_ids": [store], "ranking_options": {"ranker": "reranker"}}
    shown: Any = ["file_search_call.results"]
    asked = {"model": "in-house", "input": "hotel nights a hundred?", "store": False}
    response = await ann.responses.create(**asked, tools=[tool], include=shown)  # type: ignore[call-overload]
    call: Any = response.output[0]
    assert [one.text for one in call.results] == [SHORT, LONG]
    assert len(house.reranker.calls) == 1
