"""What one server at a time does: by a lock of the database, which is gone with the connection that holds it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from kyozon.storage.database import Database

DRIFT = 0x6B796F7A6F6E2E64  # "kyozon.d"
ROUTER = 0x6B796F7A6F6E2E72  # "kyozon.r"


@asynccontextmanager
async def alone(database: Database, lock: int) -> AsyncIterator[bool]:
    """Whether nobody else holds the lock; while the block runs nobody else gets it. Raises `StorageUnavailable`."""
    async with database.alone() as connection:
        yield bool(await connection.fetchval("SELECT pg_try_advisory_lock($1)", lock))
