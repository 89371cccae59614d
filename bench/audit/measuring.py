"""Writes records as many clients at once would, with the log and without; then examines what was written."""

import asyncio
import base64
import hashlib
import json
import shutil
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import asyncpg
from msgspec import Struct

from bench.audit.findings import Measured, Proved, Round
from bench.audit.records import request
from bench.gateway.disk import flush_ms
from kyozon.services.audit import Auditor
from kyozon.storage.audit.log import snapshot
from kyozon.storage.audit.sealer import Sealer
from kyozon.storage.audit.signing import Signer, TrustedKeys
from kyozon.storage.audit.verifier import Number, check
from kyozon.storage.database import Database
from kyozon.storage.embedded import EmbeddedPostgres
from kyozon.storage.journal import PostgresJournal
from kyozon.storage.migrate import upgrade

_CLIENTS = 256
_USERS = 50
_WAITING = "SELECT EXISTS (SELECT FROM audit_pending)"
_IDS = "SELECT ref FROM audit_leaf WHERE kind = 'decision' ORDER BY ref"
_BODIES = """
SELECT body::text FROM (SELECT body FROM decision UNION ALL SELECT body FROM outcome) AS recorded
"""


class Plan(Struct, frozen=True):
    """So many rounds of either kind, each so many seconds; so many records are proved."""

    rounds: int
    seconds: float
    proofs: int


FULL, QUICK = Plan(3, 20.0, 300), Plan(1, 2.0, 30)


async def measure(plan: Plan) -> Measured:
    """Write with and without the log in turn, then examine the log of the last round."""
    folder = Path(tempfile.mkdtemp(prefix="kz-bench-"))
    server = EmbeddedPostgres(folder / "postgres")
    try:
        dsn = await asyncio.to_thread(server.start)
        signer = Signer.of(folder / "keys")
        bare, logged = [], []
        for number in range(plan.rounds):
            async with _database(dsn, f"bare_{number}") as database:
                await _without_log(database)
                bare.append(await _round(database, plan.seconds, None))
            async with _database(dsn, f"logged_{number}") as database:
                logged.append(await _round(database, plan.seconds, signer))
                if number == plan.rounds - 1:
                    return await _examined(
                        database,
                        signer,
                        Measured(tuple(logged), tuple(bare), flush_ms(folder), 0, 0.0, 0.0, ()),
                        plan.proofs,
                    )
        raise ValueError("a plan has at least one round")
    finally:
        await asyncio.to_thread(server.stop)
        shutil.rmtree(folder)


@asynccontextmanager
async def _database(dsn: str, name: str) -> AsyncIterator[Database]:
    connection = await asyncpg.connect(dsn)
    await connection.execute(f"CREATE DATABASE {name}")
    await connection.close()
    own = dsn.replace("/postgres?", f"/{name}?")
    await upgrade(own)
    database = Database(own)
    await database.connect()
    yield database
    await database.close()


async def _without_log(database: Database) -> None:
    async with database.reading() as connection:
        for table in ("decision", "outcome"):
            await connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER audit")


async def _round(database: Database, seconds: float, signer: Signer | None) -> Round:
    """Each client records a decision, waits until it is durable, records its outcome, and so on."""
    journal = PostgresJournal(database)
    sealing = [] if signer is None else [asyncio.create_task(Sealer(database, signer, _unheard).run())]
    began, cpu, until = time.monotonic(), time.process_time(), time.monotonic() + seconds
    counts = await asyncio.gather(*(_client(journal, f"user {number % _USERS}", until) for number in range(_CLIENTS)))
    took, used = time.monotonic() - began, time.process_time() - cpu
    ended = time.monotonic()
    async with database.reading() as connection:
        while sealing and await connection.fetchval(_WAITING):  # noqa: ASYNC110 - the database has no event for it
            await asyncio.sleep(0.02)
    for task in sealing:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    await journal.stop()
    return Round(sum(counts), took, used, time.monotonic() - ended)


async def _client(journal: PostgresJournal, user: str, until: float) -> int:
    count = 0
    while time.monotonic() < until:
        asked = request(user)
        await journal.open(asked.decision, asked.held)
        await journal.close(asked.outcome, asked.settled)
        count += 2
    return count


def _unheard(_: str) -> None:
    """Checkpoints stay where they are."""


async def _examined(database: Database, signer: Signer, found: Measured, proofs: int) -> Measured:
    trust = TrustedKeys([signer.verifier])
    async with snapshot(database) as log:
        began = time.perf_counter()
        report = await Auditor(log, trust).verify([])
        examined = time.perf_counter() - began
        if not report.sound:
            raise ValueError(f"the log is not sound: {report.findings[0]}")
        async with database.reading() as connection:
            ids = [row["ref"] for row in await connection.fetch(_IDS)]
        chosen = ids[:: max(1, len(ids) // proofs)][:proofs]
        made = tuple([await _proved(Auditor(log, trust), each, str(signer.verifier)) for each in chosen])
    return Measured(found.logged, found.bare, found.flush_ms, report.leaves, examined, await _read(database), made)


async def _read(database: Database) -> float:
    """Seconds to read every record and hash it."""
    began = time.perf_counter()
    async with database.writing() as connection:
        async for row in connection.cursor(_BODIES, prefetch=2000):
            hashlib.sha256(row["body"].encode()).digest()
    return time.perf_counter() - began


async def _proved(auditor: Auditor, ref: str, key: str) -> Proved:
    began = time.perf_counter()
    proof = await auditor.prove("decision", ref)
    made = time.perf_counter() - began
    record = proof.evidence.record or ""
    shown: dict[str, Any] = {
        "proof": "inclusion",
        "kind": "decision",
        "id": ref,
        "position": proof.evidence.position,
        "salt": base64.b64encode(proof.evidence.salt).decode(),
        "path": [base64.b64encode(part).decode() for part in proof.path],
        "checkpoint": proof.note,
    }
    alone = len(json.dumps(shown, separators=(",", ":")).encode()) + len(',"record":')
    given = {**shown, "record": json.loads(record, parse_int=Number, parse_float=Number)}
    began = time.perf_counter()
    check(given, key)
    return Proved(alone, alone + len(record.encode()), made * 1000, (time.perf_counter() - began) * 1000)
