"""What the database itself refuses, whoever asks."""

import asyncpg
import pytest

from kyozon.metering.posting import hold
from kyozon.storage.database import Database
from kyozon.storage.journal import PostgresJournal
from tests.fakes.record_samples import LONG_AGO, a_decision, an_outcome


@pytest.mark.parametrize("table", ["decision", "outcome", "ledger_transaction", "ledger_posting"])
@pytest.mark.parametrize("statement", ["DELETE FROM {}", "TRUNCATE {} CASCADE", "UPDATE {} SET at = now()"])
async def test_records_cannot_be_changed(database: Database, table: str, statement: str) -> None:
    decision = a_decision()
    journal = PostgresJournal(database)
    await journal.open(decision, hold(decision, LONG_AGO))
    await journal.close(an_outcome(decision), ())
    async with database.reading() as connection:
        with pytest.raises(asyncpg.RestrictViolationError, match="append-only"):
            await connection.execute(statement.format(table))


async def test_postings_must_balance(database: Database) -> None:
    decision = a_decision()
    await PostgresJournal(database).open(decision, hold(decision, LONG_AGO))
    insert = "INSERT INTO ledger_posting VALUES ($1, 3, 'key:key_1:held', $2, now())"
    async with database.reading() as connection:
        for amount in ("0.01", "NaN", "Infinity"):
            with pytest.raises(asyncpg.CheckViolationError, match="sum to zero"):
                await connection.execute(insert.replace("$2", f"'{amount}'::numeric"), f"hold:{decision.id}")
