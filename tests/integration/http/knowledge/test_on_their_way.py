"""A refusal says how many documents could not be searched yet: of those alone that whoever asks may read."""

from typing import Any

import pytest
from openai import AsyncOpenAI

from kyozon.domain.knowledge import Collection, Share
from kyozon.domain.labels import parse_clearance
from kyozon.services.knowledge.documents import Attaching
from tests.fakes.bookshelf import CONFIDENTIAL, person
from tests.fakes.library import Library

QUESTION = "How often are passwords changed?"
HER = person("ann")


async def waiting(house: Library, papers: Collection, label: Any = None, **attributes: str) -> None:
    """A file of Ann's that nobody has begun to read."""
    file = await house.shelf.file(HER, **({} if label is None else {"label": label}))
    await house.shelf.documents.attach(HER, papers.id, file.id, Attaching(dict(attributes)))


async def told(client: AsyncOpenAI, *stores: str, stream: bool = False) -> dict[str, Any]:
    """What is said of an answer."""
    asked: Any = {"model": "in-house", "input": QUESTION, "store": False}
    asked["tools"] = [{"type": "file_search", "vector_store_ids": list(stores)}]
    if stream:
        async with client.responses.stream(**asked) as events:
            response: Any = await events.get_final_response()
    else:
        response = await client.responses.create(**asked)
    return dict(response.to_dict()["kyozon"])


@pytest.fixture
async def papers(house: Library) -> Collection:
    """A collection of Ann's, open to everybody, with one document that is on its way."""
    found = await house.shelf.collection(HER, Share("everyone"))
    await waiting(house, found)
    return found


@pytest.mark.parametrize("stream", [False, True])
async def test_a_refusal_counts_what_its_reader_may_read(
    house: Library,
    ann: AsyncOpenAI,
    ben: AsyncOpenAI,
    papers: Collection,
    stream: bool,  # noqa: FBT001 - a parameter
) -> None:
    other = await house.shelf.collection(HER)
    await waiting(house, other)
    assert (await told(ben, papers.id, stream=stream))["on_their_way"] == 1
    assert (await told(ann, papers.id, other.id, stream=stream))["on_their_way"] == 2


async def test_what_is_closed_to_a_reader_is_not_counted_for_him(
    house: Library, ann: AsyncOpenAI, ben: AsyncOpenAI, papers: Collection
) -> None:
    await waiting(house, papers, **{"kyozon:readers": "user:cho"})
    assert [(await told(one, papers.id))["on_their_way"] for one in (ann, ben)] == [2, 1]
    await waiting(house, papers, CONFIDENTIAL)
    house.key("ben", clearance=parse_clearance("internal"))
    house.key("ann", clearance=parse_clearance("internal"))
    assert [(await told(one, papers.id))["on_their_way"] for one in (ann, ben)] == [2, 1]
