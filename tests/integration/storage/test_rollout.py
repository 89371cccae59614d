"""Versions of what estimates models at rest: kept for good, moved on record, told to every server, looked at by one."""

import asyncio
from contextlib import suppress

import asyncpg
import pytest
from msgspec import structs

from kyozon.domain.errors import StorageUnavailable
from kyozon.storage.database import Database
from kyozon.storage.rollout import PostgresRollouts
from kyozon.storage.solo import DRIFT, ROUTER, alone
from tests.contract.storage.rollout_store import RolloutsSuite, a_rollout, an_event


class TestPostgresRollouts(RolloutsSuite):
    @pytest.fixture
    def store(self, database: Database) -> PostgresRollouts:
        return PostgresRollouts(database)


@pytest.fixture
def store(database: Database) -> PostgresRollouts:
    return PostgresRollouts(database)


async def test_who_brought_it_stands_under_a_pseudonym_and_each_move_is_on_record(
    store: PostgresRollouts, database: Database
) -> None:
    rollout = a_rollout()
    await store.begin(rollout, b"0123", an_event(rollout))
    moved = structs.replace(rollout, stage="share")
    assert await store.move(moved, "shadow", an_event(moved))
    assert not await store.move(moved, "shadow", an_event(structs.replace(moved, stage="whole")))
    async with database.reading() as connection:
        rows = await connection.fetch("SELECT brought_by FROM router_rollout")
        events = [row["id"] for row in await connection.fetch("SELECT id FROM audit_event ORDER BY id")]
    assert rows[0]["brought_by"] != "花子"
    assert events == ["evt_rol_1_shadow", "evt_rol_1_share"]


async def test_nothing_is_moved_without_its_event(store: PostgresRollouts, database: Database) -> None:
    rollout = a_rollout()
    await store.begin(rollout, b"0123", an_event(rollout))
    async with database.reading() as connection:
        await connection.execute("ALTER TABLE audit_event ADD CONSTRAINT broken CHECK (false) NOT VALID")
    with pytest.raises(asyncpg.CheckViolationError):
        await store.move(
            structs.replace(rollout, stage="whole"), "shadow", an_event(structs.replace(rollout, stage="whole"))
        )
    assert (await store.standing()).running == rollout


async def test_a_file_is_never_changed_and_never_too_large(store: PostgresRollouts, database: Database) -> None:
    await store.begin(a_rollout(), b"0123", an_event(a_rollout()))
    async with database.reading() as connection:
        with pytest.raises(asyncpg.RestrictViolationError):
            await connection.execute("UPDATE router_version SET body = 'other'")
        with pytest.raises(asyncpg.CheckViolationError):
            await connection.execute("INSERT INTO router_version (id, body) VALUES ('x', $1)", bytes((16 << 20) + 1))


async def test_servers_hear_of_moves_and_not_of_looks(store: PostgresRollouts) -> None:
    heard = asyncio.Event()
    watching = asyncio.create_task(store.watch(heard.set))
    await asyncio.wait_for(heard.wait(), 30)  # as soon as it listens
    heard.clear()
    rollout = a_rollout()
    await store.begin(rollout, b"0123", an_event(rollout))
    await asyncio.wait_for(heard.wait(), 30)
    heard.clear()
    moved = structs.replace(rollout, stage="share")
    await store.move(moved, "shadow", an_event(moved))
    await asyncio.wait_for(heard.wait(), 30)
    watching.cancel()
    with suppress(asyncio.CancelledError):
        await watching


async def test_one_server_looks_at_a_time(database: Database) -> None:
    async with alone(database, ROUTER) as mine, alone(database, ROUTER) as theirs, alone(database, DRIFT) as another:
        assert (mine, theirs, another) == (True, False, True)
    async with alone(database, ROUTER) as theirs:
        assert theirs


async def test_a_lost_database_is_said_to_be_lost() -> None:
    nowhere = PostgresRollouts(Database("postgresql://127.0.0.1:9/none"))
    for call in (
        nowhere.standing(),
        nowhere.all(),
        nowhere.body("x"),
        nowhere.begin(a_rollout(), b"0", an_event(a_rollout())),
    ):
        with pytest.raises(StorageUnavailable):
            await call
