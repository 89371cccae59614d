"""Servers that share a database know of each other."""

import asyncio

import pytest

from kyozon.domain.errors import StorageUnavailable
from kyozon.storage import presence
from kyozon.storage.database import Database

_HOLDERS = """
SELECT l.pid FROM pg_locks l JOIN pg_database d ON d.oid = l.database
WHERE l.locktype = 'advisory' AND l.granted AND d.datname = current_database()
"""


async def _stays(database: Database, count: int) -> list[int]:
    """Wait until so many servers are known; their sessions."""
    async with asyncio.timeout(5), database.reading() as connection:
        while len(found := [row["pid"] for row in await connection.fetch(_HOLDERS)]) != count:  # noqa: ASYNC110 - the server tells nobody
            await asyncio.sleep(0.02)
        return found


async def test_the_first_is_alone_and_the_next_is_not(database: Database) -> None:
    async with presence.alone(database) as first:
        assert first
    known = asyncio.Event()
    staying = asyncio.create_task(presence.stay(database, known))
    await asyncio.wait_for(known.wait(), 5)
    await _stays(database, 1)
    async with presence.alone(database) as second:
        assert not second
    staying.cancel()
    await asyncio.gather(staying, return_exceptions=True)
    async with presence.alone(database) as last:
        assert last


async def test_two_may_stay_together_and_come_back_after_a_lost_connection(database: Database) -> None:
    staying = [asyncio.create_task(presence.stay(database, asyncio.Event(), pause=0.05)) for _ in range(2)]
    before = await _stays(database, 2)
    async with database.reading() as connection:
        await connection.fetch("SELECT pg_terminate_backend(pid) FROM unnest($1::int[]) AS pid", before)
    await asyncio.sleep(0.1)
    assert not set(before) & set(await _stays(database, 2))
    for task in staying:
        task.cancel()
    await asyncio.gather(*staying, return_exceptions=True)


async def test_without_a_database_nobody_is_alone() -> None:
    with pytest.raises(StorageUnavailable):
        async with presence.alone(Database("postgresql://postgres@127.0.0.1:1/none", patience=0.5)):
            raise AssertionError
