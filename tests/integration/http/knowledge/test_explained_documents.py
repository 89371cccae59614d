"""A decision's documents have names for those who may see them at this moment; everybody else reads identifiers."""

from typing import Any

import aiohttp
import pytest
from msgspec import structs

from kyozon.domain.knowledge import Collection, Document, Share
from kyozon.domain.labels import Label, Level
from kyozon.services.knowledge.documents import Attaching
from kyozon.services.provenance import Wish
from tests.fakes.bookshelf import person
from tests.fakes.library import Library
from tests.integration.http.knowledge.test_two_worlds import response

ANN = person("ann")
WORDS = "有給休暇は半日単位で取得できる。"


@pytest.fixture
async def shelf(house: Library) -> Collection:
    house.egress._provenance = house.provenance
    house.key("cho", admin=True)
    return await house.shelf.collection(ANN, Share("user", "ben"))


@pytest.fixture
async def document(house: Library, shelf: Collection) -> Document:
    return await house.shelf.document(ANN, shelf, WORDS)


async def explained(url: str, who: str, decision: str) -> tuple[list[dict[str, str]], str]:
    """What the documents are called for somebody, and all that he is told."""
    async with (
        aiohttp.ClientSession(url, headers={"authorization": f"Bearer ky-{who}"}) as http,
        http.get(f"/kyozon/v1/decisions/{decision}") as answer,
    ):
        found: dict[str, Any] = await answer.json()
        return found["documents"], await answer.text()


async def asked(url: str, shelf: Collection) -> str:
    """A question of Ben's about the documents; the decision about it."""
    async with (
        aiohttp.ClientSession(url, headers={"authorization": "Bearer ky-ben"}) as http,
        http.post("/v1/responses", json=response(shelf, "有給休暇は半日単位で取得できますか？")) as answer,
    ):
        return str((await answer.json())["kyozon"]["decision"])


async def test_a_document_is_named_while_its_reader_may_see_it(
    house: Library, url: str, shelf: Collection, document: Document
) -> None:
    decision = await asked(url, shelf)
    name = {
        "document": document.id,
        "file": document.file,
        "filename": "words.txt",
        "collection": shelf.id,
        "collection_name": "Papers",
    }
    assert (await explained(url, "ben", decision))[0] == [name]

    await house.shelf.collections.unshare(ANN, shelf.id, Share("user", "ben"))
    names, whole = await explained(url, "ben", decision)
    assert names == []
    assert document.id in whole
    assert "words.txt" not in whole
    assert "Papers" not in whole
    assert (await explained(url, "cho", decision))[0] == [name]


@pytest.mark.parametrize("why", ["readers", "label", "deleted"])
async def test_what_was_hidden_since_then_is_an_identifier_again(
    house: Library, url: str, shelf: Collection, document: Document, why: str
) -> None:
    house.key("ben", clearance=structs.replace(ANN.key.clearance, level=Level.CONFIDENTIAL))
    decision = await asked(url, shelf)
    assert len((await explained(url, "ben", decision))[0]) == 1
    if why == "readers":
        shut = {"kyozon:readers": "group:board"}
        await house.shelf.documents.update(ANN, shelf.id, document.file, shut)
    elif why == "label":
        wish = Wish("default", document.id, Label(Level.RESTRICTED), "ann", "test")
        await house.provenance.raise_label(wish)
    else:
        await house.shelf.files.delete(ANN, document.file)
    names, whole = await explained(url, "ben", decision)
    assert names == []
    assert document.id in whole
    assert "words.txt" not in whole


async def test_only_documents_are_named(house: Library, url: str, shelf: Collection) -> None:
    await house.shelf.document(ANN, shelf, WORDS)
    file = await house.shelf.file(ANN, "other words")
    await house.shelf.documents.attach(ANN, shelf.id, file.id, Attaching())  # nobody has read it yet
    assert len((await explained(url, "ben", await asked(url, shelf)))[0]) == 1
