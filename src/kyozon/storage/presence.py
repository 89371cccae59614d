"""Which servers work on this database, told by locks that PostgreSQL drops when their holder goes, however it goes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from kyozon.domain.errors import StorageUnavailable
from kyozon.storage.database import Database

_LOCK = 0x6B796F7A6F6E2E73  # "kyozon.s": the migrations' lock is another, and so are those of other programs
_PATIENCE_MS = 2000
"""The connection of a server that was killed a moment ago may not have been noticed yet."""


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


async def stay(database: Database, known: asyncio.Event, pause: float = 1.0) -> None:
    """Be known as a server that works here; runs until cancelled, and comes back after a lost connection.

    `known` is set as soon as it is so: a request that is decided before could be taken for one that was left behind.
    """
    while True:
        try:
            async with database.alone() as connection:
                lost = asyncio.Event()
                connection.add_termination_listener(lambda _, lost=lost: lost.set())
                await connection.execute("SELECT pg_advisory_lock_shared($1)", _LOCK)
                known.set()
                await lost.wait()
        except StorageUnavailable:
            await asyncio.sleep(pause)
