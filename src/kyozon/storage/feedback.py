"""Judgements of answers: who judged stands there under a pseudonym, his words encrypted under a key of his."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import msgspec

from kyozon.domain.audit import AuditEvent
from kyozon.domain.errors import NotAllowed
from kyozon.domain.feedback import Feedback, Noted, Rated
from kyozon.domain.language import Text
from kyozon.services.feedback import MOST, MOST_OF_KEY, too_many, unknown_decision
from kyozon.storage.audit.trail import write
from kyozon.storage.database import Database
from kyozon.storage.encoding import to_text
from kyozon.storage.recorded import readable
from kyozon.storage.vault import UNSEALED, Sealed, Sealing

# In one order, and before anything else, as an erasure holds them: of the two that meet, one waits.
_PEOPLE = """
SELECT id FROM data_subject WHERE tenant = $1 AND name IN ($2, (SELECT body->>'user' FROM decision WHERE id = $3))
ORDER BY name, id FOR UPDATE
"""
# Nobody who was erased meanwhile comes back on record by a judgement of his.
_JUDGE = """
SELECT subject_of($1, $2) WHERE EXISTS (SELECT FROM data_subject WHERE tenant = $1 AND name = $2)
   OR EXISTS (SELECT FROM api_key WHERE id = $3 AND tenant = $1 AND revoked_at IS NULL)
"""
# The decision is held against a pruning, which takes its judgements along.
_ADD = """
INSERT INTO feedback (id, decision_id, tenant, at, source, score, judge, key_id, comment, subject)
SELECT $1, d.id, d.tenant, $4, $5, $6, $7, $8,
       CASE WHEN $10::text IS NULL OR EXISTS (SELECT FROM data_subject WHERE id = $10 AND erased_at IS NULL)
            THEN $9::bytea END, $10
FROM decision d
WHERE d.id = $2 AND d.tenant = $3 AND d.body <> '{}'
  AND (SELECT count(*) FILTER (WHERE f.judge = $7) < $11 AND count(*) < $12
       FROM feedback f WHERE f.decision_id = $2 AND f.key_id = $8)
FOR SHARE OF d ON CONFLICT DO NOTHING RETURNING id
"""
_WHY_NOT = """
SELECT EXISTS (SELECT FROM feedback WHERE id = $1) AS known,
       EXISTS (SELECT FROM decision WHERE id = $2 AND tenant = $3 AND body <> '{}') AS decided
"""
_OF = """
SELECT f.*, coalesce(s.name, f.judge) AS name FROM feedback f JOIN data_subject s ON s.id = f.judge
WHERE f.decision_id = $1 AND f.tenant = $2 ORDER BY f.at, f.id
"""
_NEWEST = """
SELECT f.id, f.decision_id, f.tenant, f.at, f.source, f.score, f.key_id, coalesce(s.name, f.judge) AS name, NULL AS comment,
       o.body->>'model' AS model, f.comment IS NOT NULL AS commented
FROM feedback f JOIN data_subject s ON s.id = f.judge LEFT JOIN outcome o ON o.decision_id = f.decision_id
WHERE f.at >= $1 AND ($2::text IS NULL OR f.tenant = $2) AND ($4::float8 IS NULL OR f.score < $4)
ORDER BY f.at DESC, f.id DESC LIMIT $3
"""
_RATED = """
SELECT d.id, d.at, d.body AS decision, o.body AS outcome, coalesce(given.feedback, '[]') AS feedback
FROM decision d LEFT JOIN outcome o ON o.decision_id = d.id
LEFT JOIN LATERAL (
    SELECT jsonb_agg(jsonb_build_object(
        'id', f.id, 'decision_id', f.decision_id, 'tenant', f.tenant, 'at', f.at, 'source', f.source, 'score', f.score,
        'user', coalesce(s.name, f.judge), 'key_id', f.key_id
    ) ORDER BY f.at, f.id) AS feedback
    FROM feedback f JOIN data_subject s ON s.id = f.judge WHERE f.decision_id = d.id
) given ON true
WHERE (d.at, d.id) > ($1, $2) AND ($3::timestamptz IS NULL OR d.at < $3) AND ($4::text IS NULL OR d.tenant = $4)
  AND d.body <> '{}'
