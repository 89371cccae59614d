"""Kept responses hold words of documents: whoever may not read one of these any more has lost the response, too."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from msgspec import structs

from kyozon.bootstrap.world import WORLD
from kyozon.domain.audit import AuditEvent
from kyozon.domain.callers import Caller
from kyozon.domain.errors import KyozonError, NotFound
from kyozon.domain.knowledge import Share
from kyozon.domain.responses import KeptResponse
from kyozon.governance.provenance import LOWEST
from kyozon.services.knowledge.responses import ResponseService
from kyozon.storage.database import Database
from kyozon.storage.journal import PostgresJournal
from kyozon.storage.responses import PostgresResponses
from kyozon.storage.vault import UNSEALED
from tests.fakes.bookshelf import PUBLIC, Bookshelf, person
from tests.fakes.record_samples import a_decision

ANN, BEN, ADMIN = person("ann"), person("ben"), person("root", admin=True)
OUTSIDER = person("ben", tenant="elsewhere", admin=True)
HR = Caller(structs.replace(BEN.key, id="key_hr", roles=frozenset({"hr"})))
TEXT = "words of the document"


class Responses:
    """Responses of Ben's over a real database."""

    def __init__(self, shelf: Bookshelf) -> None:
        self.shelf = shelf
        store = PostgresResponses(shelf.database, UNSEALED)
        self.service = ResponseService(store, shelf.provenance, shelf.registry, WORLD)

    async def decided(self, *sources: str) -> str:
        """A decision of Ben's that was made from these."""
        journal = PostgresJournal(self.shelf.database)
        decision = a_decision(id=WORLD.new_id("dec"), tenant="default", user="ben", sources=sources, label=PUBLIC)
        await journal.open(decision, None)
        await journal.stop()
        return decision.id

    async def kept(self, name: str, *sources: str, text: str = TEXT) -> str:
        """A response of his, made from these."""
        now = WORLD.now()
        body = {"text": text}
        times: Any = {"at": now, "expires_at": now + timedelta(days=1)}
        await self.service.keep(
            KeptResponse(name, "default", "ben", **times, label=LOWEST, sources=sources, body=body, items=(), messages=())
        )
        return name

    async def read(self, caller: Caller, name: str) -> str:
        """Its words, or how it is refused."""
        try:
            return str((await self.service.read(caller, name)).body["text"])
        except KyozonError as error:
            return error.code


@pytest.fixture
def shelf(database: Database) -> Bookshelf:
    return Bookshelf(database)


@pytest.fixture
def responses(shelf: Bookshelf) -> Responses:
    return Responses(shelf)


async def test_who_leaves_the_group_loses_the_response_and_all_that_went_on_from_it(
    shelf: Bookshelf, responses: Responses
) -> None:
    await shelf.groups.add(ADMIN, "legal", "ben")
    document = await shelf.document(ANN, await shelf.collection(ANN, Share("group", "legal")))
    first = await responses.kept("resp_1", await responses.decided(document.id))
    second = await responses.kept("resp_2", await responses.decided(first))
    assert [await responses.read(BEN, name) for name in (first, second)] == [TEXT, TEXT]

    await shelf.groups.remove(ADMIN, "legal", "ben")
    assert [await responses.read(BEN, name) for name in (first, second)] == ["not_found", "not_found"]
    assert await responses.read(ADMIN, first) == TEXT


async def test_who_lost_the_right_to_read_can_still_delete_what_is_his_own(shelf: Bookshelf, responses: Responses) -> None:
    await shelf.groups.add(ADMIN, "legal", "ben")
    document = await shelf.document(ANN, await shelf.collection(ANN, Share("group", "legal")))
    mine, other = [await responses.kept(name, await responses.decided(document.id)) for name in ("resp_1", "resp_2")]
    await shelf.groups.remove(ADMIN, "legal", "ben")

    await responses.service.delete(BEN, mine)
    for somebody, name in ((ANN, other), (OUTSIDER, other), (BEN, mine)):
        with pytest.raises(NotFound):
            await responses.service.delete(somebody, name)
    assert await shelf.count("SELECT count(*) FROM kept_response") == 1
    await responses.service.delete(ADMIN, other)
    assert await shelf.count("SELECT count(*) FROM kept_response") == 0


async def test_another_key_of_the_same_person_needs_the_rights_itself(shelf: Bookshelf, responses: Responses) -> None:
    document = await shelf.document(ANN, await shelf.collection(ANN, Share("role", "hr")))
    name = await responses.kept("resp_1", await responses.decided(document.id))

    assert await responses.read(HR, name) == TEXT
    assert await responses.read(BEN, name) == "not_found"


