"""How long records stay: a floor below which nothing goes, holds that keep what they stand over, pruning beyond both."""

from datetime import datetime, timedelta
from typing import Any

from kyozon.domain.audit import AuditEvent, Fact, Hold
from kyozon.domain.errors import NotAllowed, NotFound
from kyozon.domain.language import Text
from kyozon.services.world import World
from kyozon.storage.audit.trail import write
from kyozon.storage.database import Database

FLOOR_DAYS = 183
"""Six months, as the tables themselves have it; settings can only make it longer."""
_AT_ONCE = 5000

_PLACE = "INSERT INTO legal_hold (id, tenant, reason, placed_at) VALUES ($1, $2, $3, $4)"
_LIFT = "UPDATE legal_hold SET lifted_at = $2 WHERE id = $1 AND lifted_at IS NULL RETURNING coalesce(tenant, '')"
_HOLDS = "SELECT id, tenant, reason, placed_at, lifted_at FROM legal_hold ORDER BY placed_at, id"
# What waits for its place in the tree waits here, too: the tree must have committed to what goes.
_PRUNE = """
WITH gone AS (
    UPDATE decision d SET body = '{}' WHERE d.id IN (
        SELECT old.id FROM decision old
        WHERE old.at < $1 AND old.body <> '{}'
          AND NOT EXISTS (
              SELECT FROM legal_hold h WHERE h.lifted_at IS NULL AND (h.tenant IS NULL OR h.tenant = old.tenant)
          )
          AND EXISTS (SELECT FROM audit_leaf l WHERE l.ref = old.id AND l.kind = 'decision')
        ORDER BY old.at LIMIT $2
    ) RETURNING d.id
)
SELECT array_agg(id) FROM gone
"""
_PRUNE_OUTCOMES = """
UPDATE outcome o SET body = '{}' WHERE o.decision_id = ANY($1) AND o.body <> '{}'
  AND EXISTS (SELECT FROM audit_leaf l WHERE l.ref = o.decision_id AND l.kind = 'outcome')
"""
_PRUNE_FEEDBACK = "DELETE FROM feedback WHERE decision_id = ANY($1)"


class Retention:
    """Prunes and holds. Each act is an event of the log, in the transaction that does it."""

    def __init__(self, database: Database, world: World, days: int = FLOOR_DAYS) -> None:
        self._database = database
        self._world = world
        self._days = max(days, FLOOR_DAYS)

    async def prune(self, before: datetime) -> int:
        """Empty the decisions and outcomes from before a moment, and delete what was said of them; how many decisions.

        Their ledger entries stay.

        Raises:
            NotAllowed: the moment is not as long ago as records must be kept.
        """
        earliest = self._world.now() - timedelta(days=self._days)
        if before > earliest:
            raise NotAllowed(_too_young(self._days, earliest))
        total = 0
        while done := await self._prune(before):
            total += done
        return total

    async def place(self, tenant: str | None, reason: str) -> Hold:
        """Have everything of a tenant, or of all, kept until the hold is lifted."""
        hold = Hold(self._world.new_id("hold"), tenant, reason, self._world.now(), None)
        async with self._database.writing() as connection:
            await connection.execute(_PLACE, hold.id, hold.tenant, hold.reason, hold.placed_at)
            await self._tell(connection, "hold:placed", tenant or "", hold.id)
        return hold

    async def lift(self, hold: str) -> None:
        """End a hold; raises `NotFound` where none of that id stands."""
        async with self._database.writing() as connection:
            tenant = await connection.fetchval(_LIFT, hold, self._world.now())
            if tenant is None:
                raise NotFound(
                    Text(
                        f"there is no hold {hold!r} to lift. kyozon audit holds shows them.",
                        f"解除できる法的保全 {hold!r} はありません。kyozon audit holds で確認できます。",
                    )
                )
            await self._tell(connection, "hold:lifted", tenant, hold)

    async def holds(self) -> list[Hold]:
        """Every hold, lifted ones too, oldest first."""
        async with self._database.reading() as connection:
            return [Hold(**row) for row in await connection.fetch(_HOLDS)]

    async def _prune(self, before: datetime) -> int:
        async with self._database.writing() as connection:
            decisions = await connection.fetchval(_PRUNE, before, _AT_ONCE) or []
            if decisions:
                await connection.execute(_PRUNE_OUTCOMES, decisions)
                await connection.execute(_PRUNE_FEEDBACK, decisions)
                detail: dict[str, Fact] = {"before": before.isoformat(), "decisions": len(decisions)}
                await self._tell(connection, "record:pruned", "", "", detail)
        return len(decisions)

    async def _tell(
        self, connection: Any, action: str, tenant: str, about: str, detail: dict[str, Fact] | None = None
    ) -> None:
        event = AuditEvent(self._world.new_id("evt"), self._world.now(), action, tenant, "", about, detail or {})
        await write(connection, event)


def _too_young(days: int, earliest: datetime) -> Text:
    return Text(
        f"records are kept for {days} days: only what is older than {earliest:%Y-%m-%d} may be pruned. [audit] "
        f"retention_days can make that longer, and never shorter than {FLOOR_DAYS}.",
        f"記録は {days} 日間保存されます。削除できるのは {earliest:%Y-%m-%d} より前のものだけです。"
        f"[audit] retention_days で延ばせますが、{FLOOR_DAYS} 日より短くはできません。",
    )
