"""What a tenant, a user or a model has cost this month, read from the ledger."""

from datetime import timedelta
from decimal import Decimal

import pytest

from kyozon.domain.decisions import Attempt, Decision, Outcome
from kyozon.domain.usage import Charge, Usage
from kyozon.metering.posting import hold, release, settle, settle_attempts
from kyozon.storage.database import Database
from kyozon.storage.journal import PostgresJournal
from kyozon.storage.records import PostgresRecords
from tests.fakes.record_samples import LONG_AGO, a_decision, an_outcome


async def _record(journal: PostgresJournal, decision: Decision, outcome: Outcome) -> None:
    booked = [release(decision, outcome.at), settle(decision, outcome), *settle_attempts(decision, outcome)]
    await journal.open(decision, hold(decision, decision.at))
    await journal.close(outcome, [one for one in booked if one is not None])


@pytest.fixture
async def records(database: Database) -> PostgresRecords:
    """Alice of acme for 1 and, before `small` answered, 2 of `large`; bob of acme for 4; alice of other for 8."""
    journal = PostgresJournal(database)
    broken = Attempt("large", "rented", "stream_broken", None, Usage(uncached=1), Charge(Decimal(2)))
    for tenant, user, amount, attempts in (
        ("acme", "alice", 1, (Attempt("small", "local", "provider_failed"), broken, Attempt("small", "local"))),
        ("acme", "bob", 4, ()),
        ("other", "alice", 8, ()),
    ):
        decision = a_decision(tenant=tenant, user=user, key_id=f"key_{tenant}_{user}")
        await _record(
            journal, decision, an_outcome(decision, model="small", charge=Charge(Decimal(amount)), attempts=attempts)
        )
    return PostgresRecords(database, LONG_AGO)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ({"tenant": "acme"}, 7),
        ({"tenant": "acme", "user": "alice"}, 3),
        ({"tenant": "other", "user": "alice"}, 8),
        ({"model": "small"}, 13),
        ({"model": "large"}, 2),
        ({"model": "none"}, 0),
        ({"tenant": "a\0b"}, 0),
    ],
)
async def test_each_counts_what_is_its_own(records: PostgresRecords, names: dict[str, str], expected: int) -> None:
    assert await records.spent_by(LONG_AGO, **names) == expected


async def test_earlier_months_do_not_count(records: PostgresRecords) -> None:
    assert await records.spent_by(LONG_AGO + timedelta(seconds=1), tenant="acme") == 0