async def test_a_decision_is_asked_for_as_its_responses_are(shelf: Bookshelf, responses: Responses) -> None:
    papers = await shelf.collection(ANN, Share("user", "ben"))
    document = await shelf.document(ANN, papers)
    decision = await responses.decided(document.id)
    assert await responses.service.may_read(BEN, decision)

    await shelf.collections.unshare(ANN, papers.id, Share("user", "ben"))
    assert not await responses.service.may_read(BEN, decision)
    assert await responses.service.may_read(ANN, decision)
    await shelf.documents.detach(ANN, papers.id, document.file)
    assert not await responses.service.may_read(ANN, decision)


async def test_the_readers_of_a_document_bind_a_response_that_shows_it(shelf: Bookshelf, responses: Responses) -> None:
    papers = await shelf.collection(ANN, Share("everyone"))
    carried, shown = await shelf.document(ANN, papers), await shelf.document(ANN, papers)
    name = await responses.kept("resp_1", await responses.decided(carried.id), shown.id)
    assert await responses.read(BEN, name) == TEXT

    async with shelf.database.writing() as connection:
        await connection.execute("UPDATE document SET readers = '{user:ann}' WHERE id = $1", shown.id)
    assert await responses.read(BEN, name) == "not_found"


async def test_nothing_is_kept_of_a_document_that_was_deleted_meanwhile(shelf: Bookshelf, responses: Responses) -> None:
    papers = await shelf.collection(ANN, Share("user", "ben"))
    early, late = await shelf.document(ANN, papers), await shelf.document(ANN, papers)
    before, after = await responses.decided(early.id), await responses.decided(late.id)
    await responses.kept("resp_1", before)
    for document in (early, late):
        await shelf.documents.detach(ANN, papers.id, document.file)
    await responses.kept("resp_2", after)

    assert await shelf.count("SELECT count(*) FROM kept_response") == 0
    assert [await responses.read(BEN, name) for name in ("resp_1", "resp_2")] == ["not_found", "not_found"]


async def test_nothing_is_kept_of_a_collection_that_has_expired(shelf: Bookshelf, responses: Responses) -> None:
    papers = await shelf.collection(ANN, Share("user", "ben"))
    document = await shelf.document(ANN, papers)
    before, after = await responses.decided(document.id), await responses.decided(document.id)
    await responses.kept("resp_1", before)
    async with shelf.database.writing() as connection:
        await connection.execute("UPDATE collection SET expires_at = now() - interval '1 second'")
    event = AuditEvent("evt_1", WORLD.now(), "collection:expired", "default", "ann", papers.id)
    assert await shelf.gathered.empty("default", papers.id, WORLD.now(), event)
    await responses.kept("resp_2", after)

    assert await shelf.count("SELECT count(*) FROM kept_response") == 0
    assert not await responses.service.may_read(BEN, after)


async def test_who_keeps_waits_for_who_deletes(shelf: Bookshelf, responses: Responses) -> None:
    document = await shelf.document(ANN, await shelf.collection(ANN, Share("user", "ben")))
    decision = await responses.decided(document.id)
    async with shelf.database.writing() as connection:
        await connection.execute("DELETE FROM document WHERE id = $1", document.id)
        keeping = asyncio.create_task(responses.kept("resp_1", decision))
        while not await shelf.count("SELECT count(*) FROM pg_locks WHERE NOT granted"):
            assert not keeping.done()
            await asyncio.sleep(0.01)
    await keeping

    assert await shelf.count("SELECT count(*) FROM kept_response") == 0


async def test_a_name_stands_for_what_it_was_made_from_at_first(shelf: Bookshelf, responses: Responses) -> None:
    document = await shelf.document(ANN, await shelf.collection(ANN, Share("user", "ben")))
    decision = await responses.decided()
    await responses.kept("resp_1", decision)
    await responses.service.delete(BEN, "resp_1")

    await responses.kept("resp_1", decision, document.id, text="words of one more document")
    assert await responses.read(BEN, "resp_1") == "not_found"
    await responses.kept("resp_1", decision)
    assert await responses.read(BEN, "resp_1") == TEXT


async def test_that_a_response_was_given_is_on_record(shelf: Bookshelf, responses: Responses) -> None:
    name = await responses.kept("resp_1", await responses.decided())
    await responses.service.give(BEN, name)

    (where,) = [one.delivery for one in (await shelf.provenance.exposure("default", name)).deliveries]
    assert (where.values, where.user) == ((name,), "ben")
