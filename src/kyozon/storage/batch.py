"""One statement that writes a batch of records: columns are read by PostgreSQL from the same JSON it keeps as the body."""

from asyncio import Future
from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import Struct

from kyozon.domain.decisions import Decision, Outcome
from kyozon.domain.errors import StorageUnavailable
from kyozon.domain.usage import Transaction
from kyozon.ports.records import KeptAnswer
from kyozon.storage.encoding import to_json, to_text

WRITE = """
WITH decisions AS (
    INSERT INTO decision (id, at, tenant, key_id, kind, requested_model, chosen, label, body)
    SELECT body->>'id', (body->>'at')::timestamptz, body->>'tenant', body->>'key_id', body->>'kind',
           body->>'requested_model', body->>'chosen', label, body
    FROM unnest($1::jsonb[], $2::text[]) AS given (body, label)
    ON CONFLICT DO NOTHING
), outcomes AS (
    INSERT INTO outcome (decision_id, at, status, model, uncached, cache_read, cache_write, output, reasoning,
                         amount, currency, priced, body)
    SELECT body->>'decision_id', (body->>'at')::timestamptz, body->>'status', body->>'model',
           (body#>>'{usage,uncached}')::bigint, (body#>>'{usage,cache_read}')::bigint,
           (body#>>'{usage,cache_write}')::bigint, (body#>>'{usage,output}')::bigint,
           (body#>>'{usage,reasoning}')::bigint, (body#>>'{charge,amount}')::numeric,
           body#>>'{charge,currency}', (body#>>'{charge,priced}')::boolean, body
    FROM unnest($3::jsonb[]) AS given (body)
    ON CONFLICT DO NOTHING
), booked AS (
    INSERT INTO ledger_transaction (id, kind, decision_id, idempotency_key, at, currency)
    SELECT body->>'id', body->>'kind', body->>'decision_id', body->>'idempotency_key', (body->>'at')::timestamptz,
           body->>'currency'
    FROM unnest($4::jsonb[]) AS given (body)
    ON CONFLICT DO NOTHING
    RETURNING id
), postings AS (
    INSERT INTO ledger_posting (transaction_id, line, account, amount, at)
    SELECT booked.id, line, posting->>'account', (posting->>'amount')::numeric, (body->>'at')::timestamptz
    FROM unnest($4::jsonb[]) AS given (body)
    JOIN booked ON booked.id = body->>'id'
    CROSS JOIN jsonb_array_elements(body->'postings') WITH ORDINALITY AS lines (posting, line)
)
INSERT INTO kept_answer AS known (key_id, idempotency_key, body_sha256, decision_id, content_type, payload, expires_at)
SELECT * FROM unnest($5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::bytea[], $11::timestamptz[])
ON CONFLICT (key_id, idempotency_key) DO UPDATE
SET body_sha256 = excluded.body_sha256, decision_id = excluded.decision_id, content_type = excluded.content_type,
    payload = excluded.payload, expires_at = excluded.expires_at
WHERE known.expires_at <= now()
"""

# Rows that another replica is deleting are left to it.
FORGET_EXPIRED = """
DELETE FROM kept_answer WHERE (key_id, idempotency_key) IN (
    SELECT key_id, idempotency_key FROM kept_answer WHERE expires_at <= now()
    ORDER BY expires_at LIMIT 1000 FOR UPDATE SKIP LOCKED
)
"""


class Parts(Struct, frozen=True):
    """The values of one record: a decision with its hold, or an outcome with what settles it."""

    decision: Decision | None = None
    outcome: Outcome | None = None
    transactions: Sequence[Transaction] = ()
    kept: KeptAnswer | None = None


class Record(Struct, eq=False):
    """What one caller waits for, encoded when it is handed over: a value that cannot be written fails its own caller."""

    decision: tuple[str, str] | None
    outcome: str | None
    transactions: dict[str, str]
    kept: KeptAnswer | None
    written: Future[StorageUnavailable | None]
    until: float

    @classmethod
    def of(cls, parts: Parts, written: Future[StorageUnavailable | None], until: float) -> "Record":
        """Encode `parts`; `written` is set when they are durable, or to why they are not, at `until` at the latest."""
        decision = parts.decision
        return cls(
            decision=None if decision is None else (to_json(decision), str(decision.label)),
            outcome=None if parts.outcome is None else to_json(parts.outcome),
            transactions={each.idempotency_key: to_json(each) for each in parts.transactions},
            kept=parts.kept,
            written=written,
            until=until,
        )


def parameters(batch: Iterable[Record]) -> list[list[Any]]:
    """The arguments of `WRITE`, one list a column. The first with an idempotency key wins, as it does between batches."""
    decisions: list[tuple[str, str]] = []
    outcomes: list[str] = []
    transactions: dict[str, str] = {}
    kept: dict[tuple[str, str], KeptAnswer] = {}
    for record in batch:
        if record.decision is not None:
            decisions.append(record.decision)
        if record.outcome is not None:
            outcomes.append(record.outcome)
        for key, transaction in record.transactions.items():
            transactions.setdefault(key, transaction)
        if record.kept is not None:
            kept.setdefault((record.kept.key_id, record.kept.idempotency_key), record.kept)
    answers = list(kept.values())
    return [
        [body for body, _ in decisions],
        [label for _, label in decisions],
        outcomes,
        list(transactions.values()),
        [to_text(answer.key_id) for answer in answers],
        [to_text(answer.idempotency_key) for answer in answers],
        [answer.body_sha256 for answer in answers],
        [answer.decision_id for answer in answers],
        [to_text(answer.content_type) for answer in answers],
        [answer.payload for answer in answers],
        [answer.expires_at for answer in answers],
    ]
