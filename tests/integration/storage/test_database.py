import asyncio
from contextlib import AsyncExitStack, suppress
from typing import Literal

import asyncpg
import pytest

from kyozon.domain.errors import StorageUnavailable
from kyozon.storage.database import Database, trouble


async def test_says_its_version_and_that_it_is_well(database: Database) -> None:
    assert (await database.server_version()).startswith("18.")
    assert await database.healthy()


async def test_writing_commits_at_the_end_and_not_on_an_error(database: Database) -> None:
    async with database.writing() as connection:
        await connection.execute("CREATE TABLE note (text text)")
    with suppress(LookupError):
        async with database.writing() as connection:
            await connection.execute("INSERT INTO note VALUES ('never')")
            raise LookupError
    async with database.reading() as connection:
        assert await connection.fetchval("SELECT count(*) FROM note") == 0


async def test_no_server_is_unavailable_with_advice_in_both_languages() -> None:
    nowhere = Database("postgresql://postgres@/postgres?host=/nowhere")
    with pytest.raises(StorageUnavailable) as caught:
        await nowhere.connect()
    assert "kyozon doctor" in caught.value.message("en")
    assert "kyozon doctor" in caught.value.message("ja")
    assert not await nowhere.healthy()


async def test_a_wrong_database_name_is_unavailable(postgres_dsn: str) -> None:
    with pytest.raises(StorageUnavailable, match="does not exist"):
        await Database(postgres_dsn.replace("/postgres?", "/no_such_database?")).connect()


async def test_lost_connections_are_replaced(database: Database, postgres_dsn: str) -> None:
    async with database.reading() as connection:
        name = await connection.fetchval("SELECT current_database()")
    killer = await asyncpg.connect(postgres_dsn)
    await killer.fetch("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name)
    await killer.close()
    answers = [await database.healthy() for _ in range(3)]
    assert answers[-1]


def test_a_connection_whose_server_dies_is_trouble() -> None:
    with pytest.raises(StorageUnavailable), trouble():
        raise asyncpg.InternalClientError('cannot switch to state 12; protocol is in the "failed" state')


async def test_a_mistake_in_a_statement_is_no_connection_trouble(database: Database) -> None:
    async with database.reading() as connection:
        with pytest.raises(asyncpg.PostgresSyntaxError):
            await connection.execute("SELEKT")


@pytest.mark.parametrize(("durability", "waits"), [("strict", "on"), ("relaxed", "off")])
async def test_who_waits_for_the_disk(postgres_dsn: str, durability: Literal["strict", "relaxed"], waits: str) -> None:
    database = Database(postgres_dsn, durability=durability)
    await database.connect()
    async with database.reading() as connection:
        assert await connection.fetchval("SHOW synchronous_commit") == waits
    await database.close()


async def test_what_is_slow_leaves_connections_to_others(database: Database) -> None:
    async with AsyncExitStack() as held:
        first = AsyncExitStack()
        await first.enter_async_context(database.writing_slowly())
        await held.enter_async_context(database.writing_slowly())
        third = asyncio.create_task(held.enter_async_context(database.writing_slowly()))
        for _ in range(6):  # all that the pool has besides
            await held.enter_async_context(database.reading())
        assert not third.done()
        await first.aclose()
        assert await (await third).fetchval("SELECT true")
