"""Reading the audit log, to examine it and to prove things with it."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext, suppress
from typing import Any

import msgspec

from kyozon.domain.audit import AuditEvent, Evidence, LeafKind, Node, Note, Span, Subject
from kyozon.governance.checkpoint import parse_notes
from kyozon.storage.audit import tree
from kyozon.storage.database import Database, trouble
from kyozon.storage.encoding import to_text

_AT_ONCE = 2000
_PATIENCE = 600.0
_event = msgspec.json.Decoder(AuditEvent)

# Records are found, counted and summed by columns that were read from the body once. Nothing here can fail to be cast.
_IN_PLACE = """
CASE WHEN found.body = '{}' THEN true WHEN l.kind = 'decision' THEN
    (d.id, d.tenant, d.key_id, d.kind, d.requested_model, coalesce(d.chosen, ''),
     to_char(d.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS'))
    = (d.body->>'id', d.body->>'tenant', d.body->>'key_id', d.body->>'kind', d.body->>'requested_model',
       coalesce(d.body->>'chosen', ''), left(d.body->>'at', 19))
WHEN l.kind = 'outcome' THEN
    (o.decision_id, o.status, coalesce(o.model, ''), o.currency,
     to_char(o.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS'),
     to_jsonb(o.uncached), to_jsonb(o.cache_read), to_jsonb(o.cache_write), to_jsonb(o.output), to_jsonb(o.priced))
    = (o.body->>'decision_id', o.body->>'status', coalesce(o.body->>'model', ''), o.body#>>'{charge,currency}',
       left(o.body->>'at', 19), o.body#>'{usage,uncached}', o.body#>'{usage,cache_read}', o.body#>'{usage,cache_write}',
       o.body#>'{usage,output}', o.body#>'{charge,priced}')
ELSE (e.id, e.tenant, e.action) = (e.body->>'id', e.body->>'tenant', e.body->>'action') END
"""
_EVIDENCE = f"""
SELECT l.position, l.kind, l.ref, l.subject, l.salt, l.hash, audit_canonical(found.body, l.subject) AS record,
       found.body->>'user' AS "user", found.body = '{{}}' AS pruned, coalesce({_IN_PLACE}, true) AS in_place
FROM audit_leaf l
LEFT JOIN decision d ON l.kind = 'decision' AND d.id = l.ref
LEFT JOIN outcome o ON l.kind = 'outcome' AND o.decision_id = l.ref
LEFT JOIN audit_event e ON l.kind = 'event' AND e.id = l.ref
CROSS JOIN LATERAL (SELECT coalesce(d.body, o.body, e.body)) AS found (body)
"""  # noqa: S608 - put together from the constant above
_RANGE = _EVIDENCE + " WHERE l.position >= $1 AND l.position < $2 ORDER BY l.position"
_ONE = _EVIDENCE + " WHERE l.ref = $1 AND l.kind = $2 ORDER BY l.position LIMIT 1"
_END = "SELECT coalesce(max(position) + 1, 0) FROM audit_leaf"
_WAITING = "SELECT (SELECT count(*) FROM audit_pending) + (SELECT count(*) FROM audit_backlog)"
_NODES = "SELECT level, index, hash FROM audit_node ORDER BY level, index"
_NOTES = "SELECT note FROM audit_checkpoint ORDER BY size"
_NEWEST = "SELECT note FROM audit_checkpoint ORDER BY size DESC LIMIT 1"
_SUBJECTS = "SELECT id, tenant, name, secret FROM data_subject"
_UNLOGGED = """
SELECT kind || ' ' || ref AS record FROM (
    SELECT 'decision' AS kind, id AS ref FROM decision
    UNION ALL SELECT 'outcome', decision_id FROM outcome
    UNION ALL SELECT 'event', id FROM audit_event
) AS recorded
WHERE NOT EXISTS (SELECT FROM audit_leaf l WHERE l.ref = recorded.ref AND l.kind = recorded.kind)
  AND NOT EXISTS (SELECT FROM audit_pending p WHERE p.ref = recorded.ref AND p.kind = recorded.kind)
  AND NOT EXISTS (SELECT FROM audit_backlog b WHERE b.ref = recorded.ref AND b.kind = recorded.kind)
LIMIT $1
"""
_TOLD = "SELECT body FROM audit_event WHERE action = $1 ORDER BY at, id"
_EVENTS = """
SELECT body FROM audit_event WHERE ($1::text IS NULL OR tenant = $1) AND starts_with(body->>'action', $3)
ORDER BY at DESC, id DESC LIMIT $2
"""


class PostgresAuditLog:
    """`ports.audit.AuditLog` on PostgreSQL."""

    def __init__(self, reading: Callable[[], AbstractAsyncContextManager[Any]]) -> None:
        """`reading` lends a connection for each look; see `snapshot` for looks that must agree with each other."""
        self._reading = reading

    async def size(self) -> int:
        """How many leaves have their place in the tree."""
        async with self._reading() as connection:
            return await tree.size(connection)

    async def waiting(self) -> int:
        """How many records have a leaf without a place, or wait for a leaf."""
        return int((await self._rows(_WAITING))[0][0])

    async def evidence(self) -> AsyncIterator[Sequence[Evidence]]:
        """Every leaf with its record."""
        start, end = 0, int((await self._rows(_END))[0][0])
        while start < end:
            yield [_read(row) for row in await self._rows(_RANGE, start, start + _AT_ONCE)]
            start += _AT_ONCE

    async def one(self, kind: LeafKind, ref: str) -> Evidence | None:
        """The leaf of one record."""
        rows = await self._rows(_ONE, to_text(ref), kind)
        return _read(rows[0]) if rows else None

    async def nodes(self) -> Sequence[Node]:
        """Every node that is kept."""
        return [Node(row["level"], row["index"], row["hash"]) for row in await self._rows(_NODES)]

    async def hash_of(self, span: Span) -> bytes:
        """The hash over a span of leaves; raises `LookupError` where parts of it are missing."""
        async with self._reading() as connection:
            return await tree.hash_of(connection, span)

    async def notes(self) -> Sequence[Note]:
        """Every checkpoint that is kept, oldest first."""
        return [note for row in await self._rows(_NOTES) for note in parse_notes(row["note"])]

    async def newest(self) -> Note | None:
        """The last checkpoint."""
        return next((note for row in await self._rows(_NEWEST) for note in parse_notes(row["note"])), None)

    async def subjects(self) -> Sequence[Subject]:
        """Every pseudonym."""
        return [Subject(row["id"], row["tenant"], row["name"], row["secret"]) for row in await self._rows(_SUBJECTS)]

    async def unlogged(self, most: int) -> Sequence[str]:
        """Records without a leaf."""
        return [row["record"] for row in await self._rows(_UNLOGGED, most)]

    async def told(self, action: str) -> Sequence[AuditEvent]:
        """The events of one action, oldest first. One that cannot be read is none: its leaf says it was changed."""
        found = []
        for row in await self._rows(_TOLD, action):
            with suppress(msgspec.DecodeError):
                found.append(_event.decode(row["body"]))
        return found

    async def events(self, tenant: str | None, most: int, action: str = "") -> Sequence[AuditEvent]:
        """Events whose action begins so, newest first."""
        return [_event.decode(row["body"]) for row in await self._rows(_EVENTS, tenant, most, action)]

    async def _rows(self, query: str, *arguments: object) -> list[Any]:
        async with self._reading() as connection:
            return list(await connection.fetch(query, *arguments, timeout=_PATIENCE))


@asynccontextmanager
async def snapshot(database: Database) -> AsyncIterator[PostgresAuditLog]:
    """The log as it is at one moment, whatever is recorded and sealed meanwhile."""
    async with database.alone() as connection:
        with trouble():
            async with connection.transaction(isolation="repeatable_read", readonly=True):
                yield PostgresAuditLog(lambda: nullcontext(connection))


def _read(row: Any) -> Evidence:
    record = "{}" if row["pruned"] else row["record"]
    leaf = row["position"], row["kind"], row["ref"], row["subject"], row["salt"], row["hash"]
    return Evidence(*leaf, record, row["user"], row["in_place"])
