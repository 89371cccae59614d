"""Groups of a tenant in PostgreSQL: who is in which, and nothing else."""

from collections.abc import Mapping, Sequence

from kyozon.domain.audit import AuditEvent
from kyozon.storage.audit.trail import write
from kyozon.storage.database import Database
from kyozon.storage.encoding import to_text
from kyozon.storage.knowledge import holding

_ADD = 'INSERT INTO membership (tenant, "group", member) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING member'
_REMOVE = 'DELETE FROM membership WHERE tenant = $1 AND "group" = $2 AND member = $3 RETURNING member'
_ALL = """
SELECT "group" AS name, array_agg(member ORDER BY member) AS members FROM membership WHERE tenant = $1
GROUP BY "group" ORDER BY "group"
"""
# Whoever leaves a group may have answers from documents that were open to it: nobody gives them to him again.
_ANSWERS = (
    "DELETE FROM cached_answer WHERE tenant = $1 AND $2 = ANY(principals)",
    "DELETE FROM kept_answer WHERE key_id IN (SELECT id FROM api_key WHERE tenant = $1 AND body->>'user' = $2)",
)


class PostgresGroups:
    """`ports.knowledge.GroupStore` on PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, tenant: str, group: str, member: str, event: AuditEvent) -> bool:
        """Put somebody into a group."""
        async with self._database.writing() as connection:
            if await connection.fetchval(_ADD, to_text(tenant), to_text(group), to_text(member)) is None:
                return False
            await write(connection, event)
        return True

    async def remove(self, tenant: str, group: str, member: str, event: AuditEvent) -> bool:
        """Take somebody out."""
        async with self._database.writing() as connection:
            if await connection.fetchval(_REMOVE, to_text(tenant), to_text(group), to_text(member)) is None:
                return False
            await connection.execute(holding.COUNT, to_text(tenant))
            for statement in _ANSWERS:
                await connection.execute(statement, to_text(tenant), to_text(member))
            await write(connection, event)
        return True

    async def all(self, tenant: str) -> Mapping[str, Sequence[str]]:
        """Members by group."""
        async with self._database.reading() as connection:
            return {row["name"]: row["members"] for row in await connection.fetch(_ALL, to_text(tenant))}
