"""Kept answers in PostgreSQL: the partition stands in every `WHERE`, before any vector is compared."""

import hashlib
from datetime import datetime
from typing import Any

import msgspec

from kyozon.domain.cache import CachedAnswer, Partition, Wanted
from kyozon.domain.errors import NotAllowed
from kyozon.domain.usage import Charge
from kyozon.storage.database import Database
from kyozon.storage.encoding import to_json, to_text
from kyozon.storage.provenance import made_from_gone
from kyozon.storage.vault import UNSEALED, Sealed, Sealing

_partition = msgspec.json.Decoder(Partition)
_charge = msgspec.json.Decoder(Charge)

# The hash alone would do. The columns beside it are there so that no mistake in making it can cross such a border.
_WITHIN = f"""
partition_sha256 = $1 AND tenant = $2 AND principals = $3 AND label = $4 AND policy_version = $5
AND deployment = ANY($6) AND expires_at > $7 AND NOT {made_from_gone("source")}
"""
_SAME = f"SELECT * FROM cached_answer WHERE {_WITHIN} AND question_sha256 = $8"  # noqa: S608 - constants
_NEAREST = f"""
SELECT *, (SELECT sum(a * b) / sqrt(sum(a * a) * sum(b * b)) FROM unnest(embedding, $9::real[]) pair (a, b)) AS similarity
FROM cached_answer WHERE {_WITHIN} AND essence = $8 AND cardinality(embedding) = cardinality($9)
ORDER BY similarity DESC LIMIT 1
"""  # noqa: S608 - constants
_KEEP = """
INSERT INTO cached_answer (partition_sha256, tenant, principals, label, policy_version, question_sha256, partition,
                           deployment, source, content_type, payload, charge, expires_at, essence, embedding, subject)
SELECT $1, $2, $3::text[], $4, $5, $6, $7::jsonb, $8, $9, $10, $11::bytea, $12::jsonb, $13::timestamptz, $14, $15::real[],
       $16::text
WHERE $16 IS NULL OR EXISTS (SELECT FROM data_subject WHERE id = $16 AND name IS NOT NULL FOR SHARE)
ON CONFLICT (partition_sha256, question_sha256) DO UPDATE SET
    deployment = excluded.deployment, source = excluded.source, content_type = excluded.content_type,
    payload = excluded.payload, charge = excluded.charge, kept_at = excluded.kept_at, expires_at = excluded.expires_at,
    essence = excluded.essence, embedding = excluded.embedding, subject = excluded.subject
"""
_FORGET = "DELETE FROM cached_answer WHERE tenant = $1 AND ($2::text IS NULL OR $2 = ANY(principals))"
_TIDY = """
DELETE FROM cached_answer WHERE expires_at <= $1 OR policy_version <> $2
OR (partition_sha256, question_sha256) IN (
    SELECT partition_sha256, question_sha256 FROM cached_answer WHERE expires_at > $1 AND policy_version = $2
    ORDER BY kept_at DESC OFFSET $3
)
"""


class PostgresAnswers:
    """`ports.cache.AnswerStore` on PostgreSQL."""

    def __init__(self, database: Database, sealing: Sealing = UNSEALED) -> None:
        self._database = database
        self._sealing = sealing

    async def same(self, wanted: Wanted, question_sha256: str) -> CachedAnswer | None:
        """The answer to the same question."""
        return await self._read(await self._row(_SAME, *_within(wanted), question_sha256))

    async def nearest(self, wanted: Wanted, essence: str, vector: tuple[float, ...]) -> tuple[CachedAnswer, float] | None:
        """The answer to the most similar question of the same essence, and the cosine."""
        row = await self._row(_NEAREST, *_within(wanted), _hashed(essence), vector)
        found = await self._read(row)
        return None if found is None else (found, float(row["similarity"]))

    async def keep(self, answer: CachedAnswer) -> None:
        """Keep an answer, unless its person was erased meanwhile; of the same partition and question the last one stays."""
        owner = answer.partition.tenant, answer.partition.principals[0]
        context = _context(_name(answer.partition), answer.question_sha256)
        try:
            sealed = await self._sealing.seal(owner, answer.payload, context)
        except NotAllowed:
            return
        values = (
            *_place(answer.partition),
            answer.question_sha256,
            to_json(answer.partition),
            answer.deployment,
            answer.source,
            answer.content_type,
            sealed.payload,
            to_json(answer.charge),
            answer.expires_at,
            None if answer.essence is None else _hashed(answer.essence),
            answer.vector,
            sealed.subject,
        )
        async with self._database.reading() as connection:
            await connection.execute(_KEEP, *values)

    async def forget(self, tenant: str, user: str | None) -> int:
        """Delete what was kept for a tenant, or for one of its users."""
        return await self._deleted(_FORGET, tenant, None if user is None else to_text(user))

    async def tidy(self, at: datetime, policy_version: str, most: int) -> int:
        """Delete what has expired, what another policy gave, and of the rest the oldest beyond `most`."""
        return await self._deleted(_TIDY, at, policy_version, most)

    async def _row(self, query: str, *arguments: Any) -> Any:
        async with self._database.reading() as connection:
            return await connection.fetchrow(query, *arguments)

    async def _read(self, row: Any) -> CachedAnswer | None:
        """The answer without what it was found by; None where there is none, or the words of somebody who was erased."""
        if row is None:
            return None
        context = _context(row["partition_sha256"], row["question_sha256"])
        payload = await self._sealing.open(Sealed(row["subject"], row["payload"]), context)
        if payload is None:
            return None
        return CachedAnswer(
            partition=_partition.decode(row["partition"]),
            question_sha256=row["question_sha256"],
            deployment=row["deployment"],
            source=row["source"],
            content_type=row["content_type"],
            payload=payload,
            charge=_charge.decode(row["charge"]),
            expires_at=row["expires_at"],
        )

    async def _deleted(self, statement: str, *arguments: Any) -> int:
        async with self._database.reading() as connection:
            done = await connection.execute(statement, *arguments)
        return int(done.rpartition(" ")[2])


def _place(partition: Partition) -> tuple[Any, ...]:
    principals = [to_text(name) for name in partition.principals]
    return _name(partition), partition.tenant, principals, partition.label, partition.policy_version


def _name(partition: Partition) -> str:
    """Another name than that under which earlier versions kept answers unsealed: neither finds the other's."""
    return f"sealed {partition.sha256}"


def _context(name: str, question_sha256: str) -> str:
    """The row that an answer is sealed for."""
    return f"cached_answer {name} {question_sha256}"


def _within(wanted: Wanted) -> tuple[Any, ...]:
    return *_place(wanted.partition), list(wanted.deployments), wanted.at


def _hashed(essence: str) -> str:
    """A question's words are compared, never read: they need not lie in the database."""
    return hashlib.sha256(essence.encode()).hexdigest()
