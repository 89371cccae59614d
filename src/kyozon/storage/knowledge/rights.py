"""Who may see which collection and document, as conditions of SQL: whatever reads either joins them in the same statement.

They take the reader as the first six arguments, in the order of `reader_arguments`. Groups are not among them: who is in
which is asked of the database with each statement, so that whoever leaves a group has left it.
"""

from typing import Any

from kyozon.domain.knowledge import Reader
from kyozon.storage.encoding import to_text
from kyozon.storage.provenance import LABELS_OF_MADE, MADE_FROM

_LEVELS = "ARRAY['public', 'internal', 'confidential', 'restricted']"


def within(label: str) -> str:
    """Whether the label in a `jsonb` expression is within the reader's clearance; a label that is not known is not."""
    return f"""coalesce(array_position({_LEVELS}, {label}->>'level') <= $5
        AND ('*' = ANY($6::text[]) OR {label}->'compartments' <@ to_jsonb($6::text[])), false)"""


_GROUPS = 'ARRAY(SELECT m."group" FROM membership m WHERE m.tenant = $1 AND m.member = $2)'
_SHARES = f"""FROM collection_share s WHERE s.collection_id = c.id AND (
    s.kind = 'everyone' OR (s.kind = 'user' AND s.name = $2) OR (s.kind = 'role' AND s.name = ANY($3::text[]))
    OR (s.kind = 'group' AND s.name = ANY({_GROUPS})))"""

ACCESS = f"""CASE WHEN c.owner = $2 OR $4 THEN 'own' WHEN EXISTS (SELECT {_SHARES} AND s.right = 'write') THEN 'write'
    ELSE 'read' END"""
"""What the reader may do with collection `c`, where he may see it at all."""

COLLECTION = f"""(c.tenant = $1 AND (c.owner = $2 OR $4 OR EXISTS (SELECT {_SHARES})) AND {within("c.body->'label'")})"""
"""Whether the reader may see collection `c`."""

FILE = "(f.tenant = $1 AND (f.owner = $2 OR $4) AND l.within AND $3::text[] IS NOT NULL)"
"""Whether file `f`, with `labels` of it, is the reader's to see; his roles have no say, but every argument has a type."""

_OPEN = f"""($4 OR d.readers = '{{}}' OR 'user:' || $2 = ANY(d.readers)
    OR d.readers && ARRAY(SELECT 'role:' || unnest($3::text[]))
    OR d.readers && ARRAY(SELECT 'group:' || unnest({_GROUPS})))"""

DOCUMENT = f"(d.tenant = $1 AND {_OPEN} AND l.within)"
"""Whether document `d`, with `labels` of it, is open to the reader; the condition on its collection comes beside."""


_PARTS = f"""
WITH RECURSIVE made (id) AS (
    SELECT {{value}} UNION SELECT source.id FROM made CROSS JOIN LATERAL ({MADE_FROM}) AS source
), parts (label) AS ({LABELS_OF_MADE})
"""  # noqa: S608 - constants


def labels(value: str) -> str:
    """A lateral table `l` of one row: `labels`, whose join is a value's effective label, and whether all are `within`."""
    parts = _PARTS.replace("{value}", value)
    return f"""CROSS JOIN LATERAL (
    {parts} SELECT jsonb_agg(DISTINCT label) AS labels, bool_and({within("label")}) AS within FROM parts
) AS l"""  # noqa: S608 - the name of a column


_EVERYTHING = "($5 = 4 AND '*' = ANY($6::text[]))"
_WITHIN = f"({_PARTS.replace('{value}', 'd.id')} SELECT bool_and({within('label')}) FROM parts)"  # noqa: S608 - constants
COUNTED = f"(d.tenant = $1 AND {_OPEN} AND ({_EVERYTHING} OR {_WITHIN}))"
"""As `DOCUMENT`, where no label need be shown: whoever is cleared for everything is not kept waiting for each of them."""


def reader_arguments(reader: Reader) -> tuple[Any, ...]:
    """The reader, as the conditions take him."""
    clearance = reader.clearance
    return (
        to_text(reader.tenant),
        to_text(reader.user),
        sorted(reader.roles),
        reader.admin,
        clearance.level.rank + 1,
        sorted(clearance.compartments),
    )
