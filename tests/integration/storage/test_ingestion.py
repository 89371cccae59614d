"""Documents are taken in once, whole or not at all, whoever dies or interferes meanwhile."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import structs

from kyozon.domain.audit import AuditEvent
from kyozon.domain.errors import InvalidFile, KyozonError, MissingPiece, ModelNotReady, UnsupportedFile
from kyozon.domain.knowledge import Failure, Parsed, Progress, Reader
from kyozon.domain.labels import Clearance, Label, Level, Zone
from kyozon.domain.language import Text
from kyozon.ports.knowledge_ingestion import Job, Reindex
from kyozon.services.knowledge.ingesting import MOST_TRIES, Ingesting
from kyozon.services.knowledge.taking_in import TakingIn
from kyozon.storage.database import Database
from kyozon.storage.keys import PostgresKeyStore
from kyozon.storage.knowledge.ingestion import PostgresIngestion
from kyozon.storage.knowledge.reindexing import PostgresReindexing
from tests.fakes.installation import EMBEDDER, EVERYTHING, IN_HOUSE, FakeInstallation
from tests.fakes.waiting import until
from tests.fakes.waiting_documents import SERVER, Waiting, WordsParser

TEXT = "The river freezes in January.\n\nTrains run every ten minutes.\n\nTickets cost four hundred yen."
OTHER = structs.replace(EMBEDDER, id="other-embedder")
ANN, BEN = Reader("default", "ann", EVERYTHING), Reader("default", "ben", EVERYTHING)


KILLED = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%knowledge_changed%'
"""


