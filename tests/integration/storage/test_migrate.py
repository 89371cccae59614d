import asyncio

import asyncpg
import pytest

from kyozon.domain.errors import MissingPiece, StorageUnavailable
from kyozon.storage.migrate import current, newest, upgrade


async def test_from_nothing_to_the_newest_and_no_further(empty_dsn: str) -> None:
    assert await current(empty_dsn) is None
    assert await upgrade(empty_dsn) == ["0001_first", "0002_cache"]
    assert await current(empty_dsn) == newest()
    assert await upgrade(empty_dsn) == []


async def test_of_starters_at_the_same_moment_one_upgrades(empty_dsn: str) -> None:
    applied = await asyncio.gather(*(upgrade(empty_dsn) for _ in range(4)))
    assert sorted(applied) == [[], [], [], ["0001_first", "0002_cache"]]


async def test_a_newer_database_is_left_alone(empty_dsn: str) -> None:
    await upgrade(empty_dsn)
    connection = await asyncpg.connect(empty_dsn)
    await connection.execute("UPDATE kyozon_revision SET version_num = '9999_future'")
    await connection.close()
    with pytest.raises(MissingPiece, match="9999_future"):
        await upgrade(empty_dsn)


async def test_a_failed_upgrade_leaves_nothing_behind(empty_dsn: str) -> None:
    connection = await asyncpg.connect(empty_dsn)
    await connection.execute("CREATE TABLE kept_answer (in_the_way text)")
    with pytest.raises(Exception, match="kept_answer"):
        await upgrade(empty_dsn)
    assert await connection.fetchval("SELECT to_regclass('decision')") is None
    await connection.close()
    assert await current(empty_dsn) is None


async def test_no_server_is_said_so() -> None:
    with pytest.raises(StorageUnavailable, match="kyozon doctor"):
        await upgrade("postgresql://postgres@/postgres?host=/nowhere")
