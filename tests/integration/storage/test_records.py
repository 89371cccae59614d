import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from kyozon.domain.decisions import Attempt, CacheUse, Decision
from kyozon.domain.errors import MissingPiece
from kyozon.domain.usage import Charge, Usage
from kyozon.metering.posting import hold, settle, settle_attempts
from kyozon.ports.records import UsageRow
from kyozon.storage.database import Database
from kyozon.storage.journal import PostgresJournal
from kyozon.storage.records import AFTER, PAGE, PostgresRecords
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


async def test_a_record_that_cannot_be_read_hides_no_other(
    database: Database, journal: PostgresJournal, records: PostgresRecords
) -> None:
    decisions = [a_decision(at=LONG_AGO + timedelta(seconds=second)) for second in range(4)]
    for decision in decisions:
        await journal.open(decision, None)
    async with database.reading() as connection:
        await connection.execute("ALTER TABLE decision DISABLE TRIGGER USER")
        broken = [decision.id for decision in decisions[1:3]]
        await connection.execute("UPDATE decision SET body = body || '{\"label\": 7}' WHERE id = ANY($1)", broken)
    left_out: list[str] = []
    page = await records.decisions("acme", None, 2, left_out)
    assert [decision.id for decision, _ in page] == [decisions[3].id, decisions[0].id]
    assert left_out == broken[::-1]
    with pytest.raises(MissingPiece, match=broken[0]):
        await records.decision(broken[0])


async def test_another_tenants_decision_is_no_place_to_continue_from(
    journal: PostgresJournal, records: PostgresRecords
) -> None:
    mine, theirs = a_decision(), a_decision(tenant="other", at=STARTED)
    for decision in (mine, theirs):
        await journal.open(decision, None)
    assert await records.decisions("acme", theirs.id, 10) == []


@pytest.mark.parametrize("wild", ["' OR '1'='1", "'; DROP TABLE decision; --", "%", "\\", "$1"])
async def test_names_are_values_and_never_statements(journal: PostgresJournal, records: PostgresRecords, wild: str) -> None:
    """litellm-docs#43 (CVE-2026-42208): what a caller sends stood in the text of a statement."""
    mine = a_decision()
    await journal.open(mine, None)
    assert await records.decision(wild) is None
    assert await records.decisions(wild, None, 10) == []
    assert await records.decisions("acme", wild, 10) == []
    assert await records.kept_answer(wild, wild, STARTED) is None
    assert await records.spent_by(LONG_AGO, tenant=wild, user=wild, model=wild) == 0
    assert await records.usage("day", LONG_AGO.date(), wild) == []
    assert [decision.id for decision, _ in await records.decisions("acme", None, 10)] == [mine.id]


async def test_a_page_is_read_along_the_index_however_long_the_record_has_become(
    database: Database, journal: PostgresJournal, records: PostgresRecords
) -> None:
    """maximhq/bifrost#2172: the page of logs hung with 7,050 rows, since each was read whole to sort them."""
    first = a_decision()
    await journal.open(first, None)
    async with database.reading() as connection:
        await connection.execute(
            "INSERT INTO decision (id, at, tenant, key_id, kind, requested_model, chosen, label, body) "
            "SELECT 'dec_' || n, at + n * interval '1 second', tenant, key_id, kind, requested_model, chosen, label, "
            "body || jsonb_build_object('id', 'dec_' || n) FROM decision, generate_series(1, 5000) n"
        )
        await connection.execute("ANALYZE decision, outcome")
        await connection.execute("SET plan_cache_mode = force_generic_plan")  # the plan that a busy server comes to
        for after, place in (("", ""), (AFTER, ", 'dec_30'")):
            await connection.execute(f"PREPARE page AS {PAGE.format(after=after)}")
            plan = await connection.fetchval(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) EXECUTE page ('acme', 20{place})")
            assert _read_rows(json.loads(plan)[0]["Plan"], "decision") <= 21
            await connection.execute("DEALLOCATE page")
        await connection.execute("RESET plan_cache_mode")
    page = await records.decisions("acme", "dec_30", 20)
    assert [decision.id for decision, _ in page] == [f"dec_{n}" for n in range(29, 9, -1)]


