"""Who waits for a document keeps nobody else waiting: not for the count of changes, another document, or an answer."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from kyozon.bootstrap.world import WORLD
from kyozon.domain.audit import AuditEvent
from kyozon.domain.knowledge import Document, Failure, Parsed, Share
from kyozon.ports.knowledge_ingestion import Job
from kyozon.ports.records import KeptAnswer
from kyozon.services.knowledge.documents import Attaching
from kyozon.services.provenance import Wish
from kyozon.storage.audit.forgetting import Forgetting
from kyozon.storage.database import Database
from kyozon.storage.journal import PostgresJournal
from kyozon.storage.keys import PostgresKeyStore
from kyozon.storage.knowledge.ingestion import PostgresIngestion
from kyozon.storage.knowledge.reindexing import PostgresReindexing
from kyozon.storage.master_keys import MasterKeys
from tests.fakes.bookshelf import CONFIDENTIAL, Bookshelf, person
from tests.fakes.record_samples import a_decision, an_outcome

ANN, BEN, ADMIN = person("ann"), person("ben"), person("root", admin=True)
COUNT = "SELECT FROM knowledge_version WHERE tenant = $1 FOR UPDATE"
WAITS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


class Shelf(Bookshelf):
    """Ann's two documents in one collection, both of which only she reads, and a third that is to replace the second."""

    async def fill(self) -> None:
        await PostgresKeyStore(self.database).add(ANN.key)
        self.papers = await self.collections.get(ANN, (await self.collection(ANN)).id)
        self.both = [await self.document(ANN, self.papers, readers="user:ann") for _ in range(2)]
        self.both.sort(key=lambda document: document.id)
        self.event = AuditEvent("evt_x", WORLD.now(), "collection:reindexed", "default", "ann", "x", {"key": ANN.key.id})

    async def answered(self) -> None:
        """What Ann was answered from her last document is kept for her."""
        decision = a_decision(tenant="default", user="ann", key_id=ANN.key.id, sources=(self.last.id,))
        journal, until = PostgresJournal(self.database), WORLD.now() + timedelta(hours=1)
        await journal.open(decision, None)
        kept = KeptAnswer(ANN.key.id, "again", "0" * 64, decision.id, "answer/openai", b"words", until)
        await journal.close(an_outcome(decision), (), kept)

    @property
    def last(self) -> Document:
        return self.both[-1]

    async def held(self, tmp_path: Path) -> tuple[PostgresIngestion, Job]:
        """The next document that waits."""
        store = PostgresIngestion(self.database, "srv_test", tmp_path)
        job = await store.claim("")
        assert job is not None
        return store, job


@pytest.fixture
async def shelf(database: Database) -> Shelf:
    made = Shelf(database)
    await made.fill()
    return made


@asynccontextmanager
async def locked(shelf: Shelf, statement: str, name: str) -> AsyncIterator[Any]:
    """Somebody else's transaction, which holds rows."""
    async with shelf.database.alone() as other, other.transaction():
        await other.execute(statement, name)
        yield other


async def waits(shelf: Shelf, *, so_many: int = 1) -> None:
    async with asyncio.timeout(20):
        while await shelf.count(WAITS) < so_many:  # noqa: ASYNC110 - a lock signals nothing
            await asyncio.sleep(0.01)


async def publishing(shelf: Shelf, folder: Path) -> Coroutine[Any, Any, object]:
    new = await shelf.file(ANN, "new")
    await shelf.documents.attach(ANN, shelf.papers.id, new.id, Attaching(replaces=shelf.last.file))
    store, job = await shelf.held(folder)
    assert await store.draft(job, "made from", Parsed("new"), ())
    return store.publish(job)


async def switching(shelf: Shelf, _: Path) -> Coroutine[Any, Any, object]:
    store = PostgresReindexing(shelf.database)
    assert await store.reindex("default", shelf.papers.id, "other", shelf.event)
    async with shelf.database.reading() as connection:
        await connection.execute("UPDATE document SET embedded_for = 'other'")
    return store.switch()


async def attaching(shelf: Shelf, _: Path) -> Coroutine[Any, Any, object]:
    return shelf.documents.attach_batch(ANN, shelf.papers.id, [(one.file, Attaching({"a": "b"})) for one in shelf.both])


async def erasing(shelf: Shelf, folder: Path) -> Coroutine[Any, Any, object]:
    return Forgetting(shelf.database, MasterKeys(folder / "keys"), WORLD).erase("default", "ann")


async def changing(shelf: Shelf, _: Path) -> Coroutine[Any, Any, object]:
    return shelf.documents.update(ANN, shelf.papers.id, shelf.last.file, {"a": "b"})


async def changing_readers(shelf: Shelf, _: Path) -> Coroutine[Any, Any, object]:
    return shelf.documents.update(ANN, shelf.papers.id, shelf.last.file, {"kyozon:readers": "user:ben"})


