"""kill -9 at random moments: what was acknowledged is there afterwards, and the ledger sums to zero."""

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from kyozon.storage.database import Database
from kyozon.storage.embedded import EmbeddedPostgres
from kyozon.storage.records import PostgresRecords

ROOT = Path(__file__).parents[3]
WRITER = "tests.integration.storage.children.writes_records"


@pytest.fixture
def folder() -> Iterator[Path]:
    base = Path(tempfile.mkdtemp(prefix="kz-"))
    yield base / "postgres"
    shutil.rmtree(base)


def write_until_killed(folder: Path, *, server: bool) -> set[tuple[str, str]]:
    """Let a process write, kill it (the database server first, if `server`), and return what it said was durable."""
    with tempfile.TemporaryFile("w+") as said:
        child = subprocess.Popen([sys.executable, "-m", WRITER, folder], cwd=ROOT, stdout=said)
        while os.fstat(said.fileno()).st_size == 0:
            assert child.poll() is None
            time.sleep(0.01)
        time.sleep(random.uniform(0, 0.4))  # noqa: S311 - no secret, a moment
        if server:
            os.kill(int((folder / "cluster" / "postmaster.pid").read_text().splitlines()[0]), signal.SIGKILL)
            time.sleep(random.uniform(0, 0.1))  # noqa: S311 - as above
        child.kill()
        child.wait()
        said.seek(0)
        lines = said.read().rpartition("\n")[0].splitlines()
    return {(word, decision_id) for word, decision_id in (line.split() for line in lines)}


async def check(dsn: str, acknowledged: set[tuple[str, str]]) -> None:
    database = Database(dsn)
    await database.connect()
    async with database.reading() as connection:
        opened = {row["id"] for row in await connection.fetch("SELECT id FROM decision")}
        closed = {row["decision_id"] for row in await connection.fetch("SELECT decision_id FROM outcome")}
        settled = await connection.fetchval("SELECT count(*) FROM ledger_transaction WHERE kind = 'settle'")
    records = PostgresRecords(database, datetime.now(UTC))
    left = {decision.id for decision, hold in await records.open_decisions() if hold is not None}
    balance = await records.balance()
    await database.close()
    assert {each for word, each in acknowledged if word == "opened"} <= opened
    assert {each for word, each in acknowledged if word == "closed"} <= closed
    assert left == opened - closed
    assert settled == len(closed)
    assert balance == {"USD": Decimal(0)}


async def test_no_acknowledged_record_is_missing(folder: Path) -> None:
    acknowledged: set[tuple[str, str]] = set()
    server = EmbeddedPostgres(folder)
    for round_ in range(5):
        acknowledged |= write_until_killed(folder, server=round_ == 3)
        await check(server.start(), acknowledged)
    assert len(acknowledged) > 100
    server.stop()
    assert not server.running()
