"""Words of a document that others may not read: on no route, in no error, header, log, metric or event, to nobody."""

import asyncio
import logging
from typing import Any

import aiohttp
import pytest
from msgspec import structs
from starlette.routing import Route

from kyozon.domain.knowledge import Document, Share
from kyozon.domain.labels import Label, Level, parse_clearance
from kyozon.http.app import all_routes
from kyozon.services.knowledge.collections import NewCollection
from kyozon.services.knowledge.documents import Attaching
from kyozon.services.knowledge.files import NewFile
from kyozon.storage.database import Database
from tests.fakes.bookshelf import bytes_of, person
from tests.fakes.library import Library
from tests.fakes.served import served

ANN = person("ann")
WORD, TITLE, TOPIC, SHELF, NOTE = (f"kanarienvogel{name}" for name in ("wort", "titel", "thema", "regal", "notiz"))
QUESTION = "What does the report say of the birds?"
TEXT = f"The report says of the birds: {WORD} is the word. It is a secret of the birds."
STRANGERS = ("ben", "sharing", "low", "abroad")


@pytest.fixture
def library(database: Database) -> Library:
    """Ben has no rights; another shares a store but not the document; Ann has a low key; somebody is abroad."""
    found = Library(database)
    found.egress._provenance = found.provenance
    for name in ("ann", "ben", "sharing"):
        found.key(name)
    low = structs.replace(found.key("low"), user="ann", clearance=parse_clearance("internal"))
    abroad = structs.replace(found.key("abroad", tenant="elsewhere"), user="ann", admin=True)
    found.key_store.by_id |= {low.id: low, abroad.id: abroad}
    return found


async def shut(library: Library) -> Document:
    """Ann's document, with a word in each place where one can stand."""
    shelf, secret = library.shelf, Label(Level.CONFIDENTIAL)
    new = NewCollection(
        SHELF, secret, "embedder", description=NOTE, metadata={"note": NOTE}, shares=(Share("user", "sharing"),)
    )
    papers = await shelf.collections.create(ANN, new)
    file = await shelf.files.add(ANN, NewFile(f"{TITLE}.txt", label=secret), bytes_of(TEXT.encode()))
    attributes = {"topic": TOPIC, "kyozon:readers": "group:board"}
    return await shelf.taken_in(await shelf.documents.attach(ANN, papers.id, file.id, Attaching(attributes)), TEXT)


def bodies(document: Document, answer: str) -> list[dict[str, Any]]:
    """What a stranger may send, to every route that takes any of it."""
    tool = {"type": "file_search", "vector_store_ids": [document.collection]}
    named = {"type": "eq", "key": "topic", "value": "x"}
    own = {"model": "in-house", "messages": [{"role": "user", "content": QUESTION}], "max_tokens": 9}
    return [
        {},
        {"query": QUESTION, "filters": named},
        {"query": [QUESTION, "word"], "max_num_results": 50},
        {"file_id": document.file, "attributes": {}},
        {"file_ids": [document.file]},
        {"model": "in-house", "input": QUESTION, "tools": [tool], "include": ["file_search_call.results"]},
        {"model": "in-house", "input": "And then?", "previous_response_id": answer},
        {"model": document.collection, "input": QUESTION},
        {**own, "metadata": {"kyozon_sources": document.id}},
        {**own, "model": document.file},
        {"label": "restricted", "reason": "why", "purpose": "why"},
        {"decision": answer, "verdict": "good"},
        {"name": "mine", "kind": "everyone", "embedder": "embedder"},
    ]


def asked(document: Document, answer: str) -> list[tuple[str, str, Any]]:
    """Every route there is, with the names of what is Ann's wherever a name stands."""
    names = (document.collection, document.file, document.id, answer)
    found: list[tuple[str, str, Any]] = []
    for route in (one for one in all_routes() if isinstance(one, Route)):
        for method in (route.methods or set()) - {"HEAD"}:
            first = names if route.param_convertors else names[:1]
            sent = bodies(document, answer) if method in ("POST", "PUT") else [None]
            found += [(method, _path(route, name, document), body) for name in first for body in sent]
    found += [("GET", f"{path}?after={document.file}", None) for path in ("/v1/files", "/v1/vector_stores")]
    return [one for one in found if one[1] != "/metrics"]


def _path(route: Route, name: str, document: Document) -> str:
    path = route.path
    for parameter in route.param_convertors:
        other = document.file if parameter == "file_id" else name
        path = path.replace(f"{{{parameter}}}", other).replace(f"{{{parameter}:path}}", other)
    return path


async def answered(url: str, key: str, document: Document, answer: str) -> list[bytes]:
    """All that a key is told."""
    turns, heard = asyncio.Semaphore(8), list[bytes]()
    async with aiohttp.ClientSession(url, headers={"authorization": f"Bearer ky-{key}"}) as http:

        async def ask(method: str, path: str, body: Any) -> None:
            async with turns, http.request(method, path, json=body) as response:
                heard.append(str(response.headers).encode() + await response.read())

        await asyncio.gather(*(ask(*one) for one in asked(document, answer)))
    return heard


async def by_ann(url: str, document: Document) -> None:
    """She has an answer from her document, with its words."""
    tool = {"type": "file_search", "vector_store_ids": [document.collection]}
    body = {
        "model": "in-house",
        "input": QUESTION,
        "tools": [tool],
        "include": ["file_search_call.results"],
        "store": False,
    }
    async with aiohttp.ClientSession(url, headers={"authorization": "Bearer ky-ann"}) as http:
        async with http.post("/v1/responses", json=body) as response:
            said = await response.read()
        assert (response.status, WORD in said.decode()) == (200, True)


def words_in(told: bytes, *passing: str) -> set[str]:
    return {word for word in (WORD, TITLE, TOPIC, SHELF, NOTE) if word not in passing and word.encode() in told}


async def test_no_word_reaches_anybody_who_may_not_read_it(library: Library, caplog: pytest.LogCaptureFixture) -> None:
    """Who shares the store reads what it is called, and nothing of the document."""
    document = await shut(library)
    with caplog.at_level(logging.DEBUG):
        async with served(library) as url:
            await by_ann(url, document)
            answer = max(library.book.decisions_by_id)
            told = {key: b"".join(await answered(url, key, document, answer)) for key in STRANGERS}
            await by_ann(url, document)
    async with library.shelf.database.reading() as connection:
        events = [str(row["body"]) for row in await connection.fetch("SELECT body FROM audit_event")]
    assert {key: words_in(told[key]) for key in ("ben", "low", "abroad")} == {"ben": set(), "low": set(), "abroad": set()}
    assert words_in(told["sharing"]) == {SHELF, NOTE}
    kept = [str(library.access), library.metrics.exposition().decode(), caplog.text, str(events)]
    kept += [str(library.book.decisions_by_id), str(library.book.outcomes), str(library.trail.events)]
    assert [words_in(one.encode()) for one in kept] == [set()] * len(kept)
