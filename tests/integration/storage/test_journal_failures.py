"""The journal when the wire to the database breaks."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from time import monotonic

import pytest

from kyozon.domain.errors import StorageUnavailable
from kyozon.metering.posting import hold, settle
from kyozon.storage.database import Database
from kyozon.storage.journal import PostgresJournal
from kyozon.storage.records import PostgresRecords
from tests.fakes.postgres_proxy import PostgresProxy
from tests.fakes.record_samples import LONG_AGO, a_decision, an_outcome

NOW = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.fixture
async def proxy(database: Database) -> AsyncIterator[PostgresProxy]:
    async with PostgresProxy(database.dsn) as wire:
        yield wire


@pytest.fixture
async def through(proxy: PostgresProxy) -> AsyncIterator[Database]:
    connected = Database(proxy.dsn, patience=1.0)
    await connected.connect()
    yield connected
    await connected.close()


async def test_a_commit_whose_answer_was_lost_is_written_once(
    database: Database, proxy: PostgresProxy, through: Database
) -> None:
    journal, records = PostgresJournal(through), PostgresRecords(database, NOW)
    decision = a_decision()
    outcome = an_outcome(decision)
    booked = settle(decision, outcome)
    assert booked is not None

    proxy.lose_answers(decision.id, times=2)
    await journal.open(decision, hold(decision, NOW))
    assert proxy.to_lose == 0
    proxy.lose_answers(decision.id, times=1)
    await journal.close(outcome, [booked])
    assert proxy.to_lose == 0

    assert await records.decision(decision.id) == (decision, outcome)
    assert await records.spent("key_1", LONG_AGO) == outcome.charge.amount
    async with database.reading() as connection:
        assert await connection.fetchval("SELECT count(*) FROM ledger_posting") == 4


async def test_before_sending_a_lost_database_is_told_soon(proxy: PostgresProxy, through: Database) -> None:
    journal = PostgresJournal(through, open_patience=0.2)
    await proxy.cut()
    began = monotonic()
    results = await asyncio.gather(*(journal.open(a_decision(), None) for _ in range(300)), return_exceptions=True)
    assert {type(result) for result in results} == {StorageUnavailable}
    assert monotonic() - began < 2
    await proxy.restore()
    await journal.open(a_decision(), None)


async def test_an_ending_waits_for_the_database_to_return(
    database: Database, proxy: PostgresProxy, through: Database
) -> None:
    journal = PostgresJournal(through, open_patience=0.2, close_patience=20)
    decision = a_decision()
    await journal.open(decision, None)
    await proxy.cut()
    closing = asyncio.ensure_future(journal.close(an_outcome(decision), ()))
    with pytest.raises(StorageUnavailable):
        await journal.open(a_decision(), None)
    assert not closing.done()
    await proxy.restore()
    await closing
    assert await PostgresRecords(database, NOW).decision(decision.id) == (decision, an_outcome(decision))
