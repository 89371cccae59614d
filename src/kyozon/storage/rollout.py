"""Versions of what estimates models at rest, how far each has come, and word of every move to all servers."""

from collections.abc import Callable
from typing import Any

import asyncpg
import msgspec

from kyozon.domain.audit import AuditEvent
from kyozon.domain.rollout import Evidence, Move, Rollout, Stage, Standing, Terms
from kyozon.storage.audit.trail import write
from kyozon.storage.database import Database
from kyozon.storage.encoding import to_json, to_text

_CHANNEL = "kyozon_router"
_terms = msgspec.json.Decoder(Terms)
_evidence = msgspec.json.Decoder(Evidence)
_moves = msgspec.json.Decoder(tuple[Move, ...])

_KEEP = "INSERT INTO router_version (id, body) VALUES ($1, $2) ON CONFLICT DO NOTHING"
_BEGIN = """
INSERT INTO router_rollout (id, version, instead, stage, began, since, terms, brought_by, note)
VALUES ($1, $2, $3, $4, $5, $5, $6::jsonb, CASE WHEN $7 = '' THEN NULL ELSE subject_of('', $7) END, $8)
"""
_MOVE = """
UPDATE router_rollout SET stage = $3, since = $4, moves = $5::jsonb, evidence = $6::jsonb, looked_at = $7
WHERE id = $1 AND stage = $2 RETURNING id
"""
_LOOKED = "UPDATE router_rollout SET evidence = $3::jsonb, looked_at = $4 WHERE id = $1 AND stage = $2"
_SHOWN = """
SELECT r.*, coalesce(s.name, r.brought_by, '') AS by, octet_length(v.body) AS size
FROM router_rollout r JOIN router_version v ON v.id = r.version LEFT JOIN data_subject s ON s.id = r.brought_by
"""
_ALL = f"{_SHOWN} ORDER BY r.began DESC, r.id DESC"
_STANDING = f"""
(({_SHOWN} WHERE r.stage = 'whole' ORDER BY r.since DESC, r.id DESC LIMIT 1)
UNION ALL ({_SHOWN} WHERE r.stage IN ('shadow', 'share')))
"""
_BODY = "SELECT body FROM router_version WHERE id = $1"


class PostgresRollouts:
    """`ports.rollout.Rollouts` on PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, rollout: Rollout, body: bytes, event: AuditEvent) -> bool:
        """Keep a version and begin to try it; the table itself holds one that is being tried."""
        said = to_json(rollout.terms), to_text(rollout.by), to_text(rollout.note)
        try:
            async with self._database.writing() as connection:
                await connection.execute(_KEEP, rollout.version, body)
                await connection.execute(
                    _BEGIN, rollout.id, rollout.version, rollout.instead, rollout.stage, rollout.began, *said
                )
                await write(connection, event)
        except asyncpg.UniqueViolationError:
            return False
        return True

    async def move(self, rollout: Rollout, before: Stage, event: AuditEvent) -> bool:
        """Put a rollout into its stage: of servers that try at the same moment one finds it in the stage before."""
        found = None if rollout.evidence is None else to_json(rollout.evidence)
        said = rollout.stage, rollout.since, to_json(rollout.moves), found, rollout.looked_at
        async with self._database.writing() as connection:
            moved = await connection.fetchval(_MOVE, rollout.id, before, *said) is not None
            if moved:
                await write(connection, event)
        return moved

    async def looked(self, rollout: Rollout, evidence: Evidence) -> None:
        """Keep what a look has found."""
        async with self._database.reading() as connection:
            await connection.execute(_LOOKED, rollout.id, rollout.stage, to_json(evidence), rollout.looked_at)

    async def standing(self) -> Standing:
        """What is followed, and what is on trial."""
        async with self._database.reading() as connection:
            found = [_rollout(row) for row in await connection.fetch(_STANDING)]
        whole = next((one for one in found if one.stage == "whole"), None)
        return Standing(whole, next((one for one in found if one.running), None))

    async def all(self) -> list[Rollout]:
        """Every rollout, the newest first."""
        async with self._database.reading() as connection:
            return [_rollout(row) for row in await connection.fetch(_ALL)]

    async def body(self, version: str) -> bytes | None:
        """The file of a version."""
        async with self._database.reading() as connection:
            found = await connection.fetchval(_BODY, version)
        return None if found is None else bytes(found)

    async def watch(self, changed: Callable[[], None], pause: float = 1.0) -> None:
        """Call `changed` whenever a rollout has moved, as `Database.watch`."""
        await self._database.watch(_CHANNEL, changed, pause)


def _rollout(row: Any) -> Rollout:
    return Rollout(
        id=row["id"],
        version=row["version"],
        instead=row["instead"],
        stage=row["stage"],
        began=row["began"],
        since=row["since"],
        terms=_terms.decode(row["terms"]),
        by=row["by"],
        note=row["note"],
        moves=_moves.decode(row["moves"]),
        size=row["size"],
        evidence=None if row["evidence"] is None else _evidence.decode(row["evidence"]),
        looked_at=row["looked_at"],
    )
