"""Events of the audit log; their leaves come with them, by the table's trigger."""

from typing import Any

from kyozon.domain.audit import AuditEvent
from kyozon.storage.database import Database
from kyozon.storage.encoding import to_json

_RECORD = """
INSERT INTO audit_event (id, at, tenant, action, body)
SELECT body->>'id', (body->>'at')::timestamptz, body->>'tenant', body->>'action', body
FROM (SELECT $1::jsonb) AS given (body)
ON CONFLICT DO NOTHING
"""


async def write(connection: Any, event: AuditEvent) -> None:
    """Add an event to what `connection` has under way."""
    await connection.execute(_RECORD, to_json(event))


class PostgresTrail:
    """`ports.audit.AuditTrail` on PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def record(self, event: AuditEvent) -> None:
        """Make an event durable."""
        async with self._database.reading() as connection:
            await write(connection, event)
