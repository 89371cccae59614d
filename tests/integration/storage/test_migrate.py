import asyncio
from datetime import timedelta

import asyncpg
import msgspec
import pytest

from kyozon.domain.errors import MissingPiece, StorageUnavailable
from kyozon.storage.database import Database
from kyozon.storage.journal import PostgresJournal
from kyozon.storage.migrate import current, newest, upgrade
from kyozon.storage.records import PostgresRecords
from tests.fakes.record_samples import a_decision

ALL = [
    "0001_first",
    "0002_cache",
    "0003_limits",
    "0004_audit",
    "0005_review",
    "0006_provenance",
    "0007_reasoning",
    "0008_lowering",
    "0009_feedback",
    "0010_rollout",
    "0011_knowledge",
    "0012_responses",
    "0013_calls",
]
_OF_BEFORE = """
INSERT INTO decision (id, at, tenant, key_id, kind, requested_model, chosen, label, body)
VALUES ($1, $2, $3, $4, 'chat', 'auto', NULL, 'internal', $5)
"""
"""As the version before the column `server` writes."""


async def test_from_nothing_to_the_newest_and_no_further(empty_dsn: str) -> None:
    assert await current(empty_dsn) is None
    assert await upgrade(empty_dsn) == ALL
    assert await current(empty_dsn) == newest()
    assert await upgrade(empty_dsn) == []


async def test_of_starters_at_the_same_moment_one_upgrades(empty_dsn: str) -> None:
    applied = await asyncio.gather(*(upgrade(empty_dsn) for _ in range(4)))
    assert sorted(applied) == [[], [], [], ALL]


async def test_records_of_the_version_before_are_kept_and_belong_to_no_server(empty_dsn: str) -> None:
    await upgrade(empty_dsn, "0002_cache")
    connection = await asyncpg.connect(empty_dsn)
    decision = a_decision()
    body = msgspec.json.encode(decision).decode()
    await connection.execute(_OF_BEFORE, decision.id, decision.at, decision.tenant, decision.key_id, body)
    assert await upgrade(empty_dsn, "0003_limits") == ["0003_limits"]
    assert await connection.fetchval("SELECT server IS NULL AND body = $1 FROM decision", body)
    await connection.execute(_OF_BEFORE, "dec_old_server", decision.at, decision.tenant, decision.key_id, body)
    await connection.close()
    await upgrade(empty_dsn)
    database = Database(empty_dsn, server="srv_1")
    await database.connect()
    journal, records = PostgresJournal(database), PostgresRecords(database, decision.at + timedelta(days=1))
    await journal.open(mine := a_decision(), None)
    await journal.stop()
    assert [found.id for found, _ in await records.open_decisions("srv_1")] == [mine.id]
    assert len(await records.open_decisions()) == 3
    await database.close()


async def test_a_newer_database_is_left_alone(empty_dsn: str) -> None:
    await upgrade(empty_dsn)
    connection = await asyncpg.connect(empty_dsn)
    await connection.execute("UPDATE kyozon_revision SET version_num = '9999_future'")
    await connection.close()
    with pytest.raises(MissingPiece, match="9999_future"):
        await upgrade(empty_dsn)


async def test_a_failed_upgrade_leaves_nothing_behind(empty_dsn: str) -> None:
    connection = await asyncpg.connect(empty_dsn)
    await connection.execute("CREATE TABLE kept_answer (in_the_way text)")
    with pytest.raises(Exception, match="kept_answer"):
        await upgrade(empty_dsn)
    assert await connection.fetchval("SELECT to_regclass('decision')") is None
    await connection.close()
    assert await current(empty_dsn) is None


async def test_no_server_is_said_so() -> None:
    with pytest.raises(StorageUnavailable, match="kyozon doctor"):
        await upgrade("postgresql://postgres@/postgres?host=/nowhere")
