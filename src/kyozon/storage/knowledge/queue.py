"""How many documents are on their way, of all tenants together, and how far."""

from collections.abc import Mapping

from kyozon.storage.database import Database
from kyozon.storage.knowledge.ingestion import FREE

_STATES = f"""
SELECT CASE WHEN {FREE} THEN 'waiting' WHEN d.claimed_by IS NULL THEN 'retrying'
    ELSE coalesce(d.progress->>'stage', 'reading') END AS state, count(*)::int AS found
FROM document d WHERE d.status = 'in_progress' GROUP BY 1
"""  # noqa: S608 - constants


class PostgresIngestionQueue:
    """`ports.knowledge_ingestion.IngestionQueue` on PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def states(self) -> Mapping[str, int]:
        """How many there are in each state."""
        async with self._database.reading() as connection:
            return {row["state"]: row["found"] for row in await connection.fetch(_STATES)}