class Place:
    """One server's ingestion over a database of its own."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.house = FakeInstallation(cards=(IN_HOUSE, EMBEDDER, OTHER))
        self.waiting = Waiting(database, self.house.stored)
        self.parser = WordsParser()
        self.store = PostgresIngestion(database, SERVER, folder)
        self.collections = PostgresReindexing(database)
        world = self.house.time.world
        steps = TakingIn(self.store, self.parser, self.house.embeddings, self.house.provenance, world)
        self.ingesting = Ingesting(self.store, self.collections, steps, world, 1)

    async def drain(self) -> None:
        after: str | None = ""
        while after is not None:
            after = await self.ingesting.next(after)

    async def claimed(self) -> Job:
        job = await self.store.claim("")
        assert job is not None
        return job

    async def sql(self, statement: str, *arguments: Any) -> None:
        async with self.waiting.database.reading() as connection:
            await connection.execute(statement, *arguments)

    async def reindexing(self, reader: Reader = ANN) -> Reindex:
        found = await self.collections.reindexing(reader, "vs_c")
        assert found is not None
        return found

    def asked(self) -> AuditEvent:
        now = self.house.time.world.now()
        return AuditEvent(
            secrets.token_hex(8), now, "collection:reindexed", "default", "ann", "vs_c", {"key": self.waiting.key.id}
        )

    async def version(self) -> int:
        return int((await self.waiting.one("SELECT version FROM knowledge_version WHERE tenant = 'default'"))[0])

    @property
    def embedded(self) -> int:
        return len(self.house.sent)


@pytest.fixture
async def place(database: Database, tmp_path: Path) -> AsyncIterator[Place]:
    made = Place(database, tmp_path / "unpacked")
    await made.waiting.start()
    yield made
    assert not list((tmp_path / "unpacked").glob("*"))


async def test_a_document_is_read_split_embedded_and_found(place: Place) -> None:
    document = await place.waiting.add(TEXT)
    await place.drain()
    row = await place.waiting.row(document)
    assert (row["status"], row["version"], row["chunks"], row["claimed_by"]) == ("completed", 1, 3, None)
    assert row["bytes"] == len(TEXT)
    assert await place.waiting.count("chunk_vector", document) == 3
    (decision,) = place.house.book.decisions_by_id.values()
    assert (decision.sources, decision.key_id) == ((document,), place.waiting.key.id)
    assert decision.purpose == "ingestion"
    place.house.assert_settled()


async def test_what_it_took_is_kept_for_the_estimates_of_others(place: Place) -> None:
    document = await place.waiting.add(TEXT)
    await place.drain()
    took = "SELECT progress->>'done' AS done, (progress->>'seconds')::float AS seconds FROM document WHERE id = $1"
    row = await place.waiting.one(took, document)
    assert row["done"] == "3"
    assert row["seconds"] >= 0
    copy = await place.waiting.add(TEXT, "vs_d")
    await place.drain()
    tried = await place.waiting.add("Snow fell all night.")
    place.house.embedder.failure = ModelNotReady(Text("loading", "読み込み中"))
    await place.drain()
    place.house.embedder.failure = None
    await place.sql("UPDATE document SET claimed_until = NULL")
    await place.drain()
    for other in (copy, tried):  # both had something of what it takes already
        row = await place.waiting.row(other)
        assert (row["status"], row["progress"]) == ("completed", "{}")


async def test_the_same_bytes_again_cost_nothing(place: Place) -> None:
    first = await place.waiting.add(TEXT)
    await place.drain()
    second = await place.waiting.add(TEXT, "vs_d")
    await place.drain()
    assert (len(place.parser.parsed), place.embedded) == (1, 1)
    assert (await place.waiting.row(second))["chunks"] == (await place.waiting.row(first))["chunks"]
    assert await place.waiting.count("chunk_vector", second) == 3


async def test_how_soon_it_is_done_says_nothing_about_what_others_have(place: Place) -> None:
    await place.waiting.add(TEXT, owner="ben")
    await place.drain()
    await place.waiting.add(TEXT)
    await place.drain()
    assert (len(place.parser.parsed), place.embedded) == (2, 2)


async def test_of_a_changed_file_only_what_changed_is_embedded_and_the_old_one_goes(place: Place) -> None:
    old = await place.waiting.add(TEXT)
    await place.drain()
    new = await place.waiting.add(TEXT.replace("four", "five"), replaces=old)
    job = await place.claimed()
    assert (await place.waiting.row(old))["status"] == "completed"
    await place.ingesting._hold(job)
    assert await place.waiting.row(old) is None
    assert (await place.waiting.row(new))["status"] == "completed"
    gone = await place.waiting.one("SELECT version FROM document_gone WHERE id = $1", old)
    assert gone["version"] > 1
    assert [call.texts for call in place.house.embedder.calls[1:]] == [("words.txt\nTickets cost five hundred yen.",)]


async def test_a_deleted_document_does_not_come_back(place: Place) -> None:
    document = await place.waiting.add(TEXT)
    job = await place.claimed()
    await place.sql("DELETE FROM document WHERE id = $1", document)
    await place.ingesting._hold(job)
    assert await place.waiting.row(document) is None
    assert await place.waiting.count("chunk", document) == 0


async def test_deletion_or_cancelling_ends_the_work_under_way(place: Place) -> None:
    document = await place.waiting.add(TEXT)
    place.house.embedder.hangs = True
    working = asyncio.create_task(place.ingesting.next())
    await until(lambda: place.embedded)
    await place.sql("UPDATE document SET status = 'cancelled' WHERE id = $1", document)
    await working
    assert (await place.waiting.row(document))["status"] == "cancelled"
    await place.house.drain()
    assert [outcome.status for outcome in place.house.book.outcomes.values()] == ["left"]


async def test_who_was_taken_for_dead_changes_nothing(place: Place) -> None:
    document = await place.waiting.add(TEXT)
    job = await place.claimed()
    await place.sql("UPDATE document SET claimed_until = now() - interval '1 second'")
    other = await place.claimed()
    assert other.claim != job.claim
    assert not await place.store.hold(job, Progress("reading", 1, 2))
    assert not await place.store.draft(job, "x", Parsed("words"), ())
    assert not await place.store.publish(job)
    assert not await place.store.later(job, 0.0, counted=True)
    assert not await place.store.fail(job, Failure("server_error", "", ""))
    await place.ingesting._hold(other)
    assert (await place.waiting.row(document))["status"] == "completed"


async def test_after_a_crash_it_goes_on_where_it_was(place: Place) -> None:
    document = await place.waiting.add(TEXT)
    place.house.embedder.hangs = True
    crashed = asyncio.create_task(place.ingesting.next())
    await until(lambda: place.embedded)
    assert await place.store.claim("") is None
    await place.sql("UPDATE document SET claimed_by = 'srv_dead/7'")
    place.house.embedder.hangs = False
    await place.drain()
    assert (await place.waiting.row(document))["status"] == "completed"
    assert len(place.parser.parsed) == 1
    crashed.cancel()
    await asyncio.wait([crashed])


async def test_a_server_that_stops_lets_go_at_once_and_that_was_no_try(place: Place) -> None:
    document = await place.waiting.add(TEXT)
    place.house.embedder.hangs = True
    working = asyncio.create_task(place.ingesting.next())
    await until(lambda: place.embedded)
    working.cancel()
    await asyncio.wait([working])
    assert (await place.waiting.row(document))["claimed_by"] is None
    assert (await place.claimed()).document == document


async def test_what_may_help_is_tried_again_five_times(place: Place) -> None:
    document = await place.waiting.add(TEXT)
    place.house.embedder.failure = ModelNotReady(Text("loading", "読み込み中"))
    waits = []
    for _ in range(MOST_TRIES):
        assert await place.ingesting.next() is not None
        assert await place.ingesting.next() is None
        row = await place.waiting.one("SELECT *, claimed_until - now() AS wait FROM document WHERE id = $1", document)
        waits.append(row["wait"] and round(row["wait"].total_seconds()))
        await place.sql("UPDATE document SET claimed_until = NULL")
    assert waits == [5, 30, 120, 600, None]
    assert (row["status"], msgspec.json.decode(row["failure"])["en"]) == ("failed", "loading")
    assert await place.waiting.count("chunk", document) == 0


async def test_a_document_that_ends_every_server_is_given_up_and_says_why(place: Place, tmp_path: Path) -> None:
    document = await place.waiting.add(TEXT)
    for number in range(MOST_TRIES):
        killed = PostgresIngestion(place.waiting.database, f"srv_killed_{number}", tmp_path)
        assert await killed.claim("") is not None
    assert await place.ingesting.next() is not None
    row = await place.waiting.row(document)
    assert row["status"] == "failed"
    assert "ended 5 times without a word" in msgspec.json.decode(row["failure"])["en"]
    assert not place.parser.parsed
    assert await place.ingesting.next() is None


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        (UnsupportedFile(Text("no such kind", "未対応")), "unsupported_file"),
        (InvalidFile(Text("locked", "ロック")), "invalid_file"),
        (MissingPiece(Text("install it", "インストール")), "server_error"),
    ],
)
async def test_what_cannot_be_read_fails_at_once_and_says_why(place: Place, failure: KyozonError, code: str) -> None:
    document = await place.waiting.add(TEXT)
    place.parser.failure = failure
    await place.drain()
    row = await place.waiting.row(document)
    told = msgspec.json.decode(row["failure"], type=Failure)
    assert (row["status"], told.code, told.ja) == ("failed", code, failure.text.ja)


async def test_a_revoked_key_embeds_nothing(place: Place) -> None:
    document = await place.waiting.add(TEXT)
    await PostgresKeyStore(place.waiting.database).revoke(place.waiting.key.id, place.house.time.world.now())
    await place.drain()
    assert (await place.waiting.row(document))["status"] == "failed"
    assert not place.parser.parsed
    assert not place.embedded


async def test_a_label_above_the_embedders_zone_fails_with_the_reason(place: Place) -> None:
    document = await place.waiting.add(TEXT)
    place.house.stored.values["default", document] = structs.replace(
        place.house.stored.values["default", document], label=Label(Level.RESTRICTED, frozenset({"x"}))
    )
    zones = {"host": Zone("host", "host", Clearance(Level.PUBLIC))}
    place.house.registry.installation = structs.replace(place.house.registry.installation, zones=zones)
    await place.drain()
    row = await place.waiting.row(document)
    assert row["status"] == "failed"
    assert "restricted" in msgspec.json.decode(row["failure"])["en"]
    assert not place.embedded


async def test_one_who_brings_much_keeps_nobody_waiting(place: Place) -> None:
    many = [await place.waiting.add(f"{TEXT} {number}") for number in range(4)]
    one = await place.waiting.add(TEXT, "vs_other", tenant="other", key="none")
    order, after = [], ""
    for _ in range(3):
        job = await place.store.claim(after)
        assert job is not None
        order.append(job.document)
        after = job.tenant
    assert order == [many[0], one, many[1]]


async def test_another_embedder_without_a_gap(place: Place) -> None:
    documents = [await place.waiting.add(TEXT), await place.waiting.add("Snow fell all night.")]
    await place.drain()
    assert await place.collections.reindex("default", "vs_c", OTHER.id, place.asked())
    found = await place.reindexing()
    assert (found.embedder, found.next_embedder, found.done, found.total) == ("embedder", OTHER.id, 0, 2)
    job = await place.claimed()
    assert job.renews
    await place.ingesting._hold(job)
    collection = await place.waiting.one("SELECT * FROM collection")
    assert collection["embedder"] == "embedder"
    late = await place.waiting.add("It melted in March.")
    await place.drain()
    collection = await place.waiting.one("SELECT * FROM collection")
    assert (collection["embedder"], collection["next_embedder"]) == (OTHER.id, None)
    for document in [*documents, late]:
        rows = await place.waiting.one(
            "SELECT array_agg(DISTINCT embedder) AS names, count(*) AS n FROM chunk_vector WHERE document_id = $1", document
        )
        assert rows["names"] == [OTHER.id]
        assert (await place.waiting.row(document))["version"] == await place.version()
    assert len(place.parser.parsed) == 3


async def test_an_embedder_that_may_not_see_a_document_changes_nothing(place: Place) -> None:
    document = await place.waiting.add(TEXT)
    await place.drain()
    assert await place.collections.reindex("default", "vs_c", "nobody-knows-it", place.asked())
    await place.drain()
    found = await place.reindexing()
    assert (found.embedder, found.next_embedder) == ("embedder", None)
    assert found.failure is not None
    assert "nobody-knows-it" in found.failure.en
    assert await place.waiting.count("chunk_vector", document) == 3


async def test_a_reindex_tells_of_no_document_that_its_reader_may_not_see(place: Place) -> None:
    await place.waiting.add("Everybody reads this.")
    hidden = await place.waiting.add(TEXT)
    await place.drain()
    await place.sql("UPDATE document SET readers = '{user:ann}' WHERE id = $1", hidden)
    assert await place.collections.reindex("default", "vs_c", OTHER.id, place.asked())
    assert ((await place.reindexing()).total, (await place.reindexing(BEN)).total) == (2, 1)
    job = await place.claimed()
    assert await place.store.renewed(job)
    job = await place.claimed()
    assert (job.document, job.renews) == (hidden, True)
    assert await place.store.fail(job, Failure("server_error", "restricted:merger is above the zone", "restricted:merger"))
    found, elsewhere = await place.reindexing(), await place.reindexing(BEN)
    assert found.failure is not None
    assert elsewhere.failure is not None
    assert found.failure.en == "restricted:merger is above the zone"
    assert "merger" not in elsewhere.failure.en + elsewhere.failure.ja
    await place.sql("DELETE FROM document WHERE id = $1", hidden)
    assert (await place.reindexing()).failure == elsewhere.failure


async def test_a_document_on_its_way_during_the_switch_gets_the_new_vectors(place: Place) -> None:
    document = await place.waiting.add(TEXT)
    job = await place.claimed()
    assert await place.collections.reindex("default", "vs_c", OTHER.id, place.asked())
    assert await place.collections.switch() == ["vs_c"]
    await place.ingesting._hold(job)
    assert (await place.waiting.row(document))["status"] == "in_progress"
    await place.drain()
    assert (await place.waiting.row(document))["status"] == "completed"
    names = await place.waiting.one("SELECT array_agg(DISTINCT embedder) FROM chunk_vector")
    assert names[0] == [OTHER.id]


async def test_a_database_that_dies_while_publishing_publishes_nothing(place: Place) -> None:
    """Publishing waits for a change of the same tenant; in that moment its connection dies, as with the server."""
    old = await place.waiting.add(TEXT)
    await place.drain()
    new = await place.waiting.add(TEXT.replace("four", "five"), replaces=old)
    job = await place.claimed()
    async with place.waiting.database.alone() as other, other.transaction():
        await other.execute("SELECT knowledge_changed('default')")
        working = asyncio.create_task(place.ingesting._hold(job))
        async with asyncio.timeout(30):
            while await place.waiting.one(KILLED) is None:  # noqa: ASYNC110 - a lock signals nothing
                await asyncio.sleep(0.01)
        await working
    assert (await place.waiting.row(old))["status"] == "completed"
    assert (await place.waiting.row(new))["status"] == "in_progress"
    before = place.embedded
    await place.sql("UPDATE document SET claimed_until = NULL")
    await place.drain()
    assert (await place.waiting.row(new))["status"] == "completed"
    assert await place.waiting.row(old) is None
    assert place.embedded == before


@pytest.mark.parametrize("table", ["chunk", "chunk_vector", "document_text"])
async def test_a_full_disk_is_waited_out(place: Place, table: str) -> None:
    document = await place.waiting.add(TEXT)
    await place.sql(
        "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'no space left' USING ERRCODE = 'disk_full'; END $$"
    )
    await place.sql(f"CREATE TRIGGER full_disk BEFORE INSERT ON {table} EXECUTE FUNCTION full_disk()")
    for _ in range(MOST_TRIES + 1):
        assert await place.ingesting.next() is not None
        await place.sql("UPDATE document SET claimed_until = NULL")
    assert (await place.waiting.row(document))["status"] == "in_progress"
    await place.sql(f"DROP TRIGGER full_disk ON {table}")
    await place.drain()
    assert (await place.waiting.row(document))["status"] == "completed"


async def test_word_of_a_new_document_comes_at_once(place: Place) -> None:
    working = asyncio.create_task(place.ingesting.work(_set()))
    await asyncio.sleep(0.2)
    document = await place.waiting.add(TEXT)
    async with asyncio.timeout(30):
        while (await place.waiting.row(document))["status"] != "completed":  # noqa: ASYNC110 - a row signals nothing
            await asyncio.sleep(0.02)
    working.cancel()
    await asyncio.wait([working])


def _set() -> asyncio.Event:
    event = asyncio.Event()
    event.set()
    return event
