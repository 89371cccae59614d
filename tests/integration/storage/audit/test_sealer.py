import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import asyncpg
import msgspec
import pytest

from kyozon.domain.audit import AuditEvent
from kyozon.services.audit import Auditor
from kyozon.services.world import World
from kyozon.storage.audit.log import snapshot
from kyozon.storage.audit.sealer import Sealer
from kyozon.storage.audit.signing import TrustedKeys
from kyozon.storage.audit.standing import SealingRefused
from kyozon.storage.audit.trail import PostgresTrail
from kyozon.storage.database import Database
from kyozon.storage.journal import PostgresJournal
from kyozon.storage.keys import PostgresKeyStore
from kyozon.storage.migrate import upgrade
from tests.fakes.record_samples import LONG_AGO, a_decision, a_key, an_outcome
from tests.integration.storage.audit.conftest import NOW, SealedLog


@asynccontextmanager
async def running(log: SealedLog) -> AsyncIterator[None]:
    task = asyncio.create_task(log.sealer.run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def until(leaves: int, log: SealedLog) -> None:
    async with asyncio.timeout(20):
        while await log.value("SELECT count(*) FROM audit_leaf") < leaves:  # noqa: ASYNC110 - the database has no event
            await asyncio.sleep(0.02)


async def test_what_is_recorded_gets_its_place_and_is_sound(sealed_log: SealedLog) -> None:
    outside = await sealed_log.filled(600)
    report = await sealed_log.verified(outside)
    assert report.findings == ()
    assert (report.leaves, report.waiting, report.checkpoints) == (2 * 600 + 1 + 3, 0, 3)
    assert await sealed_log.value("SELECT count(*) FROM audit_node WHERE level = 8") == 1204 // 256
    assert sealed_log.told[-1] == outside[-1].text


async def test_a_record_written_twice_has_one_leaf(sealed_log: SealedLog, database: Database) -> None:
    decision = a_decision()
    for _ in range(2):
        await PostgresJournal(database).open(decision, None)
        await PostgresJournal(database).close(an_outcome(decision), ())
        await PostgresTrail(database).record(AuditEvent("evt_1", NOW, "policy:loaded"))
    assert await sealed_log.sealer.finish()
    assert (await sealed_log.verified()).leaves == 3


async def test_while_it_runs_records_are_sealed_by_themselves(sealed_log: SealedLog) -> None:
    async with running(sealed_log):
        await sealed_log.record(20)
        await until(40, sealed_log)
    assert (await sealed_log.verified()).sound


async def test_of_two_servers_one_seals_and_the_other_takes_over(
    sealed_log: SealedLog, tmp_path: Path, world: World
) -> None:
    other = SealedLog(sealed_log.database, tmp_path / "keys", world)
    async with running(other):
        async with running(sealed_log):
            for part in range(1, 6):
                await sealed_log.record(10)
                await until(20 * part, sealed_log)
            assert bool(sealed_log.told) != bool(other.told)
        await sealed_log.record(10)
        await until(120, sealed_log)
        assert other.told
    assert (await sealed_log.verified()).sound


async def test_nothing_is_signed_that_does_not_continue_what_was_signed(sealed_log: SealedLog) -> None:
    await sealed_log.filled(30)
    await sealed_log.as_owner("DELETE FROM audit_leaf WHERE position >= 50")
    await sealed_log.record(1)
    with pytest.raises(SealingRefused, match="not the one that was signed") as refused:
        await sealed_log.sealer.finish()
    assert "50" in refused.value.text.ja
    assert await sealed_log.value("SELECT count(*) FROM audit_pending") == 2


async def test_nothing_is_signed_after_a_stranger(sealed_log: SealedLog, tmp_path: Path, world: World) -> None:
    await sealed_log.filled(3)
    stranger = SealedLog(sealed_log.database, tmp_path / "other", world)
    await stranger.record(1)
    with pytest.raises(SealingRefused, match="another key"):
        await stranger.sealer.finish()
    async with running(stranger), asyncio.timeout(20):
        while not stranger.sealer.refused:  # noqa: ASYNC110 - the database has no event
            await asyncio.sleep(0.02)
    keys = [stranger.signer.verifier, sealed_log.signer.verifier]
    heir = Sealer(sealed_log.database, stranger.signer, stranger.told.append, trust=TrustedKeys(keys))
    assert await heir.finish()
    async with snapshot(sealed_log.database) as log:
        assert (await Auditor(log, TrustedKeys(keys)).verify([])).sound


async def test_records_from_before_the_log_get_their_leaves(empty_dsn: str, tmp_path: Path, world: World) -> None:
    await upgrade(empty_dsn, "0003_limits")
    connection = await asyncpg.connect(empty_dsn)
    decisions = [a_decision(id=f"dec_{number:03}") for number in range(520)]
    for table, values in (("decision", decisions), ("outcome", [an_outcome(each) for each in decisions])):
        bodies = [msgspec.json.encode(value).decode() for value in values]
        rows = [(decision.id, decision.at, body) for decision, body in zip(decisions, bodies, strict=True)]
        await connection.executemany(BEFORE[table], rows)
    await upgrade(empty_dsn)
    database = Database(empty_dsn)
    await database.connect()
    log = SealedLog(database, tmp_path / "keys", world)
    assert (await log.verified()).waiting == 1040
    decision = a_decision()
    await PostgresJournal(database).open(decision, None)
    assert await log.sealer.finish()
    report = await log.verified()
    assert (report.leaves, report.waiting, report.findings) == (1041, 0, ())
    assert await connection.fetchval("SELECT count(DISTINCT salt) FROM audit_leaf") == 1041
    await connection.close()
    await database.close()


BEFORE = {
    "decision": """
INSERT INTO decision (id, at, tenant, key_id, kind, requested_model, chosen, label, body)
SELECT $1, $2, body->>'tenant', body->>'key_id', body->>'kind', body->>'requested_model', body->>'chosen', 'internal', body
FROM (SELECT $3::jsonb) AS given (body)
""",
    "outcome": """
INSERT INTO outcome
    (decision_id, at, status, model, uncached, cache_read, cache_write, output, reasoning, amount, currency, priced, body)
SELECT $1, (body->>'at')::timestamptz, body->>'status', body->>'model', (body#>>'{usage,uncached}')::bigint,
    (body#>>'{usage,cache_read}')::bigint, (body#>>'{usage,cache_write}')::bigint, (body#>>'{usage,output}')::bigint, 0, 0,
    body#>>'{charge,currency}', (body#>>'{charge,priced}')::boolean, body
FROM (SELECT $3::jsonb) AS given (body) WHERE $2::timestamptz IS NOT NULL
""",
}


async def test_each_change_of_a_key_is_on_record_whoever_makes_it(sealed_log: SealedLog, database: Database) -> None:
    keys, key = PostgresKeyStore(database), a_key()
    await keys.add(key)
    await keys.revoke(key.id, LONG_AGO)
    await keys.revoke(key.id, LONG_AGO)
    async with database.writing() as connection:
        await connection.execute("UPDATE api_key SET body = body || '{\"admin\": true}' WHERE id = $1", key.id)
        await connection.execute("DELETE FROM api_key")
    async with snapshot(database) as log:
        events = list(reversed(await log.events(None, 10)))
    assert [(event.action, event.object, event.user) for event in events] == [
        (action, key.id, "hanako") for action in ("key:issued", "key:revoked", "key:changed", "key:deleted")
    ]
    assert [event.detail["admin"] for event in events] == [False, False, True, True]
    assert key.name not in str(events)
    assert await sealed_log.sealer.finish()
    assert (await sealed_log.verified()).leaves == 4


async def test_leaves_lie_in_the_table_of_their_month(sealed_log: SealedLog) -> None:
    await sealed_log.filled(3)
    month = await sealed_log.value("SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY_MM')")
    where = await sealed_log.value("SELECT DISTINCT tableoid::regclass::text FROM audit_leaf")
    assert where == f"audit_leaf_{month}"
    assert await sealed_log.value("SELECT count(*) FROM pg_inherits WHERE inhparent = 'audit_leaf'::regclass") == 3


async def test_of_bygone_days_one_checkpoint_an_hour_is_kept(sealed_log: SealedLog) -> None:
    for _ in range(4):
        await sealed_log.record(1)
        await sealed_log.sealer.finish()
    await sealed_log.as_owner(
        "UPDATE audit_checkpoint SET at = '2026-01-01 10:05+00'::timestamptz + (size - 2) * interval '10 minutes' "
        "WHERE size < 8"
    )
    await sealed_log.sealer.finish()
    assert await sealed_log.value("SELECT array_agg(size ORDER BY size) FROM audit_checkpoint") == [6, 8]
    assert (await sealed_log.verified()).sound


async def test_a_log_that_grows_meanwhile_is_examined_as_it_was(sealed_log: SealedLog) -> None:
    await sealed_log.filled(30)
    async with snapshot(sealed_log.database) as log:
        assert await log.size() == 64
        await sealed_log.record(5)
        await sealed_log.sealer.finish()
        report = await Auditor(log, TrustedKeys([sealed_log.signer.verifier])).verify([])
    assert (report.leaves, report.findings) == (64, ())