ORDER BY d.at, d.id LIMIT $5
"""
_feedback = msgspec.json.Decoder(tuple[Feedback, ...])


class PostgresFeedback:
    """`ports.feedback.FeedbackStore` on PostgreSQL."""

    def __init__(self, database: Database, sealing: Sealing = UNSEALED, page: int = 500) -> None:
        """`page` is how many decisions `rated` reads at once."""
        self._database = database
        self._sealing = sealing
        self._page = page

    async def add(self, feedback: Feedback) -> None:
        """Keep one judgement and its event, durably; one of the same id is kept once.

        Raises:
            NotFound: the tenant has no such decision.
            LimitReached: the person, or the key, has judged the answer often enough.
            NotAllowed: whoever judges has been erased, or his key revoked, meanwhile.
        """
        tenant, judge = to_text(feedback.tenant), to_text(feedback.user)
        sealed = await self._sealed(feedback)
        async with self._database.writing() as connection:
            await connection.execute(_PEOPLE, tenant, judge, feedback.decision_id)
            subject = await connection.fetchval(_JUDGE, tenant, judge, feedback.key_id)
            if subject is None:
                raise _gone()
            own = (feedback.id, feedback.decision_id, tenant, feedback.at, feedback.source, feedback.score)
            by = (subject, feedback.key_id, sealed and sealed.payload, sealed and sealed.subject)
            if await connection.fetchval(_ADD, *own, *by, MOST, MOST_OF_KEY) is not None:
                await write(connection, _event(feedback))
                return
            why = await connection.fetchrow(_WHY_NOT, feedback.id, feedback.decision_id, tenant)
        if not why["decided"]:
            raise unknown_decision(feedback.decision_id)
        if not why["known"]:
            raise too_many()

    async def of(self, decision_id: str, tenant: str) -> tuple[Feedback, ...]:
        """What was said of one answer, oldest first; without the words of those who have been erased."""
        async with self._database.reading() as connection:
            rows = await connection.fetch(_OF, to_text(decision_id), to_text(tenant))
        return tuple([await self._opened(row) for row in rows])

    async def newest(
        self, since: datetime, tenant: str | None, limit: int, below: float | None = None
    ) -> tuple[Noted, ...]:
        """What was said since a moment, of a score `below` one if given, newest first, without the words."""
        whose = None if tenant is None else to_text(tenant)
        async with self._database.reading() as connection:
            rows = await connection.fetch(_NEWEST, since, whose, limit, below)
        return tuple([Noted(await self._opened(row), row["model"], row["commented"]) for row in rows])

    async def rated(
        self, since: datetime, until: datetime | None = None, tenant: str | None = None, left_out: list[str] | None = None
    ) -> AsyncIterator[Rated]:
        """Every decision in the period, oldest first, and what was said of its answer; read page by page."""
        after: tuple[datetime, str] = since, ""
        whose = None if tenant is None else to_text(tenant)
        while True:
            async with self._database.reading() as connection:
                rows = await connection.fetch(_RATED, *after, until, whose, self._page)
            for row in rows:
                for decision, outcome in readable([row], left_out):
                    yield Rated(decision, outcome, _feedback.decode(row["feedback"]))
            if len(rows) < self._page:
                return
            after = rows[-1]["at"], rows[-1]["id"]

    async def _sealed(self, feedback: Feedback) -> Sealed | None:
        if feedback.comment is None:
            return None
        words = to_text(feedback.comment).encode("utf-8", "replace")
        return await self._sealing.seal((feedback.tenant, feedback.user), words, _context(feedback.id))

    async def _opened(self, row: Any) -> Feedback:
        words = None
        if row["comment"] is not None:
            words = await self._sealing.open(Sealed(row["subject"], row["comment"]), _context(row["id"]))
        return Feedback(
            id=row["id"],
            decision_id=row["decision_id"],
            tenant=row["tenant"],
            at=row["at"],
            source=row["source"],
            score=row["score"],
            user=row["name"],
            key_id=row["key_id"],
            comment=None if words is None else words.decode(),
        )


def _event(feedback: Feedback) -> AuditEvent:
    """What the audit log says of it: numbers and identifiers, no word."""
    action = "feedback:gave" if feedback.outright else "feedback:seen"
    detail = {"feedback": feedback.id, "source": feedback.source, "score": f"{feedback.score:g}", "key": feedback.key_id}
    who, about = feedback.user, feedback.decision_id
    return AuditEvent(f"evt_{feedback.id}", feedback.at, action, feedback.tenant, who, about, {**detail})


def _context(feedback_id: str) -> str:
    return f"feedback {feedback_id}"


def _gone() -> NotAllowed:
    return NotAllowed(
        Text(
            "nothing is recorded for somebody who was erased, or whose key was revoked: use a key that is in use.",
            "消去された利用者や、失効したキーによる評価は記録できません。現在有効なキーを使ってください。",
        )
    )