def _read_rows(node: dict[str, Any], table: str) -> int:
    """How many rows of a table were looked at, those passed over included."""
    own = node.get("Actual Rows", 0) + node.get("Rows Removed by Filter", 0) if node.get("Relation Name") == table else 0
    return int(own * node.get("Actual Loops", 1)) + sum(_read_rows(inner, table) for inner in node.get("Plans", ()))


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


async def test_an_open_decision_that_cannot_be_read_is_passed_over_and_named(
    database: Database, journal: PostgresJournal, records: PostgresRecords, caplog: pytest.LogCaptureFixture
) -> None:
    readable, strange = a_decision(), a_decision()
    await journal.open(readable, hold(readable, readable.at))
    body = msgspec.to_builtins(strange) | {"kind": "telepathy"}
    async with database.reading() as connection:
        await connection.execute(
            "INSERT INTO decision VALUES ($1, $2, 'acme', 'key_1', 'telepathy', 'auto', NULL, 'public', $3::jsonb)",
            strange.id,
            strange.at,
            msgspec.json.encode(body).decode(),
        )
    assert [decision.id for decision, _ in await records.open_decisions()] == [readable.id]
    assert strange.id in caplog.text


async def test_open_decisions_of_one_server_and_what_it_has_spent(database: Database, records: PostgresRecords) -> None:
    made = {}
    for server in ("srv_1", "srv_2"):
        own = Database(database.dsn, server=server, connections=1)
        await own.connect()
        journal = PostgresJournal(own)
        made[server] = a_decision(at=STARTED)
        await journal.open(made[server], hold(made[server], STARTED))
        await answered(journal, a_decision(), charge=Charge(Decimal(2)))
        await journal.stop()
        await own.close()
    await answered(PostgresJournal(database), a_decision(), charge=Charge(Decimal(4)))
    assert [decision for decision, held in await records.open_decisions("srv_1") if held] == [made["srv_1"]]
    assert await records.open_decisions() == []
    assert await records.open_decisions("srv_3") == []
    spent = [await records.spent("key_1", LONG_AGO, server) for server in (None, "srv_1", "srv_3")]
    assert spent == [8, 2, 0]
    by = [await records.spent_by(LONG_AGO, tenant="acme", server=server) for server in (None, "srv_2", "srv_3")]
    assert by == [8, 2, 0]


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


async def test_usage_counts_what_broke_and_the_question_for_the_cache_for_their_own_models(
    journal: PostgresJournal, records: PostgresRecords
) -> None:
    used = Usage(uncached=5, cache_read=2, cache_write=1, output=3)
    broken = Attempt("gpt", "openai", "stream_broken", usage=used, charge=Charge(Decimal("0.5")))
    asked = Attempt("e5", "local", usage=Usage(uncached=4), charge=Charge(Decimal(0), priced=False))
    decision = a_decision()
    outcome = an_outcome(
        decision,
        usage=Usage(uncached=10, output=7),
        charge=Charge(Decimal(1)),
        attempts=(Attempt("gpt", "openai", "timeout"), broken, Attempt("local/small", "local")),
        cache=CacheUse("miss", embedding=asked),
    )
    booked = [settle(decision, outcome), *settle_attempts(decision, outcome)]
    await journal.open(decision, None)
    await journal.close(outcome, [transaction for transaction in booked if transaction])
    (row,) = await records.usage("key", date(2026, 1, 1), None)
    assert row == UsageRow("key_1", 1, 0, 22, 2, 10, Decimal("1.5"), "USD", 1)
    assert await records.usage("model", date(2026, 1, 1), None) == [
        UsageRow("e5", 0, 0, 4, 0, 0, Decimal(0), "USD", 1),
        UsageRow("gpt", 0, 0, 8, 2, 3, Decimal("0.5"), "USD", 0),
        UsageRow("local/small", 1, 0, 10, 0, 7, Decimal(1), "USD", 0),
    ]


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
