"""A log in the real database: records, a sealer, an auditor."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from kyozon.domain.audit import AuditEvent, Note, Report
from kyozon.services.audit import Auditor
from kyozon.services.world import World
from kyozon.storage.audit.log import snapshot
from kyozon.storage.audit.sealer import Sealer
from kyozon.storage.audit.signing import Signer, TrustedKeys
from kyozon.storage.audit.trail import PostgresTrail
from kyozon.storage.database import Database
from kyozon.storage.journal import PostgresJournal
from kyozon.storage.keys import PostgresKeyStore
from tests.fakes.record_samples import a_decision, a_key, an_outcome

NOW = datetime(2026, 11, 22, tzinfo=UTC)


class SealedLog:
    """What an installation does, without a server."""

    def __init__(self, database: Database, folder: Path, world: World) -> None:
        self.database, self.world = database, world
        self.signer = Signer.of(folder)
        self.told: list[str] = []
        self.sealer = Sealer(database, self.signer, self.told.append, pause=0.02)

    async def record(self, count: int, **changes: Any) -> list[str]:
        """That many decisions, with their outcomes; their ids."""
        journal = PostgresJournal(self.database)
        decisions = [a_decision(**changes) for _ in range(count)]
        await asyncio.gather(*(journal.open(decision, None) for decision in decisions))
        await asyncio.gather(*(journal.close(an_outcome(decision), ()) for decision in decisions))
        return [decision.id for decision in decisions]

    async def filled(self, count: int) -> list[Note]:
        """A sealed log of decisions, outcomes and events, at several sizes; its checkpoints as they went outside."""
        await PostgresKeyStore(self.database).add(a_key())
        for part in range(3):
            await self.record(count // 3)
            await PostgresTrail(self.database).record(AuditEvent(f"evt_{part}", NOW, "policy:loaded", user="taro"))
            assert await self.sealer.finish()
        async with snapshot(self.database) as log:
            return list(await log.notes())

    async def verified(self, outside: list[Note] | None = None) -> Report:
        async with snapshot(self.database) as log:
            return await Auditor(log, TrustedKeys([self.signer.verifier])).verify(outside or [])

    async def as_owner(self, *statements: str) -> None:
        """What somebody can do who owns the database: no trigger stands in the way."""
        async with self.database.writing() as connection:
            await connection.execute("SET LOCAL session_replication_role = replica")
            for statement in statements:
                await connection.execute(statement)

    async def value(self, query: str, *arguments: object) -> Any:
        async with self.database.reading() as connection:
            return await connection.fetchval(query, *arguments)


@pytest.fixture
def world() -> World:
    """A world in which it is `NOW`."""
    count = iter(range(1_000_000))
    return World(lambda: NOW, lambda prefix: f"{prefix}_{next(count):08}", lambda: 0.0, asyncio.sleep, lambda: 0.5)


@pytest.fixture
def sealed_log(database: Database, tmp_path: Path, world: World) -> SealedLog:
    return SealedLog(database, tmp_path / "keys", world)


@pytest.fixture
def kinds() -> Callable[[Report], set[str]]:
    return lambda report: {finding.kind for finding in report.findings}
