"""kill -9, fifty times: of the database's processes while records are written and sealed, and of the one that does both."""

import asyncio
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from kyozon.domain.audit import Report
from kyozon.domain.errors import StorageUnavailable
from kyozon.services.audit import Auditor
from kyozon.storage.audit.log import snapshot
from kyozon.storage.audit.sealer import Sealer
from kyozon.storage.audit.signing import Signer, TrustedKeys
from kyozon.storage.database import Database
from kyozon.storage.embedded import EmbeddedPostgres
from kyozon.storage.journal import PostgresJournal
from kyozon.storage.migrate import upgrade
from tests.fakes.record_samples import a_decision, an_outcome

OF_THE_DATABASE, OF_THE_WRITER = 45, 5
ROOT = Path(__file__).parents[4]
WRITER = "tests.integration.storage.children.seals_records"
_BACKENDS = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"


@pytest.fixture
def folder() -> Iterator[Path]:
    base = Path(tempfile.mkdtemp(prefix="kz-"))
    yield base
    shutil.rmtree(base)


@asynccontextmanager
async def connected(dsn: str) -> AsyncIterator[Database]:
    database = Database(dsn, connections=4)
    async with asyncio.timeout(30):
        while True:
            try:
                await database.connect()
                break
            except StorageUnavailable:
                await asyncio.sleep(0.05)
    yield database
    await database.close()


async def check(dsn: str, folder: Path, acknowledged: set[str]) -> Report:
    """Seal what waits, and examine all."""
    signer = Signer.of(folder / "keys")
    async with connected(dsn) as database:
        assert await Sealer(database, signer, lambda _: None).finish(10)
        async with snapshot(database) as log:
            report = await Auditor(log, TrustedKeys([signer.verifier])).verify([])
        async with database.reading() as connection:
            known = {row["ref"] for row in await connection.fetch("SELECT ref FROM audit_leaf WHERE kind = 'outcome'")}
    assert report.findings == ()
    assert acknowledged <= known
    return report


@pytest.mark.timeout(600)
async def test_no_acknowledged_record_is_missing_and_the_log_is_sound(folder: Path) -> None:
    server = EmbeddedPostgres(folder / "postgres")
    dsn = await asyncio.to_thread(server.start)
    await upgrade(dsn)
    acknowledged = await _database_killed(dsn, folder)
    assert len(acknowledged) > 100
    async with connected(dsn):
        pass  # the server has recovered from the last kill: the writers do not wait for it
    for _ in range(OF_THE_WRITER):
        acknowledged |= await asyncio.to_thread(_writer_killed, dsn, folder)
    report = await check(dsn, folder, acknowledged)
    assert report.checkpoints > OF_THE_DATABASE / 3
    await asyncio.to_thread(server.stop)


async def _database_killed(dsn: str, folder: Path) -> set[str]:
    """While clients write and a sealer seals, a process of the server is killed; then it starts all of them anew."""
    acknowledged: set[str] = set()
    chance = random.Random(1)  # noqa: S311 - a test's mixture
    async with connected(dsn) as database:
        journal = PostgresJournal(database, open_patience=30, close_patience=30)
        sealer = Sealer(database, Signer.of(folder / "keys"), lambda _: None, pause=0.01)
        work = [asyncio.create_task(sealer.run())]
        work += [asyncio.create_task(_write(journal, acknowledged)) for _ in range(8)]
        try:
            for _ in range(OF_THE_DATABASE):
                before = len(acknowledged)
                async with asyncio.timeout(60):
                    while len(acknowledged) == before or not await _killed(dsn, chance):  # noqa: ASYNC110 - no event
                        await asyncio.sleep(chance.uniform(0.01, 0.05))
        finally:
            for task in work:
                task.cancel()
            await asyncio.gather(*work, return_exceptions=True)
            await journal.stop()
    return acknowledged


async def _write(journal: PostgresJournal, acknowledged: set[str]) -> None:
    while True:
        decision = a_decision()
        await journal.open(decision, None)
        await journal.close(an_outcome(decision), ())
        acknowledged.add(decision.id)


async def _killed(dsn: str, chance: random.Random) -> bool:
    """Kill one of the connections' processes; False where the server is not back yet."""
    database = Database(dsn, connections=1)
    try:
        async with database.alone() as connection:
            pids = [row["pid"] for row in await connection.fetch(_BACKENDS)]
            if pids:
                os.kill(chance.choice(pids), signal.SIGKILL)
            return bool(pids)
    except (StorageUnavailable, ProcessLookupError):
        return False


def _writer_killed(dsn: str, folder: Path) -> set[str]:
    with tempfile.TemporaryFile("w+") as said:
        child = subprocess.Popen([sys.executable, "-m", WRITER, dsn, str(folder / "keys")], cwd=ROOT, stdout=said)
        while os.fstat(said.fileno()).st_size == 0:
            assert child.poll() is None
            time.sleep(0.01)
        time.sleep(random.uniform(0, 0.2))  # noqa: S311 - no secret, a moment
        child.kill()
        child.wait()
        said.seek(0)
        return set(said.read().rpartition("\n")[0].split())
