import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from msgspec import structs

from kyozon.domain.decisions import Attempt, Decision, UnderWay
from kyozon.domain.errors import StorageUnavailable
from kyozon.domain.usage import Charge, Posting, Transaction, Usage
from kyozon.metering.posting import hold, release, settle
from kyozon.ports.records import KeptAnswer
from kyozon.storage.database import Database
from kyozon.storage.expired import forget_expired
from kyozon.storage.journal import PostgresJournal
from kyozon.storage.master_keys import MasterKeys
from kyozon.storage.records import PostgresRecords
from kyozon.storage.vault import Vault
from tests.fakes.record_samples import LONG_AGO, a_decision, an_outcome

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def records_of(database: Database) -> PostgresRecords:
    return PostgresRecords(database, NOW)


async def finish(journal: PostgresJournal, decision: Decision, kept: KeptAnswer | None = None) -> None:
    outcome = an_outcome(decision)
    booked = [release(decision, NOW), settle(decision, outcome)]
    await journal.close(outcome, [each for each in booked if each], kept)


def an_answer(decision: Decision, payload: bytes, expires_at: datetime) -> KeptAnswer:
    return KeptAnswer("key_1", "idem-1", "0" * 64, decision.id, "application/json", payload, expires_at)


async def test_what_is_written_comes_back_whole(database: Database) -> None:
    journal, records = PostgresJournal(database), records_of(database)
    decision = a_decision()
    await journal.open(decision, hold(decision, NOW))
    assert await records.decision(decision.id) == (decision, None)
    await finish(journal, decision)
    assert await records.decision(decision.id) == (decision, an_outcome(decision))
    assert await records.balance() == {"USD": Decimal(0)}
    assert await records.spent("key_1", LONG_AGO) == Decimal("0.0123456789012345678901")


async def test_writing_the_same_twice_changes_nothing(database: Database) -> None:
    journal, records = PostgresJournal(database), records_of(database)
    decision = a_decision()
    for _ in range(2):
        await journal.open(decision, hold(decision, NOW))
    for _ in range(2):
        await finish(journal, decision)
    await journal.close(an_outcome(decision, status="lost"), [])
    found = await records.decision(decision.id)
    assert found is not None
    assert found[1] == an_outcome(decision)
    assert await records.spent("key_1", LONG_AGO) == an_outcome(decision).charge.amount


async def test_the_same_idempotency_key_in_one_batch_is_booked_once(database: Database) -> None:
    journal, records = PostgresJournal(database), records_of(database)
    decision = a_decision()
    await journal.open(decision, None)
    await asyncio.gather(*(finish(journal, decision) for _ in range(5)))
    assert await records.spent("key_1", LONG_AGO) == an_outcome(decision).charge.amount
    async with database.reading() as connection:
        assert await connection.fetchval("SELECT count(*) FROM ledger_posting") == 4


async def test_concurrent_records_share_commits(database: Database) -> None:
    journal = PostgresJournal(database)
    decisions = [a_decision() for _ in range(450)]
    await asyncio.gather(*(journal.open(decision, hold(decision, NOW)) for decision in decisions))
    async with database.reading() as connection:
        assert await connection.fetchval("SELECT count(*) FROM decision") == 450
        assert await connection.fetchval("SELECT count(DISTINCT xmin::text) FROM decision") == 3


async def test_a_record_the_database_refuses_fails_alone(database: Database) -> None:
    journal, records = PostgresJournal(database), records_of(database)
    decisions = [a_decision() for _ in range(20)]
    lopsided = Transaction(
        "bad", "settle", decisions[7].id, "bad", NOW, "USD", (Posting("a", Decimal(1)), Posting("b", Decimal(-2)))
    )
    holds = [lopsided if index == 7 else hold(each, NOW) for index, each in enumerate(decisions)]
    results = await asyncio.gather(*map(journal.open, decisions, holds), return_exceptions=True)
    failures = [result for result in results if result is not None]
    assert len(failures) == 1
    assert results[7] is failures[0]
    assert isinstance(failures[0], StorageUnavailable)
    assert not failures[0].retryable
    assert [await records.decision(each.id) is None for each in decisions] == [index == 7 for index in range(20)]
    await journal.open(a_decision(), None)


async def test_an_outcome_without_its_decision_is_refused(database: Database) -> None:
    with pytest.raises(StorageUnavailable, match="ForeignKeyViolation"):
        await PostgresJournal(database).close(an_outcome(a_decision()), ())


async def test_text_that_postgresql_cannot_hold_is_recorded_all_the_same(database: Database) -> None:
    decision = a_decision(requested_model="gpt\0x", user="a\\u0000")
    await PostgresJournal(database).open(decision, None)
    found = await records_of(database).decision(decision.id)
    assert found is not None
    assert found[0] == msgspec.structs.replace(decision, requested_model="gpt\ufffdx")


