"""The records of one installation: PostgreSQL, started if it is the embedded one, brought up to date, opened."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TypeVar

from msgspec import Struct

from kyozon.bootstrap.steps import Step
from kyozon.bootstrap.world import new_id
from kyozon.domain.errors import KyozonError
from kyozon.domain.language import Text
from kyozon.ports.local import Progress, Report
from kyozon.settings import Settings
from kyozon.storage import revision
from kyozon.storage.audit.trail import PostgresTrail
from kyozon.storage.cache import PostgresAnswers
from kyozon.storage.database import Database
from kyozon.storage.embedded import EmbeddedPostgres
from kyozon.storage.feedback import PostgresFeedback
from kyozon.storage.journal import PostgresJournal
from kyozon.storage.keys import PostgresKeyStore
from kyozon.storage.leases import PostgresLeases
from kyozon.storage.master_keys import MasterKeys
from kyozon.storage.policies import PostgresPolicies
from kyozon.storage.provenance import PostgresProvenance
from kyozon.storage.records import PostgresRecords
from kyozon.storage.review import PostgresReviews
from kyozon.storage.rollout import PostgresRollouts
from kyozon.storage.vault import Vault

T = TypeVar("T")

_log = logging.getLogger("kyozon.store")
_WATCH_SECONDS = 1.0
_DATABASE = Text("database", "データベース")
_MIGRATIONS = Text("tables", "テーブル")


class Store(Struct, frozen=True):
    """Everything that remembers. `applied` are the migrations that opening it has run, `server` is who this process is."""

    applied: list[str]
    server: str
    dsn: str
    database: Database
    journal: PostgresJournal
    records: PostgresRecords
    keys: PostgresKeyStore
    answers: PostgresAnswers
    leases: PostgresLeases
    policies: PostgresPolicies
    reviews: PostgresReviews
    provenance: PostgresProvenance
    trail: PostgresTrail
    vault: Vault
    feedback: PostgresFeedback
    rollouts: PostgresRollouts


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
        server = new_id("srv")
        database = Database(dsn, durability=settings.database.durability, server=server)
        await database.connect()
        vault = Vault(database, MasterKeys(settings.audit_keys))
        journal = PostgresJournal(database, vault)
        watching = asyncio.create_task(_kept_running(embedded))
        try:
            records, keys, answers = (
                PostgresRecords(database, started, vault),
                PostgresKeyStore(database),
                PostgresAnswers(database, vault),
            )
            leases, policies = PostgresLeases(database, records, server), PostgresPolicies(database)
            provenance, trail = PostgresProvenance(database), PostgresTrail(database)
            yield Store(
                applied,
                server,
                dsn,
                database,
                journal,
                records,
                keys,
                answers,
                leases,
                policies,
                PostgresReviews(database, vault),
                provenance,
                trail,
                vault,
                PostgresFeedback(database, vault),
                PostgresRollouts(database),
            )
        finally:
            await journal.stop()  # what still waits may need the watch, too
            watching.cancel()
            await asyncio.wait([watching])
            await database.close()
    finally:
        if embedded is not None:
            await asyncio.to_thread(embedded.stop)


async def _kept_running(embedded: EmbeddedPostgres | None) -> None:
    """Start the embedded server again where it was killed; connections find it by themselves. Runs until cancelled."""
    while embedded is not None:
        await asyncio.sleep(_WATCH_SECONDS)
        try:
            if not await _in_thread(lambda _: embedded.running(), _quietly):
                _log.error("the database server is gone; it is started again")
                await _in_thread(embedded.start, _quietly)
        except KyozonError as error:
            _log.error("the database server does not start again: %s", error)


def _quietly(_: Progress) -> None:
    """Nobody watches."""


async def _in_thread(start: Callable[[Report], T], report: Report) -> T:
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
