"""Gives leaves their place in the tree and signs its checkpoints: one server at a time, by a lock of the database."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import asyncpg

from kyozon.domain.errors import StorageUnavailable
from kyozon.governance.merkle import Frontier
from kyozon.ports.audit import Trust
from kyozon.storage.audit.signing import Signer, TrustedKeys
from kyozon.storage.audit.standing import signed_last
from kyozon.storage.database import Database, cancelled, trouble

_log = logging.getLogger(__name__)
LOCK = 0x6B796F7A6F6E2E61  # "kyozon.a"
MOST = 1000
"""Leaves of one checkpoint."""
_UPKEEP_EVERY = 3600.0
_DAMAGED_SECONDS = 60.0

# The order of `n` gives the places, here and in Python alike.
_WAITING = "SELECT n, hash FROM audit_pending ORDER BY n LIMIT $1"
_PLACE = """
WITH gone AS (DELETE FROM audit_pending WHERE n = ANY($1::bigint[]) RETURNING *)
INSERT INTO audit_leaf (position, kind, ref, subject, salt, hash)
SELECT $2 + row_number() OVER (ORDER BY n) - 1, kind, ref, subject, salt, hash FROM gone
"""
_NODES = "INSERT INTO audit_node (level, index, hash) SELECT * FROM unnest($1::smallint[], $2::bigint[], $3::bytea[])"
_CHECKPOINT = "INSERT INTO audit_checkpoint (size, note) VALUES ($1, $2)"
_ADOPT = "SELECT audit_adopt($1)"
# Months are made ahead. Of the checkpoints of a bygone day one an hour is kept: each commits to all before it.
_UPKEEP = """
SELECT audit_months();
DELETE FROM audit_checkpoint c
WHERE at < now() - interval '1 day' AND EXISTS (
    SELECT FROM audit_checkpoint later
    WHERE later.size > c.size AND later.at < date_trunc('hour', c.at) + interval '1 hour'
)
"""


class Sealer:
    """Seals what waits, at least once a `pause` while something does. `announce` is told each new checkpoint.

    It signs only what continues the last checkpoint, and only where a key that counts has signed that one: one of `trust`,
    or its own where that is left out. Where not, nothing is sealed, what is recorded waits, and `refused` is true.
    """

    def __init__(
        self,
        database: Database,
        signer: Signer,
        announce: Callable[[str], None],
        *,
        trust: Trust | None = None,
        pause: float = 1.0,
    ) -> None:
        self._database = database
        self._signer = signer
        self._trust = trust or TrustedKeys([signer.verifier])
        self._announce = announce
        self._pause = pause
        self.refused = False

    async def run(self) -> None:
        """Seal until cancelled; where another server does, wait for its end and go on in its place."""
        while True:
            try:
                async with self._database.alone() as connection:
                    with trouble():
                        await connection.execute("SELECT pg_advisory_lock($1)", LOCK)
                        await self._work(connection)
            except StorageUnavailable as error:
                _log.warning("nothing is sealed for now: %s", error)
                await asyncio.sleep(self._pause)
            except (asyncpg.PostgresError, LookupError) as error:
                if cancelled():
                    raise asyncio.CancelledError from error
                self.refused = True
                _log.error("nothing is sealed: %s What is recorded waits; 'kyozon audit verify' tells more.", error)
                await asyncio.sleep(_DAMAGED_SECONDS)

    async def finish(self, patience: float = 0.0) -> bool:
        """Seal all that waits, now; False where another server is at it for longer than `patience` seconds.

        Raises `StorageUnavailable`, or `SealingRefused` where the last checkpoint cannot be continued.
        """
        async with self._database.alone() as connection:
            with trouble():
                until = asyncio.get_running_loop().time() + patience
                while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", LOCK):
                    if asyncio.get_running_loop().time() >= until:
                        return False
                    await asyncio.sleep(0.05)
                await connection.execute(_UPKEEP)
                grown = await self._continued(connection)
                while await connection.fetchval(_ADOPT, MOST) + await self._seal(connection, grown):
                    pass
        return True

    async def _work(self, connection: Any) -> None:
        loop = asyncio.get_running_loop()
        upkeep_at = 0.0
        adopting = True
        grown: Frontier | None = None
        while True:
            if loop.time() >= upkeep_at:
                await connection.execute(_UPKEEP)
                upkeep_at = loop.time() + _UPKEEP_EVERY
            grown = grown or await self._continued(connection)
            adopting = adopting and await connection.fetchval(_ADOPT, MOST) > 0
            if await self._seal(connection, grown) < MOST and not adopting:
                await asyncio.sleep(self._pause)

    async def _continued(self, connection: Any) -> Frontier:
        """The tree, if it may grow."""
        grown, note = await signed_last(connection, self._trust)
        self.refused = False
        if note is not None:
            self._announce(note.text)
        return grown

    async def _seal(self, connection: Any, grown: Frontier) -> int:
        """One checkpoint over what waits; over how many leaves. An error leaves `grown` unusable."""
        waiting = await connection.fetch(_WAITING, MOST)
        if not waiting:
            return 0
        first = grown.size
        nodes = grown.extend(row["hash"] for row in waiting)
        note = self._signer.sign(grown.size, grown.root())
        async with connection.transaction():
            await connection.execute(_PLACE, [row["n"] for row in waiting], first)
            if nodes:
                columns = [node.level for node in nodes], [node.index for node in nodes], [node.hash for node in nodes]
                await connection.execute(_NODES, *columns)
            await connection.execute(_CHECKPOINT, grown.size, note)
        self._announce(note)
        return len(waiting)