async def test_a_cancelled_caller_does_not_take_its_ending_back(database: Database) -> None:
    journal, records = PostgresJournal(database), records_of(database)
    decision = a_decision()
    await journal.open(decision, None)
    closing = asyncio.ensure_future(journal.close(an_outcome(decision), ()))
    await asyncio.sleep(0)
    closing.cancel()
    await asyncio.gather(closing, return_exceptions=True)
    await journal.stop()
    assert await records.decision(decision.id) == (decision, an_outcome(decision))


async def test_stopping_writes_what_waits_and_takes_no_more(database: Database) -> None:
    journal = PostgresJournal(database)
    decisions = [a_decision() for _ in range(300)]
    opening = [asyncio.ensure_future(journal.open(each, None)) for each in decisions]
    await asyncio.sleep(0)
    await journal.stop()
    assert await asyncio.gather(*opening) == [None] * 300
    async with database.reading() as connection:
        assert await connection.fetchval("SELECT count(*) FROM decision") == 300
    with pytest.raises(StorageUnavailable, match="shutting down"):
        await journal.open(a_decision(), None)


async def test_a_full_queue_refuses_decisions_and_takes_endings(database: Database) -> None:
    journal = PostgresJournal(database, capacity=2)
    decision = a_decision()
    await journal.open(decision, None)
    waiting = [journal.open(a_decision(), None) for _ in range(2)]
    with pytest.raises(StorageUnavailable, match="too many records wait"):
        journal.open(a_decision(), None)
    await asyncio.gather(*waiting, journal.close(an_outcome(decision), ()))


async def test_an_answer_is_kept_with_its_settlement_until_it_expires(database: Database) -> None:
    journal, records = PostgresJournal(database), records_of(database)
    later = datetime.now(UTC) + timedelta(hours=1)
    first, second = a_decision(), a_decision()
    for decision, payload in ((first, b"\x00first"), (second, b"second")):
        await journal.open(decision, None)
        await finish(journal, decision, an_answer(decision, payload, later))
    assert await records.kept_answer("key_1", "idem-1", NOW) == an_answer(first, b"\x00first", later)
    assert await records.kept_answer("key_1", "idem-1", later) is None
    assert await records.kept_answer("key_2", "idem-1", NOW) is None


async def test_an_answer_that_cannot_be_encrypted_is_not_kept_and_holds_up_no_record(
    database: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "master.keys").write_text("no key")
    journal, records = PostgresJournal(database, Vault(database, MasterKeys(tmp_path))), records_of(database)
    decision, later = a_decision(), a_decision()
    await journal.open(decision, None)
    await asyncio.gather(
        finish(journal, decision, an_answer(decision, b"{}", NOW + timedelta(hours=1))), journal.open(later, None)
    )
    assert await records.decision(decision.id) == (decision, an_outcome(decision))
    assert await records.decision(later.id) == (later, None)
    assert await records.kept_answer("key_1", "idem-1", NOW) is None
    assert f"{decision.id} is not kept" in caplog.text


async def test_an_expired_answer_gives_way(database: Database) -> None:
    earlier, later = datetime.now(UTC) - timedelta(hours=1), datetime.now(UTC) + timedelta(hours=1)
    first, second = a_decision(), a_decision()
    journal = PostgresJournal(database)
    await journal.open(first, None)
    await finish(journal, first, an_answer(first, b"old", earlier))
    await journal.open(second, None)
    await finish(journal, second, an_answer(second, b"new", later))
    found = await records_of(database).kept_answer("key_1", "idem-1", NOW)
    assert found is not None
    assert found.payload == b"new"


async def test_how_far_a_request_has_come_is_known_until_its_outcome_is_there(database: Database) -> None:
    journal, records = PostgresJournal(database), records_of(database)
    decision, other = a_decision(), a_decision()
    for one in (decision, other):
        await journal.open(one, hold(one, NOW))
    assert await records.under_way(decision.id) is None
    first = UnderWay(
        decision.id, (Attempt("small", "here", usage=Usage(5, output=2), charge=Charge(Decimal("0.1"))),), "b", "c"
    )
    second = structs.replace(first, attempts=(*first.attempts, Attempt("b", "c", "overloaded")), model="d", more_input=7)
    beside = structs.replace(first, decision_id=other.id)
    await asyncio.gather(journal.note(first), journal.note(second), journal.note(beside))
    assert (await records.under_way(decision.id), await records.under_way(other.id)) == (second, beside)
    await journal.note(first)
    assert await records.under_way(decision.id) == first
    expires = NOW + timedelta(days=365_000)
    await asyncio.gather(finish(journal, decision, an_answer(decision, b"{}", expires)), journal.note(second))
    await forget_expired(database)
    assert (await records.under_way(decision.id), await records.under_way(other.id)) == (None, beside)
