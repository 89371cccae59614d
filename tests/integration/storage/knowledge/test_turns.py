"""Whoever brings much keeps nobody waiting: tenants take turns, and within each its collections."""

import asyncio
from pathlib import Path

import pytest

from kyozon.storage.database import Database
from kyozon.storage.knowledge.ingestion import PostgresIngestion
from tests.fakes.waiting_documents import SERVER, Waiting


class Line:
    """Documents that wait, and one server that claims them as its worker does."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self.waiting = Waiting(database)
        self.store = PostgresIngestion(database, SERVER, folder)
        self.after = ""

    async def bring(self, collection: str, number: int, tenant: str = "default") -> list[str]:
        return [await self.waiting.add(f"{collection} {one}", collection, tenant=tenant) for one in range(number)]

    async def next(self) -> str | None:
        job = await self.store.claim(self.after)
        self.after = "" if job is None else job.tenant
        return None if job is None else job.document

    async def all(self) -> list[str]:
        found = []
        while (one := await self.next()) is not None:
            found.append(one)
        return found


@pytest.fixture
async def line(database: Database, tmp_path: Path) -> Line:
    made = Line(database, tmp_path)
    await made.waiting.start()
    return made


async def test_a_big_folder_keeps_no_other_collection_waiting(line: Line) -> None:
    big = await line.bring("vs_big", 4)
    small = await line.bring("vs_small", 1)
    assert await line.all() == [big[0], *small, *big[1:]]


async def test_what_comes_later_need_not_wait_for_the_end_either(line: Line) -> None:
    big = await line.bring("vs_m", 4)
    assert [await line.next(), await line.next()] == big[:2]
    before, behind = await line.bring("vs_a", 2), await line.bring("vs_z", 2)
    assert await line.all() == [behind[0], before[0], big[2], behind[1], before[1], big[3]]


async def test_more_collections_are_no_more_turns_for_their_tenant(line: Line) -> None:
    many = [(await line.bring(f"vs_{number}", 1))[0] for number in range(3)]
    other = await line.bring("vs_other", 3, "other")
    assert await line.all() == [many[0], other[0], many[1], other[1], many[2], other[2]]


async def test_who_is_tried_again_waits_for_its_own_collection_alone(line: Line) -> None:
    big, small = await line.bring("vs_big", 3), await line.bring("vs_small", 2)
    async with line.database.reading() as connection:
        await connection.execute("UPDATE document SET tries = 2 WHERE id = $1", small[0])
    assert await line.all() == [big[0], small[1], big[1], small[0], big[2]]


async def test_new_vectors_take_turns_too(line: Line) -> None:
    big, small = await line.bring("vs_big", 3), await line.bring("vs_small", 1)
    async with line.database.reading() as connection:
        await connection.execute("UPDATE document SET status = 'completed'")
        await connection.execute("UPDATE collection SET next_embedder = 'other'")
    new = await line.bring("vs_z", 1)
    assert await line.all() == [*new, big[0], *small, *big[1:]]


async def test_where_somebody_has_the_whole_turn_the_next_one_has_it(line: Line) -> None:
    big, small = await line.bring("vs_big", 2), await line.bring("vs_small", 1)
    assert await line.next() == big[0]
    async with line.database.alone() as other, other.transaction():
        await other.execute("SELECT FROM document WHERE id = $1 FOR UPDATE", small[0])
        assert await line.next() == big[1]
        assert await line.next() is None
    assert await line.next() == small[0]


async def test_workers_that_claim_at_once_get_a_document_each(line: Line) -> None:
    big = await line.bring("vs_big", 8)
    jobs = await asyncio.gather(*(line.store.claim("") for _ in big))
    assert sorted(job.document for job in jobs if job is not None) == sorted(big)