async def detaching(shelf: Shelf, _: Path) -> Coroutine[Any, Any, object]:
    return shelf.documents.detach(ANN, shelf.papers.id, shelf.last.file)


async def deleting(shelf: Shelf, _: Path) -> Coroutine[Any, Any, object]:
    return shelf.collections.delete(ANN, shelf.papers.id)


async def deleting_the_file(shelf: Shelf, _: Path) -> Coroutine[Any, Any, object]:
    return shelf.files.delete(ANN, shelf.last.file)


async def relabelling(shelf: Shelf, _: Path) -> Coroutine[Any, Any, object]:
    return shelf.provenance.raise_label(Wish("default", shelf.last.file, CONFIDENTIAL, "ann", "names a customer"))


@pytest.mark.parametrize(
    "way",
    [publishing, switching, attaching, erasing, changing, detaching, deleting, deleting_the_file, relabelling],
)
async def test_who_waits_for_a_document_does_not_have_the_count(shelf: Shelf, tmp_path: Path, way: Any) -> None:
    doing = await way(shelf, tmp_path)
    document = "SELECT FROM document WHERE id = $1 FOR UPDATE"
    async with asyncio.TaskGroup() as tasks, locked(shelf, document, shelf.last.id) as other:
        tasks.create_task(doing)
        await waits(shelf)
        await other.execute("SELECT FROM knowledge_version FOR UPDATE NOWAIT")
        await other.execute("LOCK TABLE audit_event IN ROW EXCLUSIVE MODE NOWAIT")


@pytest.mark.parametrize("way", ["share", "unshare"])
async def test_who_waits_for_a_person_has_no_collection(shelf: Shelf, way: str) -> None:
    await shelf.answered()
    papers = await shelf.collection(BEN, Share("user", "ann"))
    person = "SELECT FROM data_subject WHERE name = $1 FOR UPDATE"
    async with asyncio.TaskGroup() as tasks, locked(shelf, person, "ann") as other:
        tasks.create_task(getattr(shelf.collections, way)(BEN, papers.id, Share("user", "ann", "write")))
        await waits(shelf)
        await other.execute("SELECT FROM collection WHERE id = $1 FOR UPDATE NOWAIT", papers.id)


async def test_who_waits_for_a_collection_has_no_document_of_it(shelf: Shelf, tmp_path: Path) -> None:
    new = await shelf.file(ANN, "new")
    attached = await shelf.documents.attach(ANN, shelf.papers.id, new.id, Attaching(replaces=shelf.last.file))
    store, job = await shelf.held(tmp_path)
    renews = structs.replace(job, renews=True)
    collection = "SELECT FROM collection WHERE id = $1 FOR UPDATE"
    for doing in (store.fail(renews, Failure("server_error", "x", "x")), store.publish(job)):
        async with asyncio.TaskGroup() as tasks, locked(shelf, collection, shelf.papers.id) as other:
            tasks.create_task(doing)
            await waits(shelf)
            names = [attached.id, shelf.last.id]
            await other.execute("SELECT FROM document WHERE id = ANY($1) FOR UPDATE NOWAIT", names)


@pytest.mark.parametrize("way", [changing_readers, detaching, deleting, deleting_the_file])
async def test_who_is_erased_while_a_document_of_hers_changes_waits_for_it_and_for_nothing_else(
    shelf: Shelf, tmp_path: Path, way: Any
) -> None:
    """Whoever has the document deletes the answers that were made from it next."""
    await shelf.answered()
    change, erasure = await way(shelf, tmp_path), await erasing(shelf, tmp_path)
    async with asyncio.TaskGroup() as tasks, locked(shelf, COUNT, "default"):
        tasks.create_task(change)
        await waits(shelf)  # It has the document, and not yet the count.
        tasks.create_task(erasure)
        await waits(shelf, so_many=2)
    assert await shelf.count("SELECT count(*) FROM kept_answer") == 0
    assert await shelf.count("SELECT count(*) FROM data_subject WHERE name = 'ann'") == 0


async def test_who_is_erased_while_a_share_with_her_ends_waits_for_it_and_for_nothing_else(
    shelf: Shelf, tmp_path: Path
) -> None:
    """Whoever has the share writes down next with whom it was."""
    await shelf.answered()
    await PostgresKeyStore(shelf.database).add(BEN.key)
    papers = await shelf.collection(BEN, Share("user", "ann"))
    await shelf.document(BEN, papers)
    end, erasure = shelf.collections.unshare(BEN, papers.id, Share("user", "ann")), await erasing(shelf, tmp_path)
    async with asyncio.TaskGroup() as tasks, locked(shelf, COUNT, "default"):
        tasks.create_task(end)
        await waits(shelf)
        tasks.create_task(erasure)
        await waits(shelf, so_many=2)
    assert await shelf.count("SELECT count(*) FROM collection_share") == 0
    assert await shelf.count("SELECT count(*) FROM data_subject WHERE name = 'ann'") == 0
