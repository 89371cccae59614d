"""The records of one installation: PostgreSQL, started if it is the embedded one, brought up to date, opened."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from msgspec import Struct

from kyozon.bootstrap.steps import Step
from kyozon.domain.language import Text
from kyozon.ports.local import Report
from kyozon.settings import Settings
from kyozon.storage import revision
from kyozon.storage.database import Database
from kyozon.storage.embedded import EmbeddedPostgres
from kyozon.storage.journal import PostgresJournal
from kyozon.storage.keys import PostgresKeyStore
from kyozon.storage.records import PostgresRecords

_DATABASE = Text("database", "データベース")
_MIGRATIONS = Text("tables", "テーブル")


class Store(Struct, frozen=True):
    """Everything that remembers. `applied` are the migrations that opening it has run."""

    applied: list[str]
    dsn: str
    database: Database
    journal: PostgresJournal
    records: PostgresRecords
    keys: PostgresKeyStore


@asynccontextmanager
async def opened(settings: Settings, step: Step) -> AsyncIterator[Store]:
    """The store, as long as the block runs; the embedded server stops with its last user.

    Raises:
        StorageUnavailable: the database cannot be reached or started; the message says why.
    """
    started = datetime.now(UTC)
    embedded = None if settings.database.url else EmbeddedPostgres(settings.data_dir / "postgres")
    try:
        with step(_DATABASE) as report:
            dsn = settings.database.url or ""
            if embedded is not None:
                dsn = await _in_thread(embedded.start, report)
        with step(_MIGRATIONS):
            applied = await _brought_up_to_date(dsn)
        database = Database(dsn)
        await database.connect()
        journal = PostgresJournal(database)
        try:
            yield Store(applied, dsn, database, journal, PostgresRecords(database, started), PostgresKeyStore(database))
        finally:
            await journal.stop()
            await database.close()
    finally:
        if embedded is not None:
            await asyncio.to_thread(embedded.stop)


async def _in_thread(start: Callable[[Report], str], report: Report) -> str:
    """A thread cannot be cancelled: who leaves waits for its end, so that the server it starts is found and stopped."""
    starting = asyncio.create_task(asyncio.to_thread(start, report))
    try:
        return await asyncio.shield(starting)
    except asyncio.CancelledError:
        await asyncio.wait([starting])
        raise


async def _brought_up_to_date(dsn: str) -> list[str]:
    """The migrations that were run. Most starts need none, nor the tools for it: half a second and 30 MB."""
    if await revision.current(dsn) == revision.newest():
        return []
    from kyozon.storage import migrate  # noqa: PLC0415

    return await migrate.upgrade(dsn)
