"""Counts for reports: events of the audit log, and stored values."""

from collections.abc import Mapping

from kyozon.domain.reports import Period
from kyozon.storage.database import Database

_EVENTS = """
SELECT action, count(*) FROM audit_event
WHERE at >= $1 AND at < $2 AND ($3::text IS NULL OR tenant = $3) GROUP BY 1
"""
_STORED = "SELECT kind, count(*) FROM stored_value WHERE at < $1 AND ($2::text IS NULL OR tenant = $2) GROUP BY 1"


class PostgresHappenings:
    """`ports.reporting.Happenings` on PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def events(self, period: Period) -> Mapping[str, int]:
        """How many audit events there were of each action."""
        return await self._counted(_EVENTS, period.since, period.until, period.tenant)

    async def stored(self, period: Period) -> Mapping[str, int]:
        """How many stored values there are of each kind."""
        return await self._counted(_STORED, period.until, period.tenant)

    async def _counted(self, query: str, *arguments: object) -> dict[str, int]:
        async with self._database.reading() as connection:
            return {str(name): int(count) for name, count in await connection.fetch(query, *arguments)}
