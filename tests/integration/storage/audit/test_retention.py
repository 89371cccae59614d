from datetime import timedelta

import asyncpg
import pytest

from kyozon.domain.errors import NotAllowed
from kyozon.services.audit import Auditor
from kyozon.services.world import World
from kyozon.storage.audit.log import snapshot
from kyozon.storage.audit.retention import FLOOR_DAYS, Retention
from kyozon.storage.audit.signing import TrustedKeys
from kyozon.storage.database import Database
from kyozon.storage.feedback import PostgresFeedback
from kyozon.storage.records import PostgresRecords
from tests.contract.storage.feedback_store import a_judgement
from tests.integration.storage.audit.conftest import NOW, SealedLog

OLD, YOUNG = NOW - timedelta(days=400), NOW - timedelta(days=10)
YEAR_AGO = NOW - timedelta(days=365)


@pytest.fixture
def retention(database: Database, world: World) -> Retention:
    return Retention(database, world)


async def test_what_is_pruned_is_gone_and_the_log_is_sound(
    sealed_log: SealedLog, retention: Retention, database: Database
) -> None:
    old, young = await sealed_log.record(3, at=OLD), await sealed_log.record(2, at=YOUNG)
    feedback = PostgresFeedback(database)
    for decision, _ in await PostgresRecords(database, NOW).decisions("acme", None, 10):
        await feedback.add(a_judgement(decision, f"fbk_{decision.id}"))
    await sealed_log.sealer.finish()
    assert await retention.prune(YEAR_AGO) == 3
    assert await retention.prune(YEAR_AGO) == 0
    records = PostgresRecords(database, NOW)
    assert [await records.decision(each) for each in old] == [None] * 3
    assert {decision.id for decision, _ in await records.decisions("acme", None, 10)} == set(young)
    assert await sealed_log.value("SELECT array_agg(decision_id ORDER BY decision_id) FROM feedback") == sorted(young)
    assert await sealed_log.value("SELECT count(*) FROM outcome WHERE body = '{}'") == 3
    await sealed_log.sealer.finish()
    report = await sealed_log.verified()
    assert (report.findings, report.pruned) == ((), 3)
    async with snapshot(database) as log:
        with pytest.raises(Exception, match="pruned"):
            await Auditor(log, TrustedKeys([])).prove("decision", old[0])


async def test_nothing_goes_before_its_time(sealed_log: SealedLog, retention: Retention, world: World) -> None:
    await sealed_log.record(1, at=YOUNG)
    with pytest.raises(NotAllowed, match="183 days"):
        await retention.prune(NOW - timedelta(days=FLOOR_DAYS - 1))
    with pytest.raises(NotAllowed, match="500 days"):
        await Retention(sealed_log.database, world, 500).prune(YEAR_AGO)
    with pytest.raises(asyncpg.RestrictViolationError, match="append-only"):
        await sealed_log.value("UPDATE decision SET body = '{}'")


async def test_what_is_held_stays(sealed_log: SealedLog, retention: Retention) -> None:
    await sealed_log.record(1, at=OLD)
    await sealed_log.record(1, at=OLD, tenant="other")
    await sealed_log.sealer.finish()
    hold = await retention.place("acme", "case 12")
    assert await retention.prune(YEAR_AGO) == 1
    with pytest.raises(asyncpg.RestrictViolationError, match="append-only"):
        await sealed_log.value("UPDATE decision SET body = '{}' WHERE tenant = 'acme'")
    await retention.lift(hold.id)
    everybody = await retention.place(None, "all of it")
    assert await retention.prune(YEAR_AGO) == 0
    await retention.lift(everybody.id)
    assert await retention.prune(YEAR_AGO) == 1


async def test_what_the_log_does_not_know_yet_stays(sealed_log: SealedLog, retention: Retention) -> None:
    await sealed_log.record(1, at=OLD)
    assert await retention.prune(YEAR_AGO) == 0


async def test_records_emptied_by_hand_are_found(sealed_log: SealedLog, retention: Retention) -> None:
    await sealed_log.record(3, at=OLD)
    await sealed_log.sealer.finish()
    await retention.prune(YEAR_AGO)
    await sealed_log.record(1, at=YOUNG)
    await sealed_log.sealer.finish()
    await sealed_log.as_owner("UPDATE decision SET body = '{}'")
    report = await sealed_log.verified()
    assert [finding.kind for finding in report.findings] == ["pruned"]
