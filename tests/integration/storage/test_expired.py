"""What has expired goes by itself, a part at a time, whether or not requests come."""

import asyncio

import pytest

from kyozon.domain.errors import StorageUnavailable
from kyozon.storage import expired
from kyozon.storage.database import Database
from kyozon.storage.journal import PostgresJournal
from tests.fakes.record_samples import a_decision

_COUNT = "SELECT count(*) FROM kept_answer"


@pytest.fixture
async def kept(database: Database) -> Database:
    """One and a half thousand answers that have expired, and one that has not."""
    decision, journal = a_decision(), PostgresJournal(database)
    await journal.open(decision, None)
    await journal.stop()
    async with database.reading() as connection:
        await connection.execute(
            "INSERT INTO kept_answer SELECT 'key_1', n::text, '', $1, '', 'old', now() + make_interval(days => n / 1500)"
            " FROM generate_series(0, 1500) AS n",
            decision.id,
        )
    return database


async def test_a_thousand_go_at_a_time(kept: Database) -> None:
    async with kept.reading() as connection:
        assert await expired.forget_expired(kept)
        assert await connection.fetchval(_COUNT) == 501
        assert not await expired.forget_expired(kept)
        assert await connection.fetchval(_COUNT) == 1


async def test_they_go_though_nobody_asks_anything(kept: Database) -> None:
    going = asyncio.create_task(expired.forgetting(kept))
    async with asyncio.timeout(30), kept.reading() as connection:
        while await connection.fetchval(_COUNT) > 1:  # noqa: ASYNC110 - PostgreSQL tells nobody
            await asyncio.sleep(0.02)
    assert not going.done()
    going.cancel()
    await asyncio.wait([going])


async def test_it_goes_on_when_the_database_is_away() -> None:
    nowhere = Database("postgresql://postgres@127.0.0.1:1/none", patience=0.5)
    with pytest.raises(StorageUnavailable):
        await expired.forget_expired(nowhere)
    going = asyncio.create_task(expired.forgetting(nowhere))
    done, _ = await asyncio.wait([going], timeout=1)
    assert not done
    going.cancel()
    await asyncio.wait([going])
