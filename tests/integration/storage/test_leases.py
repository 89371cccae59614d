"""Leases in PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import asyncpg
import msgspec
import pytest

from kyozon.domain.errors import StorageUnavailable
from kyozon.domain.usage import Charge
from kyozon.metering.posting import settle
from kyozon.ports.leases import MoneyLease, MoneyTrade, Place, RateLease, RateTrade, Word
from kyozon.storage.database import Database
from kyozon.storage.journal import PostgresJournal
from kyozon.storage.leases import CHANNEL, PostgresLeases
from kyozon.storage.records import PostgresRecords
from tests.contract.storage.lease_store import MONTH, Joins, LeasesSuite, money, rate
from tests.fakes.record_samples import LONG_AGO, a_decision, an_outcome

STARTED = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.fixture
def joins(database: Database) -> Joins:
    async def join(server: str) -> PostgresLeases:
        async with database.reading() as connection:
            await connection.execute("INSERT INTO running_server (id, since) VALUES ($1, $2)", server, MONTH)
        return PostgresLeases(database, PostgresRecords(database, STARTED), server)

    return join


class TestPostgresLeases(LeasesSuite):
    @pytest.fixture
    async def said(self, database: Database) -> AsyncIterator[Callable[[], Awaitable[list[Word]]]]:
        connection = await asyncpg.connect(database.dsn)
        found: list[Word] = []
        await connection.add_listener(CHANNEL, lambda *told: found.append(msgspec.json.decode(told[3], type=Word)))

        async def words() -> list[Word]:
            await connection.execute("SELECT")
            return found

        yield words
        await connection.close()


async def test_who_was_taken_for_dead_trades_no_more(joins: Joins) -> None:
    first, second = await joins("srv_1"), await joins("srv_2")
    await rate(first, want=1)
    await second.void("srv_1")
    await second.void("srv_1")
    with pytest.raises(StorageUnavailable, match="taken this one for dead"):
        await rate(first, kept=30, want=1)


async def test_nobody_hears_its_own_word(joins: Joins, database: Database) -> None:
    await joins("srv_1")
    leases = PostgresLeases(database, PostgresRecords(database, STARTED), "srv_1")
    said = [msgspec.json.encode(Word(server, ("key", "a", "b"), "tokens")).decode() for server in ("srv_1", "srv_2")]
    assert [leases.word(payload) is None for payload in said] == [True, False]


async def _spent(database: Database, amount: str, server: str = "", at: datetime = MONTH) -> None:
    """One answered decision of `key_1`, made by a server."""
    own = Database(database.dsn, server=server, connections=1)
    await own.connect()
    journal = PostgresJournal(own)
    decision = a_decision(at=LONG_AGO)
    outcome = an_outcome(decision, charge=Charge(Decimal(amount)), at=at)
    booked = settle(decision, outcome)
    await journal.open(decision, None)
    await journal.close(outcome, [booked] if booked else [])
    await journal.stop()
    await own.close()


@pytest.mark.parametrize("kind", ["key", "user", "tenant", "model"])
async def test_a_budget_begins_with_what_the_ledger_says(joins: Joins, database: Database, kind: str) -> None:
    decision = a_decision()
    outcome = an_outcome(decision)
    names = {"key": decision.key_id, "user": decision.user, "tenant": decision.tenant, "model": outcome.model or ""}
    place = (kind, "" if kind == "model" else decision.tenant, names[kind])
    await _spent(database, "3")
    first = await joins("srv_1")
    found = await first.trade([MoneyTrade(place, MONTH, Decimal(10), Decimal(0), Decimal(0), Decimal(1))])
    assert found == [MoneyLease(Decimal(7), Decimal(3), 0, Decimal(0))]


async def test_of_a_dead_servers_money_only_what_it_spent_is_gone(joins: Joins, database: Database) -> None:
    """It had reported 1 of its 2.5, and another has spent, too: that is not counted twice."""
    await _spent(database, "0.5", "srv_0")
    first, second = await joins("srv_1"), await joins("srv_2")
    await money(first, want="6")
    await money(second, want="1")
    await _spent(database, "1", "srv_1")
    await money(first, kept="5", spent="1")
    await _spent(database, "1.5", "srv_1")
    await _spent(database, "0.25", "srv_2")
    await second.void("srv_1")
    found = await money(second, kept="0.75", spent="0.25", want="10")
    assert found.spent == Decimal("3.25")
    assert found.amount == Decimal("6.75")


async def test_servers_that_trade_at_once_never_hold_more_than_the_limit(joins: Joins, database: Database) -> None:
    servers = [await joins(f"srv_{number}") for number in range(4)]
    places: list[Place] = [("key", "acme", f"key_{number}") for number in range(3)]

    def trades(order: int) -> list[RateTrade]:
        return [RateTrade(place, "requests", 9, 0, level=1, room=5) for place in places[::order]]

    await asyncio.gather(*(leases.trade(trades(order), "ask") for leases in servers for order in (1, -1)))
    async with database.reading() as connection:
        rows = await connection.fetch("SELECT id, sum(share) AS shares FROM limit_lease GROUP BY id")
    assert {row["id"]: row["shares"] for row in rows} == {place[2]: 9 for place in places}


async def test_what_says_nothing_any_more_is_deleted(joins: Joins, database: Database) -> None:
    leases = PostgresLeases(database, PostgresRecords(database, STARTED), "srv_1")
    await joins("srv_1")
    await rate(leases, want=1)
    await money(leases, want="1")
    async with database.reading() as connection:
        await connection.execute("UPDATE limit_pool SET at = at - interval '2 days'")
    await leases.tidy(STARTED)
    await rate(leases, kept=0, back=1)  # leased, so it was kept
    await money(leases)
    async with database.reading() as connection:
        await connection.execute("UPDATE limit_pool SET at = at - interval '2 days'")
        await leases.tidy(MONTH)
        assert await connection.fetchval("SELECT array_agg(meter) FROM limit_pool") == ["money 2026-05"]
        await leases.tidy(STARTED)
        assert await connection.fetchval("SELECT count(*) FROM limit_pool") == 0


async def test_a_lease_of_nothing_is_no_lease(joins: Joins) -> None:
    first, second = await joins("srv_1"), await joins("srv_2")
    await rate(first, want=60)
    assert await rate(second, want=1) == RateLease(0, 0, 1)
    await rate(first, kept=0, back=0)
    assert (await rate(second, want=1)).others == 0


async def test_what_a_server_spent_before_it_was_buried_and_came_back_is_counted_once(
    joins: Joins, database: Database
) -> None:
    first, second = await joins("srv_1"), await joins("srv_2")
    await money(first, want="5")
    await _spent(database, "3", "srv_1")
    await money(first, kept="2", spent="3")
    await second.void("srv_1")  # it was cut off
    first, back = await joins("srv_1"), MONTH + timedelta(hours=1)
    async with database.writing() as connection:
        await connection.execute("UPDATE running_server SET since = $1 WHERE id = 'srv_1'", back)
    await money(first, want="1")
    await _spent(database, "1", "srv_1", back)
    await second.void("srv_1")
    assert (await money(second)).spent == Decimal(4)
