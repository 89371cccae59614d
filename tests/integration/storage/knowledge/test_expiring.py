"""What nobody wants any longer goes by itself, and leaves no words behind."""

from datetime import timedelta

import pytest

from kyozon.bootstrap.world import WORLD
from kyozon.domain.audit import AuditEvent
from kyozon.ports.knowledge import Chosen, CollectionChange, Page
from kyozon.services.knowledge.documents import Attaching
from kyozon.services.knowledge.expiring import Expiring
from kyozon.services.knowledge.files import NewFile
from kyozon.storage.database import Database
from kyozon.storage.journal import PostgresJournal
from kyozon.storage.knowledge.uploads import PostgresUploads
from tests.fakes.bookshelf import Bookshelf, bytes_of, person
from tests.fakes.record_samples import a_decision

ANN = person("ann")
EXPIRED = "SELECT count(*) FROM audit_event WHERE action LIKE '%:expired' AND body->>'object' = ANY($1)"
IDLE = """
UPDATE collection SET body = body || '{"expires_days": 3}', last_active_at = now() - make_interval(days => 1) * $1::float8,
    expires_at = now() + make_interval(days => 1) * (3 - $1::float8)
WHERE $2::text IS NULL OR id = $2
"""


@pytest.fixture
def shelf(database: Database) -> Bookshelf:
    return Bookshelf(database)


async def test_files_go_at_their_time(shelf: Bookshelf) -> None:
    now = WORLD.now()
    short = await shelf.files.add(ANN, NewFile("a.txt", expires_at=now - timedelta(seconds=1)), bytes_of(b"a"))
    long = await shelf.files.add(ANN, NewFile("a.txt", expires_at=now + timedelta(days=1)), bytes_of(b"a"))

    await _expire(shelf)

    assert [file.id for file in (await shelf.files.list(ANN, None, Page()))[0]] == [long.id]
    assert await shelf.count(EXPIRED, [short.id]) == 1


async def test_what_is_in_a_collection_goes_at_its_time_and_its_list_stays(shelf: Bookshelf) -> None:
    idle, used = await shelf.collection(ANN), await shelf.collection(ANN)
    gone, other = await shelf.document(ANN, idle), await shelf.document(ANN, used)
    waiting = await shelf.documents.attach(ANN, idle.id, (await shelf.file(ANN)).id, Attaching())
    await _idle_for(shelf, 2.9)
    await shelf.collections.used(ANN, (used.id,))
    await _idle_for(shelf, 3.1, idle.id)
    await shelf.collections.used(ANN, (idle.id,))  # too late

    await _expire(shelf)
    await _expire(shelf)

    assert await shelf.count(EXPIRED, [idle.id]) == 1
    assert (await shelf.collections.get(ANN, used.id)).expires_days == 3
    listed, _ = await shelf.documents.list(ANN, Chosen(idle.id), Page(ascending=True))
    assert [(one.file, one.status, one.bytes) for one in listed] == [
        (gone.file, "cancelled", 0),
        (waiting.file, "cancelled", 0),
    ]
    assert (await shelf.files.get(ANN, gone.file)).id == gone.file
    for table in ("document_text", "chunk", "chunk_vector"):
        left = f"SELECT count(*) FROM {table} WHERE document_id = ANY($1)"  # noqa: S608 - constants
        assert await shelf.count(left, [gone.id, waiting.id]) == 0, table
        assert await shelf.count(left, [other.id]) == 1, table
    went = "SELECT count(*) FROM document_gone g JOIN knowledge_version v USING (tenant, version) WHERE g.id = $1"
    assert await shelf.count(went, gone.id) == 1
    assert await shelf.count("SELECT count(*) FROM document_gone") == 1


async def test_one_that_was_used_meanwhile_is_left_as_it_is(shelf: Bookshelf) -> None:
    papers = await shelf.collection(ANN)
    document = await shelf.document(ANN, papers)
    await _idle_for(shelf, 3.1)
    (expired,) = await shelf.gathered.expired(WORLD.now(), 10)
    await shelf.collections.update(ANN, papers.id, CollectionChange(expires_days=9))
    event = AuditEvent("evt_1", WORLD.now(), "collection:expired", "default", "ann", papers.id)
    assert not await shelf.gathered.empty("default", expired.id, WORLD.now(), event)
    assert (await shelf.documents.get(ANN, papers.id, document.file)).status == "completed"


async def _expire(shelf: Bookshelf) -> None:
    await Expiring(shelf.stored, shelf.gathered, shelf.shelved, PostgresUploads(shelf.database), WORLD).expire()


async def _idle_for(shelf: Bookshelf, days: float, collection: str | None = None) -> None:
    """Have collections that expire after three days be used so long ago."""
    async with shelf.database.reading() as connection:
        await connection.execute(IDLE, days, collection)


SERVER = "INSERT INTO running_server (id, since) VALUES ($1, now() - make_interval(days => $2))"
GONE = """
INSERT INTO document_gone (tenant, id, version, at)
SELECT 'default', 'doc_' || age, age, now() - make_interval(days => age, hours => 12) FROM generate_series(0, 80) AS age
"""
KEPT_ANSWER = """
INSERT INTO kept_answer (key_id, idempotency_key, body_sha256, decision_id, content_type, payload, expires_at)
VALUES ('key', 'once', '', $1, '', '', now())
"""
NAMES = "SELECT max(version) FROM document_gone"


async def test_names_of_what_went_stay_as_long_as_somebody_may_ask_for_them(shelf: Bookshelf) -> None:
    async def sql(statement: str, *arguments: object) -> None:
        async with shelf.database.writing() as connection:
            await connection.execute(statement, *arguments)

    await sql(GONE)
    decision = a_decision(id="dec_early", tenant="default", at=WORLD.now() - timedelta(days=20))
    journal = PostgresJournal(shelf.database)
    await journal.open(decision, None)
    await journal.stop()
    await sql(KEPT_ANSWER, "dec_early")
    assert await shelf.shelved.forget_gone(100) == 0  # no server runs, so that nobody knows who may ask
    await sql(SERVER, "srv_new", 2)
    await sql(SERVER, "srv_old", 30)
    assert await shelf.shelved.forget_gone(7) == 7
    await _expire(shelf)
    assert await shelf.count(NAMES) == 59

    await sql("UPDATE running_server SET since = now()")
    await _expire(shelf)
    assert await shelf.count(NAMES) == 49
    await sql("DELETE FROM kept_answer")
    await _expire(shelf)
    assert await shelf.count(NAMES) == 29
