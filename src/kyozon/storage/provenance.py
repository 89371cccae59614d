"""What stored values are made from, in PostgreSQL: one recursive query upwards for labels, one downwards for exposure."""

from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg
import msgspec

from kyozon.domain.audit import AuditEvent
from kyozon.domain.decisions import Decision, Outcome
from kyozon.domain.errors import NotFound
from kyozon.domain.labels import Label
from kyozon.domain.language import Text
from kyozon.domain.provenance import EXCHANGE, Delivery, Relabelling, StoredValue
from kyozon.storage.audit.trail import write
from kyozon.storage.database import Database
from kyozon.storage.encoding import to_json, to_text
from kyozon.storage.recorded import readable

_label = msgspec.json.Decoder(Label)
_change = msgspec.json.Decoder(Relabelling)
_delivery = msgspec.json.Decoder(Delivery)

# Decisions become rows only where something is made from them, or their label is changed.
_EXCHANGES = f"""
INSERT INTO stored_value (tenant, id, kind, at, label, sha256)
SELECT tenant, id, '{EXCHANGE}', at, body->'label', body->>'body_sha256' FROM decision
WHERE tenant = $1 AND id = ANY($2) AND body ? 'label' ORDER BY id
ON CONFLICT DO NOTHING
"""  # noqa: S608 - a constant
_ADD = """
INSERT INTO stored_value (tenant, id, kind, at, label, sha256) SELECT $1, $2, $3, $4, $5::jsonb, $6
WHERE NOT EXISTS (SELECT FROM decision WHERE id = $2)
ON CONFLICT DO NOTHING RETURNING id
"""
_SOURCES = "INSERT INTO value_source (tenant, value, source) SELECT $1, $2, unnest($3::text[])"
MADE_FROM = """
SELECT s.source AS id FROM value_source s WHERE s.tenant = $1 AND s.value = made.id
UNION ALL
SELECT jsonb_array_elements_text(d.body->'sources') FROM decision d WHERE d.tenant = $1 AND d.id = made.id
UNION ALL
SELECT o.body#>>'{cache,source}' FROM outcome o JOIN decision d ON d.id = o.decision_id AND d.tenant = $1
WHERE o.decision_id = made.id AND o.body#>>'{cache,source}' IS NOT NULL
"""
"""What the value `made.id` of tenant $1 was made from, one step up."""
# Subqueries, not joins: the planner expects thousands of values, and would read all decisions to join them.
_OWN_LABEL = """coalesce(
    (SELECT v.label FROM stored_value v WHERE v.tenant = $1 AND v.id = made.id),
    (SELECT p.body->'label' FROM decision p WHERE p.tenant = $1 AND p.id = made.id)
)"""
LABELS_OF_MADE = f"SELECT {_OWN_LABEL} FROM made"  # noqa: S608 - constants
"""The own label of each value in `made`; null is unknown."""


def made_from_gone(decision: str) -> str:
    """Whether an answer was made from a document that has been deleted since: it may have been kept only just now."""
    return f"""EXISTS (
    SELECT FROM decision p CROSS JOIN LATERAL jsonb_array_elements_text(p.body->'sources') AS s (id)
    JOIN document_gone g ON g.tenant = p.tenant AND g.id = s.id WHERE p.id = {decision})"""


