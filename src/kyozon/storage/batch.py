"""One statement that writes a batch of records: columns are read by PostgreSQL from the same JSON it keeps as the body."""

import hashlib
from asyncio import Future
from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import Struct

from kyozon.domain.decisions import Decision, Outcome, UnderWay
from kyozon.domain.usage import Transaction
from kyozon.ports.records import KeptAnswer
from kyozon.storage.encoding import to_json, to_text
from kyozon.storage.vault import Sealed

# Each parameter is one array in JSON: the driver looks at every element of an array of its own, more than once.
_RECORDS = """
WITH decisions AS (
    INSERT INTO decision (id, at, tenant, key_id, kind, requested_model, chosen, label, body)
    SELECT body->>'id', (body->>'at')::timestamptz, body->>'tenant', body->>'key_id', body->>'kind',
           body->>'requested_model', body->>'chosen', given->>'label', body
    FROM jsonb_array_elements($1::jsonb) AS given, LATERAL (SELECT given->'body') AS whole (body)
    ON CONFLICT DO NOTHING
), outcomes AS (
    INSERT INTO outcome (decision_id, at, status, model, uncached, cache_read, cache_write, output, reasoning,
                         amount, currency, priced, body)
    SELECT body->>'decision_id', (body->>'at')::timestamptz, body->>'status', body->>'model',
           (body#>>'{usage,uncached}')::bigint, (body#>>'{usage,cache_read}')::bigint,
           (body#>>'{usage,cache_write}')::bigint, (body#>>'{usage,output}')::bigint,
           (body#>>'{usage,reasoning}')::bigint, (body#>>'{charge,amount}')::numeric,
           body#>>'{charge,currency}', (body#>>'{charge,priced}')::boolean, body
    FROM jsonb_array_elements($2::jsonb) AS given (body)
    ON CONFLICT DO NOTHING
), booked AS (
    INSERT INTO ledger_transaction (id, kind, decision_id, idempotency_key, at, currency)
    SELECT body->>'id', body->>'kind', body->>'decision_id', body->>'idempotency_key', (body->>'at')::timestamptz,
           body->>'currency'
    FROM jsonb_array_elements($3::jsonb) AS given (body)
    ON CONFLICT DO NOTHING
    RETURNING id
)
"""
_POSTINGS = """
INSERT INTO ledger_posting (transaction_id, line, account, amount, at)
SELECT booked.id, line, posting->>'account', (posting->>'amount')::numeric, (body->>'at')::timestamptz
FROM jsonb_array_elements($3::jsonb) AS given (body)
JOIN booked ON booked.id = body->>'id'
CROSS JOIN jsonb_array_elements(body->'postings') WITH ORDINALITY AS lines (posting, line)
"""
_CALLS = """, calls AS (
    INSERT INTO call_under_way (decision_id, body)
    SELECT body->>'decision_id', body FROM jsonb_array_elements($4::jsonb) AS given (body)
    ON CONFLICT (decision_id) DO UPDATE SET body = excluded.body
)
"""
_ANSWERS = f""", postings AS ({_POSTINGS})
INSERT INTO kept_answer AS known
    (key_id, idempotency_key, body_sha256, decision_id, content_type, payload, expires_at, subject)
SELECT key_id, name, body_sha256, decision_id, content_type, payload, expires_at, subject
FROM unnest($5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::bytea[], $11::timestamptz[], $12::text[])
    AS given (key_id, name, body_sha256, decision_id, content_type, payload, expires_at, subject)
ON CONFLICT (key_id, idempotency_key) DO UPDATE
SET body_sha256 = excluded.body_sha256, decision_id = excluded.decision_id, content_type = excluded.content_type,
    payload = excluded.payload, expires_at = excluded.expires_at, subject = excluded.subject
WHERE known.expires_at <= now()
"""  # noqa: S608 - put together from the constants above
WRITE = _RECORDS + _POSTINGS
"""Decisions, outcomes and transactions."""
WRITE_WITH_MORE = _RECORDS + _CALLS + _ANSWERS
"""The same, how far requests have come, and answers kept for a repeated request: few batches have any of these."""


