"""Any sequence of bookings, whatever their order and repetition, leaves the ledger balanced and each booked once."""

import asyncio
import secrets
from datetime import UTC, datetime
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kyozon.domain.decisions import Decision
from kyozon.domain.usage import Charge, Transaction
from kyozon.metering.posting import hold, release, settle
from kyozon.storage.database import Database
from kyozon.storage.journal import PostgresJournal
from kyozon.storage.records import PostgresRecords
from tests.fakes.record_samples import LONG_AGO, a_decision, an_outcome

NOW = datetime(2026, 11, 22, tzinfo=UTC)
amounts = st.decimals(min_value=Decimal("1e-12"), max_value=Decimal("1e6"), places=12)
steps = st.lists(st.tuples(st.integers(0, 2), st.sampled_from(["hold", "release", "settle"])), max_size=12)


def book(decision: Decision, kind: str, amount: Decimal) -> Transaction:
    booked = {
        "hold": hold(decision, NOW),
        "release": release(decision, NOW),
        "settle": settle(decision, an_outcome(decision, charge=Charge(amount))),
    }[kind]
    assert booked is not None
    return booked


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=steps, amount=amounts, together=st.booleans())
async def test_the_ledger_always_balances(
    database: Database, steps: list[tuple[int, str]], amount: Decimal, *, together: bool
) -> None:
    journal, records = PostgresJournal(database), PostgresRecords(database, NOW)
    key_id = f"key_{secrets.token_hex(4)}"
    decisions = [a_decision(key_id=key_id, held=amount) for _ in range(3)]
    for decision in decisions:
        await journal.open(decision, None)
    booked = [book(decisions[index], kind, amount) for index, kind in steps]
    writes = [journal.close(an_outcome(decisions[0]), [each]) for each in booked]
    if together:
        await asyncio.gather(*writes)
    else:
        for write in writes:
            await write

    assert set((await records.balance()).values()) <= {Decimal(0)}
    settled = {index for index, kind in steps if kind == "settle"}
    assert await records.spent(key_id, LONG_AGO) == amount * len(settled)
    async with database.reading() as connection:
        keys = await connection.fetch(
            "SELECT idempotency_key FROM ledger_transaction WHERE decision_id = ANY($1)", [each.id for each in decisions]
        )
        held = await connection.fetchval("SELECT sum(amount) FROM ledger_posting WHERE account = $1", f"key:{key_id}:held")
    assert sorted(row["idempotency_key"] for row in keys) == sorted({each.idempotency_key for each in booked})
    holds, releases = ({index for index, kind in steps if kind == name} for name in ("hold", "release"))
    assert (held or 0) == amount * (len(holds) - len(releases))