_LABELS = f"""
WITH RECURSIVE made (root, id) AS (
    SELECT name, name FROM unnest($2::text[]) AS given (name)
    UNION
    SELECT made.root, source.id FROM made CROSS JOIN LATERAL ({MADE_FROM}) AS source
)
SELECT DISTINCT made.root, {_OWN_LABEL} AS label FROM made
"""  # noqa: S608 - a constant
_DERIVED = """
WITH RECURSIVE made (id) AS (
    SELECT unnest($2::text[])
    UNION
    SELECT value.id FROM made CROSS JOIN LATERAL (
        SELECT s.value AS id FROM value_source s WHERE s.tenant = $1 AND s.source = made.id
        UNION ALL
        SELECT d.id FROM decision d
        WHERE d.body->'sources' <> '[]' AND d.body->'sources' ? made.id AND d.tenant = $1
        UNION ALL
        SELECT o.decision_id FROM outcome o JOIN decision d ON d.id = o.decision_id AND d.tenant = $1
        WHERE o.body#>>'{cache,source}' = made.id
    ) AS value
)
SELECT id FROM made ORDER BY id
"""
_OWN = f"""
SELECT coalesce(v.kind, '{EXCHANGE}') AS kind, coalesce(v.at, d.at) AS at, coalesce(v.label, d.body->'label') AS label,
       coalesce(v.sha256, d.body->>'body_sha256') AS sha256, coalesce(d.body->'sources', to_jsonb(ARRAY(
           SELECT s.source FROM value_source s WHERE s.tenant = $1 AND s.value = $2 ORDER BY s.source))) AS sources
FROM (SELECT $2::text AS id) AS asked
LEFT JOIN stored_value v ON v.tenant = $1 AND v.id = asked.id
LEFT JOIN decision d ON d.tenant = $1 AND d.id = asked.id
"""  # noqa: S608 - a constant
# Before the value, as whoever decides on a lowering has it: else each of the two waits for what the other holds.
_PERSON = "SELECT subject_of($1, $2)"
_LOCKED = "SELECT label FROM stored_value WHERE tenant = $1 AND id = $2 FOR UPDATE"
# People stand in both tables under their pseudonyms, as in the audit log: what is append-only could not forget a name.
_RELABEL = """
INSERT INTO relabelling (id, tenant, value, at, body)
VALUES ($1, $2, $3, $4, jsonb_set($5::jsonb, '{by}', to_jsonb($6::text)))
"""
_CHANGES = """
SELECT jsonb_set(r.body, '{by}', to_jsonb(coalesce(s.name, r.body->>'by'))) AS body
FROM relabelling r LEFT JOIN data_subject s ON s.id = r.body->>'by' AND s.tenant = r.tenant
WHERE r.tenant = $1 AND r.value = $2 ORDER BY r.at, r.id
"""
_DELIVER = """
INSERT INTO delivery (id, at, tenant, zone, carried, body)
VALUES ($1, $2, $3, $4, $5,
        jsonb_set($6::jsonb, '{user}', to_jsonb(CASE WHEN $7::text = '' THEN '' ELSE subject_of($3, $7) END)))
"""
_DELIVERIES = """
SELECT jsonb_set(d.body, '{user}', to_jsonb(coalesce(s.name, d.body->>'user'))) AS body
FROM delivery d LEFT JOIN data_subject s ON s.id = d.body->>'user' AND s.tenant = d.tenant
WHERE d.tenant = $1 AND d.carried && $2::text[] ORDER BY d.at, d.id
"""
_DECISIONS = """
SELECT d.id, d.body AS decision, o.body AS outcome FROM decision d LEFT JOIN outcome o ON o.decision_id = d.id
WHERE d.tenant = $1 AND d.id = ANY($2) AND d.body ? 'label' ORDER BY d.at, d.id
"""


