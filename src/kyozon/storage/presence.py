"""Which servers work on this database, told by locks that PostgreSQL drops when their holder goes, however it goes.

All servers share one lock, so a starting one knows whether it is alone. Each holds one more of its own: where that is free,
its server is dead, or cut off. So a server grants nothing of its leases when it has not heard from the database for
`TRUST_SECONDS`, and is taken for dead once its lock has been free for longer than that and than a decision may wait to be
recorded.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from msgspec import Struct

from kyozon.domain.errors import StorageUnavailable
from kyozon.storage.database import Database
from kyozon.storage.leases import CHANNEL

_LOCK = 0x6B796F7A6F6E2E73  # "kyozon.s": the migrations' lock is another, and so are those of other programs
_LOCKS = 0x6B797A73  # "kyzs": with a server's number, the lock of that server
_PATIENCE_MS = 2000
"""The connection of a server that was killed a moment ago may not have been noticed yet."""
_BEAT_SECONDS = 2.0
TRUST_SECONDS = 6.0
_MOURN_SECONDS = 3.0
_DEAD_SECONDS = 12.0
"""More than `TRUST_SECONDS` and the journal's patience with a decision together."""

_log = logging.getLogger(__name__)

_JOIN = """
INSERT INTO running_server (id) VALUES ($1) ON CONFLICT (id) DO UPDATE SET id = excluded.id RETURNING number
"""
_NUMBER = "SELECT number FROM running_server WHERE id = $1"
_UNHELD = """
SELECT s.id FROM running_server s WHERE s.id <> $1 AND NOT EXISTS (
    SELECT FROM pg_locks l
    WHERE l.locktype = 'advisory' AND l.granted AND l.classid::bigint = $2 AND l.objid::bigint = s.number AND l.objsubid = 2
      AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
)
"""
# A server that was cut off by a restart of PostgreSQL itself does not trust its leases any more once that was so long ago.
_ALL_UNTRUSTED = "SELECT now() - pg_postmaster_start_time() > make_interval(secs => $1)"


class Told(Struct, frozen=True):
    """Whom `stay` tells: until when (of `time.monotonic`) this server is trusted; that it was buried; what others say."""

    confirmed: Callable[[float], None]
    taken_for_dead: Callable[[], None]
    heard: Callable[[str], None]


@asynccontextmanager
async def alone(database: Database) -> AsyncIterator[bool]:
    """Whether no other server works here; while the block runs none begins to. Raises `StorageUnavailable`."""
    async with database.alone() as connection:
        await connection.execute(f"SET lock_timeout = {_PATIENCE_MS}")
        try:
            await connection.execute("SELECT pg_advisory_lock($1)", _LOCK)
        except asyncpg.LockNotAvailableError:
            found = False
        else:
            found = True
        yield found


async def left_behind(database: Database, trust: float = TRUST_SECONDS) -> list[str]:
    """The servers whose leases a server that is `alone` may take at once: all, unless one may only be cut off."""
    async with database.reading() as connection:
        if not await connection.fetchval(_ALL_UNTRUSTED, trust):
            return []
        return [row["id"] for row in await connection.fetch("SELECT id FROM running_server")]


async def stay(database: Database, server: str, told: Told, pause: float = 1.0) -> None:
    """Be known as a server that works here; runs until cancelled, and comes back after a lost connection.

    `told.confirmed` comes as soon as it is so: a request decided before could be taken for one that was left behind.
    """
    number: int | None = None
    while True:
        try:
            async with database.alone() as connection:
                lost = asyncio.Event()
                connection.add_termination_listener(lambda _, lost=lost: lost.set())
                await connection.execute("SELECT pg_advisory_lock_shared($1)", _LOCK)
                number = await _joined(connection, server, number, told)
                await connection.add_listener(CHANNEL, lambda *said: told.heard(said[3]))
                while not lost.is_set():
                    asked = time.monotonic()
                    await connection.execute("SELECT", timeout=TRUST_SECONDS)
                    told.confirmed(asked + TRUST_SECONDS)
                    await _wait(lost, _BEAT_SECONDS)
        except StorageUnavailable:
            await asyncio.sleep(pause)
        except Exception:  # noqa: BLE001 - without it no key with limits is served any more
            _log.exception("staying known to the other servers failed; it is tried again")
            await asyncio.sleep(pause)


async def mourn(
    database: Database, server: str, bury: Callable[[str], Awaitable[None]], patience: float = _DEAD_SECONDS
) -> None:
    """Have each server buried that has been dead for `patience` seconds, by one that lives; runs until cancelled."""
    free_since: dict[str, float] = {}
    while True:
        try:
            now = time.monotonic()
            async with database.reading() as connection:
                unheld = [row["id"] for row in await connection.fetch(_UNHELD, server, _LOCKS)]
            free_since = {dead: free_since.get(dead, now) for dead in unheld}
            for dead, since in free_since.items():
                if now - since >= patience:
                    await _bury(database, dead, bury)
        except StorageUnavailable:
            free_since = {}  # nobody could have held a lock meanwhile
        except Exception:  # noqa: BLE001 - one server that cannot be buried must not keep the others from it
            _log.exception("looking after servers that are gone failed; it is tried again")
        await asyncio.sleep(min(_MOURN_SECONDS, patience))


async def _bury(database: Database, dead: str, bury: Callable[[str], Awaitable[None]]) -> None:
    """Hold its lock meanwhile: should it live after all, it waits to come back; if others mourn, they leave it to us."""
    async with database.alone() as connection:
        number = await connection.fetchval(_NUMBER, dead)
        if number is not None and await connection.fetchval("SELECT pg_try_advisory_lock($1, $2)", _LOCKS, number):
            _log.warning("server %s is gone; what it left open is closed, what it held of the limits is taken back", dead)
            await bury(dead)


async def _joined(connection: Any, server: str, before: int | None, told: Told) -> int:
    """Hold the server's own lock; its number. Another one than before means that it has been buried meanwhile."""
    while True:
        found = await connection.fetchval(_NUMBER, server)
        if found is None and before is not None:
            told.taken_for_dead()
        number = int(await connection.fetchval(_JOIN, server))
        await connection.execute("SELECT pg_advisory_lock($1, $2)", _LOCKS, number)
        if await connection.fetchval(_NUMBER, server) == number:
            return number
        before = number


async def _wait(lost: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await lost.wait()
    except TimeoutError:
        return
