from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from kyozon.domain.decisions import Decision
from kyozon.domain.usage import Charge, Usage
from kyozon.metering.posting import hold, settle
from kyozon.ports.records import UsageRow
from kyozon.storage.database import Database
from kyozon.storage.journal import PostgresJournal
from kyozon.storage.records import PostgresRecords
from tests.fakes.record_samples import LONG_AGO, a_decision, an_outcome

STARTED = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.fixture
def journal(database: Database) -> PostgresJournal:
    return PostgresJournal(database)


@pytest.fixture
def records(database: Database) -> PostgresRecords:
    return PostgresRecords(database, STARTED)


async def answered(journal: PostgresJournal, decision: Decision, **outcome: Any) -> None:
    ended = an_outcome(decision, **outcome)
    booked = settle(decision, ended)
    await journal.open(decision, None)
    await journal.close(ended, [booked] if booked else [])


async def test_pages_go_from_new_to_old_without_gap_or_repetition(
    journal: PostgresJournal, records: PostgresRecords
) -> None:
    same_moment = [a_decision(at=LONG_AGO + timedelta(seconds=index // 3)) for index in range(9)]
    for decision in [*same_moment, a_decision(tenant="other")]:
        await journal.open(decision, None)
    seen: list[Decision] = []
    while page := await records.decisions("acme", seen[-1].id if seen else None, 4):
        seen += [decision for decision, _ in page]
    assert seen == sorted(same_moment, key=lambda each: (each.at, each.id), reverse=True)


async def test_another_tenants_decision_is_no_place_to_continue_from(
    journal: PostgresJournal, records: PostgresRecords
) -> None:
    mine, theirs = a_decision(), a_decision(tenant="other", at=STARTED)
    for decision in (mine, theirs):
        await journal.open(decision, None)
    assert await records.decisions("acme", theirs.id, 10) == []


async def test_unknown_is_none(records: PostgresRecords) -> None:
    assert await records.decision("dec_\0") is None
    assert await records.balance() == {}
    assert await records.spent("key_1", LONG_AGO) == 0


async def test_open_decisions_are_those_of_an_earlier_process_with_their_holds(
    journal: PostgresJournal, records: PostgresRecords
) -> None:
    left, without_hold, mine, ended = a_decision(), a_decision(held=Decimal(0)), a_decision(at=STARTED), a_decision()
    for decision in (left, without_hold, mine, ended):
        await journal.open(decision, hold(decision, decision.at))
    await journal.close(an_outcome(ended), ())
    found = {decision.id: held for decision, held in await records.open_decisions()}
    assert found == {left.id: hold(left, left.at), without_hold.id: None}


async def test_usage_by_day_is_cut_at_midnight_utc(journal: PostgresJournal, records: PostgresRecords) -> None:
    before_midnight = datetime.fromisoformat("2026-05-04T23:59:59.999999+00:00")
    tokyo_morning = datetime.fromisoformat("2026-05-05T09:00:00+09:00")
    for moment in (before_midnight, tokyo_morning):
        await answered(journal, a_decision(at=moment))
    rows = await records.usage("day", date(2026, 5, 1), None)
    assert [(row.group, row.requests) for row in rows] == [("2026-05-04", 1), ("2026-05-05", 1)]
    assert [row.group for row in await records.usage("day", date(2026, 5, 5), None)] == ["2026-05-05"]


async def test_usage_sums_tokens_money_failures_and_what_has_no_price(
    journal: PostgresJournal, records: PostgresRecords
) -> None:
    usage = Usage(uncached=10, cache_read=4, cache_write=1, output=7)
    await answered(journal, a_decision(), usage=usage, charge=Charge(Decimal("0.1")))
    await answered(journal, a_decision(), usage=usage, charge=Charge(Decimal("0.2")))
    await answered(journal, a_decision(), status="broken", usage=usage, charge=Charge(Decimal(0), priced=False))
    await answered(journal, a_decision(), status="left", usage=Usage(), charge=Charge(Decimal(0)))
    await answered(journal, a_decision(tenant="other"))
    (row,) = await records.usage("key", date(2026, 1, 1), "acme")
    expected = UsageRow("key_1", 4, 1, 45, 12, 21, Decimal("0.3"), "USD", 1)
    assert row == expected
    (row,) = await records.usage("model", date(2026, 1, 1), "acme")
    assert row == msgspec.structs.replace(expected, group="local/small")


async def test_currencies_are_never_added_up(journal: PostgresJournal, records: PostgresRecords) -> None:
    await answered(journal, a_decision(), charge=Charge(Decimal(1)))
    await answered(journal, a_decision(), charge=Charge(Decimal(150), "JPY"))
    rows = await records.usage("key", date(2026, 1, 1), None)
    assert [(row.currency, row.amount) for row in rows] == [("JPY", Decimal(150)), ("USD", Decimal(1))]


async def test_spent_counts_from_the_moment_given(journal: PostgresJournal, records: PostgresRecords) -> None:
    await answered(journal, a_decision(), charge=Charge(Decimal(1)))
    await answered(journal, a_decision(at=STARTED), charge=Charge(Decimal(2)))
    assert await records.spent("key_1", STARTED) == 2
    assert await records.spent("key_1", LONG_AGO) == 3
    assert await records.spent("key_2", LONG_AGO) == 0