class PostgresProvenance:
    """`ports.provenance.ProvenanceStore` on PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, value: StoredValue) -> bool:
        """Keep a value and its sources."""
        try:
            async with self._database.writing() as connection:
                return await add(connection, value)
        except asyncpg.ForeignKeyViolationError as error:
            raise NotFound(
                Text(
                    f"a source of {value.id!r} is not among this tenant's stored values.",
                    f"{value.id!r} の出所に、このテナントの保存値ではないものがあります。",
                )
            ) from error

    async def labels(self, tenant: str, values: Sequence[str]) -> Mapping[str, frozenset[Label | None]]:
        """The labels that each value's effective one is the join of."""
        names = {to_text(value): value for value in values}
        found: dict[str, set[Label | None]] = {value: set() for value in values}
        for row in await self._rows(_LABELS, to_text(tenant), list(names)):
            label = None if row["label"] is None else _label.decode(row["label"])
            found[names[row["root"]]].add(label)
        return {value: frozenset(labels) for value, labels in found.items()}

    async def derived(self, tenant: str, value: str) -> Sequence[str]:
        """The value and everything that was made from it."""
        async with self._database.reading() as connection:
            return await derived(connection, tenant, (value,))

    async def relabel(self, change: Relabelling, event: AuditEvent) -> bool:
        """Give a value its new label, by recording the change."""
        async with self._database.writing() as connection:
            return await relabel(connection, change, event)

    async def own(self, tenant: str, value: str) -> StoredValue | None:
        """A value as it is kept, with its own label."""
        (row,) = await self._rows(_OWN, to_text(tenant), to_text(value))
        if row["label"] is None:
            return None
        label, sources = _label.decode(row["label"]), tuple(msgspec.json.decode(row["sources"], type=list[str]))
        return StoredValue(value, tenant, row["kind"], row["at"], label, sources, row["sha256"])

    async def changes(self, tenant: str, value: str) -> Sequence[Relabelling]:
        """How a value's own label was changed, oldest first."""
        return [_change.decode(row["body"]) for row in await self._rows(_CHANGES, to_text(tenant), to_text(value))]

    async def deliver(self, delivery: Delivery) -> None:
        """Record that values leave."""
        values = (delivery.id, delivery.at, to_text(delivery.tenant), to_text(delivery.zone), _texts(delivery.values))
        async with self._database.reading() as connection:
            await connection.execute(_DELIVER, *values, to_json(delivery), to_text(delivery.user))

    async def deliveries(self, tenant: str, values: Sequence[str]) -> Sequence[Delivery]:
        """The deliveries of any of these values that no decision records, oldest first."""
        return [_delivery.decode(row["body"]) for row in await self._rows(_DELIVERIES, to_text(tenant), _texts(values))]

    async def exchanges(
        self, tenant: str, values: Sequence[str], left_out: list[str] | None = None
    ) -> Sequence[tuple[Decision, Outcome | None]]:
        """Those of these values that are decisions, oldest first."""
        return list(readable(await self._rows(_DECISIONS, to_text(tenant), _texts(values)), left_out))

    async def _rows(self, query: str, *arguments: Any) -> Any:
        async with self._database.reading() as connection:
            return await connection.fetch(query, *arguments)


async def add(connection: Any, value: StoredValue) -> bool:
    """Add a value and its sources to what `connection` has under way; False where its tenant has one of that name."""
    tenant, name, sources = to_text(value.tenant), to_text(value.id), _texts(value.sources)
    own = (tenant, name, value.kind, value.at, to_json(value.label), value.sha256)
    if await connection.fetchval(_ADD, *own) is None:
        return False
    await connection.execute(_EXCHANGES, tenant, sources)
    await connection.execute(_SOURCES, tenant, name, sorted(set(sources)))
    return True


async def derived(connection: Any, tenant: str, values: Sequence[str]) -> list[str]:
    """The values and everything that was made from them, by name."""
    return [row["id"] for row in await connection.fetch(_DERIVED, to_text(tenant), _texts(values))]


async def relabel(connection: Any, change: Relabelling, event: AuditEvent) -> bool:
    """Add a change of a label and its event to what `connection` has under way; nothing where the label is another one."""
    tenant, value = to_text(change.tenant), to_text(change.value)
    person = await connection.fetchval(_PERSON, tenant, to_text(change.by))
    await connection.execute(_EXCHANGES, tenant, [value])
    label = await connection.fetchval(_LOCKED, tenant, value)
    if label is None or _label.decode(label) != change.old:
        return False
    await connection.execute(_RELABEL, change.id, tenant, value, change.at, to_json(change), person)
    await write(connection, event)
    return True


def _texts(values: Sequence[str]) -> list[str]:
    return [to_text(value) for value in values]
