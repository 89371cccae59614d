"""Servers that share a database know of each other, and bury their dead."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from msgspec import Struct, field

from kyozon.domain.errors import StorageUnavailable
from kyozon.storage import presence
from kyozon.storage.database import Database
from kyozon.storage.leases import CHANNEL

_HOLDERS = """
SELECT DISTINCT l.pid FROM pg_locks l JOIN pg_database d ON d.oid = l.database
WHERE l.locktype = 'advisory' AND l.granted AND d.datname = current_database()
"""
_WAITING = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid::bigint = $1 AND NOT granted"


class _Server(Struct):
    """What one server was told."""

    known: asyncio.Event = field(default_factory=asyncio.Event)
    trusted: list[float] = field(default_factory=list)
    buried: int = 0
    heard: list[str] = field(default_factory=list)

    def told(self) -> presence.Told:
        return presence.Told(self._confirmed, self._taken_for_dead, self.heard.append)

    def _confirmed(self, until: float) -> None:
        self.trusted.append(until)
        self.known.set()

    def _taken_for_dead(self) -> None:
        self.buried += 1


@asynccontextmanager
async def _staying(database: Database, name: str) -> AsyncIterator[_Server]:
    """A server that is known until the block ends."""
    server = _Server()
    task = asyncio.create_task(presence.stay(database, name, server.told(), pause=0.05))
    await asyncio.wait_for(server.known.wait(), 30)
    yield server
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def _until(reached: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not reached():  # noqa: ASYNC110 - the server tells nobody
            await asyncio.sleep(0.02)


async def _cut_off(database: Database) -> None:
    async with database.reading() as connection:
        await connection.fetch(f"SELECT pg_terminate_backend(pid) FROM ({_HOLDERS}) AS holders")  # noqa: S608 - a constant


async def _servers(database: Database) -> set[str]:
    async with database.reading() as connection:
        return {row["id"] for row in await connection.fetch("SELECT id FROM running_server")}


async def _bury(database: Database, name: str) -> None:
    async with database.reading() as connection:
        await connection.execute("DELETE FROM running_server WHERE id = $1", name)


@asynccontextmanager
async def _burying(database: Database, name: str) -> AsyncIterator[None]:
    """Cut the server off, and hold its lock until the block ends: asked for before, so that the server cannot be first."""
    async with database.alone() as mourner, database.reading() as watching:
        number = await watching.fetchval("SELECT number FROM running_server WHERE id = $1", name)
        held = asyncio.create_task(mourner.execute("SELECT pg_advisory_lock($1, $2)", presence._LOCKS, number))
        async with asyncio.timeout(30):
            while not await watching.fetchval(_WAITING, presence._LOCKS):  # noqa: ASYNC110 - PostgreSQL tells nobody
                await asyncio.sleep(0.02)
            await _cut_off(database)
            await held
        yield


async def test_the_first_is_alone_and_the_next_is_not(database: Database) -> None:
    async with presence.alone(database) as first:
        assert first
    async with _staying(database, "srv_1"), presence.alone(database) as second:
        assert not second
    async with presence.alone(database) as last:
        assert last
    assert await presence.left_behind(database, trust=0.0) == ["srv_1"]
    assert await presence.left_behind(database, trust=3600.0) == []  # PostgreSQL has just started: it may only be cut off


async def test_two_may_stay_together_and_come_back_after_a_lost_connection(database: Database) -> None:
    async with _staying(database, "srv_1") as first, _staying(database, "srv_2") as second:
        before = len(first.trusted), len(second.trusted)
        await _cut_off(database)
        await _until(lambda: len(first.trusted) > before[0] and len(second.trusted) > before[1])
        assert (first.buried, second.buried) == (0, 0)
        assert await _servers(database) == {"srv_1", "srv_2"}


async def test_a_server_hears_what_others_say(database: Database) -> None:
    async with _staying(database, "srv_1") as server, database.reading() as connection:
        await connection.execute("SELECT pg_notify($1, $2)", CHANNEL, "a word")
        await _until(lambda: server.heard == ["a word"])


async def test_who_is_dead_is_buried_by_one_and_who_lives_is_not(database: Database) -> None:
    buried: list[str] = []

    async def bury(name: str) -> None:
        buried.append(name)
        await asyncio.sleep(0.1)  # the other mourner finds it locked meanwhile
        await _bury(database, name)

    async with _staying(database, "srv_1"), _staying(database, "srv_2"):
        async with _staying(database, "srv_dead"):
            pass
        mourners = [
            asyncio.create_task(presence.mourn(database, name, bury, patience=0.2)) for name in ("srv_1", "srv_2", "srv_2")
        ]
        await _until(lambda: bool(buried))
        await asyncio.sleep(0.5)
        for mourner in mourners:
            mourner.cancel()
        await asyncio.gather(*mourners, return_exceptions=True)
        assert buried == ["srv_dead"]
        assert await _servers(database) == {"srv_1", "srv_2"}


async def test_who_only_was_away_is_not_buried_before_it_has_had_its_time(database: Database) -> None:
    buried: list[str] = []

    async def bury(name: str) -> None:
        buried.append(name)

    async with database.reading() as connection:
        await connection.execute("INSERT INTO running_server (id) VALUES ('srv_away')")
    mourner = asyncio.create_task(presence.mourn(database, "srv_1", bury, patience=30.0))
    await asyncio.sleep(0.3)
    mourner.cancel()
    await asyncio.gather(mourner, return_exceptions=True)
    assert buried == []


async def test_who_comes_back_from_the_dead_is_told(database: Database) -> None:
    async with _staying(database, "srv_1") as server:
        await _bury(database, "srv_1")
        await _cut_off(database)
        await _until(lambda: server.buried == 1)
        count = len(server.trusted)
        await _until(lambda: len(server.trusted) > count)
        assert await _servers(database) == {"srv_1"}


async def test_who_comes_back_waits_until_its_burial_is_over(database: Database) -> None:
    async with _staying(database, "srv_1") as server:
        async with _burying(database, "srv_1"):
            count = len(server.trusted)
            await asyncio.sleep(0.3)
            assert len(server.trusted) == count
            await _bury(database, "srv_1")
        await _until(lambda: server.buried == 1 and len(server.trusted) > count)
        assert await _servers(database) == {"srv_1"}


async def test_without_a_database_nobody_is_alone() -> None:
    with pytest.raises(StorageUnavailable):
        async with presence.alone(Database("postgresql://postgres@127.0.0.1:1/none", patience=0.5)):
            raise AssertionError
