"""What decisions were made from, kept in PostgreSQL: enough to make a thousand of them again."""

import asyncio
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from kyozon.bootstrap.reading import registry_as_of
from kyozon.services.simulating import Replayer
from kyozon.storage.database import Database
from kyozon.storage.journal import PostgresJournal
from kyozon.storage.policies import PostgresPolicies
from tests.fakes.random_requests import busy_installation, decide
from tests.fakes.steered import START

EVER = datetime(2000, 1, 1, tzinfo=UTC)


async def test_a_thousand_recorded_decisions_come_out_the_same(database: Database) -> None:
    policies, journal = PostgresPolicies(database), PostgresJournal(database)
    house = busy_installation(policies.keep)
    await decide(house, 1000, 20261122)
    decisions = list(house.book.decisions_by_id.values())
    await asyncio.gather(*(journal.open(decision, None) for decision in decisions))
    await journal.stop()
    proof = await Replayer(policies, registry_as_of).prove(EVER)
    assert proof.different == []
    assert (proof.decisions, proof.same, proof.unreplayable) == (1000, 1000, 0)
    assert len({decision.chosen for decision in decisions}) > 3  # refusals and several models


async def test_decisions_come_in_order_from_a_moment_on(database: Database) -> None:
    policies, journal = PostgresPolicies(database), PostgresJournal(database)
    house = busy_installation(policies.keep)
    await decide(house, 30, 1)
    for decision in house.book.decisions_by_id.values():
        await journal.open(decision, None)
    await journal.stop()
    later = START + timedelta(seconds=5)
    found = [decision async for decision, _ in policies.recorded(later)]
    assert found == sorted((d for d in house.book.decisions_by_id.values() if d.at >= later), key=lambda d: (d.at, d.id))
    assert [decision async for decision, _ in policies.recorded(later, "somebody else's")] == []


async def test_a_basis_is_kept_as_it_is(database: Database) -> None:
    policies = PostgresPolicies(database)
    basis = busy_installation().registry.basis
    await policies.keep(basis)
    await policies.keep(basis)
    assert await policies.basis(basis.id) == basis
    assert await policies.basis("unknown") is None
    async with database.reading() as connection:
        with pytest.raises(asyncpg.RestrictViolationError):
            await connection.execute("UPDATE policy_basis SET body = '{}'")


async def test_what_cannot_be_read_is_left_out_and_named(database: Database) -> None:
    policies, journal = PostgresPolicies(database), PostgresJournal(database)
    house = busy_installation(policies.keep)
    await decide(house, 3, 1)
    first, second, third = house.book.decisions_by_id.values()
    for decision in (first, second, third):
        await journal.open(decision, None)
    await journal.stop()
    async with database.reading() as connection:
        await connection.execute("ALTER TABLE decision DISABLE TRIGGER USER")
        await connection.execute("UPDATE decision SET body = body || '{\"label\": 7}' WHERE id = $1", second.id)
        await connection.execute("ALTER TABLE policy_basis DISABLE TRIGGER USER")
        await connection.execute("UPDATE policy_basis SET body = body || '{\"zones\": 7}' WHERE id = $1", first.basis)
    left_out: list[str] = []
    assert {decision.id async for decision, _ in policies.recorded(EVER, None, left_out)} == {first.id, third.id}
    assert left_out == [second.id]
    assert await policies.basis(first.basis) is None
    proof = await Replayer(policies, registry_as_of).prove(EVER)
    assert (proof.decisions, proof.unreplayable, proof.left_out) == (2, 2, [second.id])
