"""Two worlds that differ in one document that a reader may not see answer him the same, byte for byte, on every route."""

import re
from typing import Any

import aiohttp

from kyozon.domain.knowledge import Collection, Share
from kyozon.domain.labels import Label, Level, parse_clearance
from kyozon.services.knowledge.documents import Attaching
from kyozon.storage.database import Database
from tests.fakes.bookshelf import PUBLIC, person
from tests.fakes.library import Library
from tests.fakes.served import served

ANN, CLEARED = person("ann"), parse_clearance("confidential+*")
WORDS = ("出張の宿泊費は一泊一万二千円までとする。", "有給休暇は半日単位で取得できる。", "宿泊先は各自で予約する。")
SECRET = "宿泊費の上限は役員のみ三万円とする。" * 3
CHANGING = re.compile(rb'"(?:created_at|last_active_at|completed_at)":\d+(?:\.\d+)?|"(?:resp|msg|fs|rs|dec)_\w+"|\bdec_\w+')
WHY = ("readers", "label", "another collection", "another tenant", "on its way", "gone")


async def told(url: str, shelf: Collection, names: list[str]) -> list[tuple[int, bytes]]:
    """What Ben is answered by every route that reads, without times and the names of answers."""
    store = f"/v1/vector_stores/{shelf.id}"
    search: dict[str, Any] = {"query": "宿泊費の上限は？", "max_num_results": 2}
    either = {"type": "eq", "key": "topic", "value": "hotel"}
    asked: list[tuple[str, str, Any]] = [
        *(("GET", path, None) for path in ("/v1/files", "/v1/vector_stores", "/v1/vector_stores?limit=1", store)),
        *(("GET", f"{store}/files{query}", None) for query in ("", "?limit=1", "?limit=3&order=asc", "?filter=completed")),
        *(("GET", f"{store}/files?filter={state}", None) for state in ("in_progress", "failed", "cancelled")),
        *(("GET", f"{store}/files/{name}{part}", None) for name in names for part in ("", "/content")),
        ("POST", f"{store}/search", search),
        ("POST", f"{store}/search", {**search, "query": ["宿泊費", "役員"], "max_num_results": 50}),
        ("POST", f"{store}/search", {**search, "filters": either}),
        ("POST", f"{store}/search", {**search, "ranking_options": {"score_threshold": 0.5}}),
        ("POST", f"{store}/search", {**search, "ranking_options": {"ranker": "reranker"}}),
        ("POST", "/v1/responses", response(shelf, "宿泊費の上限は？")),
        ("POST", "/v1/responses", response(shelf, "役員の宿泊費は三万円ですか？")),
    ]
    found = []
    async with aiohttp.ClientSession(url, headers={"authorization": "Bearer ky-ben"}) as http:
        for method, path, body in asked:
            async with http.request(method, path, json=body) as answer:
                found.append((answer.status, CHANGING.sub(b"", await answer.read())))
    return found


def response(shelf: Collection, question: str) -> dict[str, Any]:
    tool = {"type": "file_search", "vector_store_ids": [shelf.id]}
    shown = ["file_search_call.results"]
    return {"model": "in-house", "input": question, "tools": [tool], "include": shown, "store": False}


async def hide(library: Library, shelf: Collection, why: str) -> None:
    """One more document, which Ben may not see for this reason; it fits what he looks for better than all others."""
    books, cho = library.shelf, person("cho", tenant="elsewhere")
    if why == "readers":
        await books.document(ANN, shelf, SECRET, readers="group:board,user:cho")
    elif why == "label":
        await books.document(ANN, shelf, SECRET, label=Label(Level.RESTRICTED))
    elif why == "another collection":
        await books.document(ANN, await books.collection(ANN), SECRET)
    elif why == "another tenant":
        await books.document(cho, await books.collection(cho, Share("everyone"), Share("user", "ben")), SECRET)
    elif why == "on its way":
        file, shut = await books.file(ANN, SECRET), {"kyozon:readers": "user:cho"}
        await books.documents.attach(ANN, shelf.id, file.id, Attaching(shut))
    else:
        document = await books.document(ANN, shelf, SECRET)
        await books.files.delete(ANN, document.file)


async def test_what_a_reader_may_not_see_changes_no_byte_of_what_he_is_told(database: Database) -> None:
    library = Library(database)
    library.key("ben", clearance=CLEARED)
    library.egress._provenance = library.provenance
    shelf = await library.shelf.collection(ANN, Share("user", "ben"), label=PUBLIC)
    names = [(await library.shelf.document(ANN, shelf, words)).file for words in WORDS]
    async with served(library) as url:
        before = await told(url, shelf, names)
        (asked,) = library.reranker.calls
        for why in WHY:
            await hide(library, shelf, why)
            assert await told(url, shelf, names) == before, why
            assert library.reranker.calls[-1] == asked, why
    assert [body for status, body in before if status != 200] == []
    found = b"".join(body for _, body in before)
    assert found.count(WORDS[0].encode()) == 7  # its content, five searches, and what the answer rests on
    assert len(library.reranker.calls) == 1 + len(WHY)
    assert SECRET.encode() not in found