class Parts(Struct, frozen=True):
    """The values of one record: a decision with its hold, how far it has come, or an outcome with what settles it."""

    decision: Decision | None = None
    outcome: Outcome | None = None
    transactions: Sequence[Transaction] = ()
    kept: KeptAnswer | None = None
    under_way: UnderWay | None = None


class Record(Struct, eq=False):
    """What one caller waits for, encoded when it is handed over: a value that cannot be written fails its own caller.

    `call` is how far a request has come, by the id of its decision. `sealed` is the answer that is kept with it, as it may
    lie in the database; it is made before the record is written.
    """

    decision: str | None
    outcome: str | None
    transactions: dict[str, str]
    kept: KeptAnswer | None
    written: Future[None]
    until: float
    call: tuple[str, str] | None = None
    sealed: Sealed | None = None

    @classmethod
    def of(cls, parts: Parts, written: Future[None], until: float) -> "Record":
        """Encode `parts`; `written` is done when they are durable, or fails with why not, at `until` at the latest."""
        return cls(
            None if parts.decision is None else _labelled(parts.decision),
            None if parts.outcome is None else to_json(parts.outcome),
            {each.idempotency_key: to_json(each) for each in parts.transactions},
            parts.kept,
            written,
            until,
            None if parts.under_way is None else (parts.under_way.decision_id, to_json(parts.under_way)),
        )


def statement(batch: Iterable[Record]) -> tuple[str, list[Any]]:
    """What writes a batch, and its arguments.

    The first with an idempotency key wins, as it does between batches; of what is noted of one request, the last.
    """
    decisions: list[str] = []
    outcomes: list[str] = []
    calls: dict[str, str] = {}
    transactions: dict[str, str] = {}
    kept: dict[tuple[str, str], tuple[KeptAnswer, Sealed]] = {}
    for record in batch:
        if record.decision is not None:
            decisions.append(record.decision)
        if record.outcome is not None:
            outcomes.append(record.outcome)
        if record.call is not None:
            calls[record.call[0]] = record.call[1]
        for key, transaction in record.transactions.items():
            transactions.setdefault(key, transaction)
        if record.kept is not None and record.sealed is not None:
            kept.setdefault((record.kept.key_id, record.kept.idempotency_key), (record.kept, record.sealed))
    arguments: list[Any] = [f"[{','.join(found)}]" for found in (decisions, outcomes, transactions.values())]
    if not kept and not calls:
        return WRITE, arguments
    return WRITE_WITH_MORE, [*arguments, f"[{','.join(calls.values())}]", *_columns(list(kept.values()))]


def _labelled(decision: Decision) -> str:
    """The record, and its label as people write it."""
    return f'{{"label":{to_json(str(decision.label))},"body":{to_json(decision)}}}'


def kept_under(idempotency_key: str) -> str:
    """What an answer is found by: callers may write anything into the key itself, so its hash stands in the database."""
    return f"sha256 {hashlib.sha256(idempotency_key.encode('utf-8', 'surrogatepass')).hexdigest()}"


def kept_context(key_id: str, idempotency_key: str) -> str:
    """The row that a kept answer is sealed for."""
    return f"kept_answer {key_id} {kept_under(idempotency_key)}"


def _columns(answers: list[tuple[KeptAnswer, Sealed]]) -> list[Any]:
    return [
        [to_text(answer.key_id) for answer, _ in answers],
        [kept_under(answer.idempotency_key) for answer, _ in answers],
        [answer.body_sha256 for answer, _ in answers],
        [answer.decision_id for answer, _ in answers],
        [to_text(answer.content_type) for answer, _ in answers],
        [sealed.payload for _, sealed in answers],
        [answer.expires_at for answer, _ in answers],
        [sealed.subject for _, sealed in answers],
    ]
