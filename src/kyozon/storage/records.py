"""Reading what was recorded."""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, Literal

import msgspec

from kyozon.domain.decisions import Decision, Outcome
from kyozon.domain.usage import Posting, Transaction
from kyozon.ports.records import KeptAnswer, UsageRow
from kyozon.storage.database import Database
from kyozon.storage.encoding import to_text

_decision = msgspec.json.Decoder(Decision)
_outcome = msgspec.json.Decoder(Outcome)

_ONE = """
SELECT d.body AS decision, o.body AS outcome FROM decision d LEFT JOIN outcome o ON o.decision_id = d.id
WHERE d.id = $1
"""
_PAGE = """
SELECT d.body AS decision, o.body AS outcome FROM decision d LEFT JOIN outcome o ON o.decision_id = d.id
WHERE d.tenant = $1
  AND ($3::text IS NULL OR (d.at, d.id) < (SELECT at, id FROM decision WHERE id = $3 AND tenant = $1))
ORDER BY d.at DESC, d.id DESC LIMIT $2
"""
_OPEN = """
SELECT d.body AS decision, t.id, t.idempotency_key, t.at, t.currency,
       array(SELECT p.account FROM ledger_posting p WHERE p.transaction_id = t.id ORDER BY p.line) AS accounts,
       array(SELECT p.amount FROM ledger_posting p WHERE p.transaction_id = t.id ORDER BY p.line) AS amounts
FROM decision d
LEFT JOIN ledger_transaction t ON t.decision_id = d.id AND t.kind = 'hold' AND NOT EXISTS (
    SELECT FROM ledger_transaction r WHERE r.decision_id = d.id AND r.kind = 'release'
)
WHERE d.at < $1 AND NOT EXISTS (SELECT FROM outcome o WHERE o.decision_id = d.id)
ORDER BY d.at, d.id
"""
_USAGE = """
SELECT {group} AS name, o.currency, count(*) AS requests,
       count(*) FILTER (WHERE o.status NOT IN ('answered', 'left')) AS failed,
       sum(o.uncached + o.cache_read + o.cache_write)::bigint AS input, sum(o.cache_read)::bigint AS cached,
       sum(o.output)::bigint AS output, coalesce(sum(settled.amount), 0) AS amount,
       count(*) FILTER (WHERE NOT o.priced) AS unpriced
FROM outcome o
JOIN decision d ON d.id = o.decision_id
LEFT JOIN LATERAL (
    SELECT sum(p.amount) AS amount
    FROM ledger_transaction t JOIN ledger_posting p ON p.transaction_id = t.id
    WHERE t.decision_id = d.id AND t.currency = o.currency AND p.account = 'key:' || d.key_id || ':spend'
) settled ON true
WHERE o.at >= $1 AND ($2::text IS NULL OR d.tenant = $2)
GROUP BY 1, 2 ORDER BY 1, 2
"""
_GROUPS = {
    "day": "to_char(o.at AT TIME ZONE 'UTC', 'YYYY-MM-DD')",
    "model": "coalesce(o.model, d.chosen, d.requested_model)",
    "key": "d.key_id",
}
_SPENT = "SELECT coalesce(sum(amount), 0) FROM ledger_posting WHERE account = $1 AND at >= $2"
# An attempt that broke before another model took over was settled for the model that made it.
_SPENT_BY = r"""
SELECT coalesce(sum(p.amount), 0)
FROM ledger_posting p
JOIN ledger_transaction t ON t.id = p.transaction_id AND t.kind = 'settle'
JOIN decision d ON d.id = t.decision_id AND p.account = 'key:' || d.key_id || ':spend'
LEFT JOIN outcome o ON o.decision_id = d.id
WHERE p.at >= $1 AND ($2::text IS NULL OR d.tenant = $2) AND ($3::text IS NULL OR d.body->>'user' = $3)
  AND ($4::text IS NULL OR $4 = coalesce(
      o.body#>>ARRAY['attempts', (substring(t.idempotency_key from ':attempt-(\d+)$')::int - 1)::text, 'model'], o.model))
"""
_BALANCE = """
SELECT t.currency, sum(p.amount) AS amount
FROM ledger_posting p JOIN ledger_transaction t ON t.id = p.transaction_id GROUP BY 1 ORDER BY 1
"""
_KEPT = "SELECT * FROM kept_answer WHERE key_id = $1 AND idempotency_key = $2 AND expires_at > $3"


class PostgresRecords:
    """`ports.records.Records` on PostgreSQL. `started` is when this process did: what is older and open was left behind."""

    def __init__(self, database: Database, started: datetime) -> None:
        self._database = database
        self._started = started

    async def decision(self, decision_id: str) -> tuple[Decision, Outcome | None] | None:
        """A decision and its outcome."""
        rows = await self._rows(_ONE, to_text(decision_id))
        return _both(rows[0]) if rows else None

    async def decisions(self, tenant: str, after: str | None, limit: int) -> list[tuple[Decision, Outcome | None]]:
        """Decisions of a tenant, newest first; nothing after a decision that is not the tenant's."""
        start = None if after is None else to_text(after)
        return [_both(row) for row in await self._rows(_PAGE, tenant, limit, start)]

    async def open_decisions(self) -> list[tuple[Decision, Transaction | None]]:
        """Decisions older than this process that have no outcome, with the hold that still stands."""
        return [(_decision.decode(row["decision"]), _hold(row)) for row in await self._rows(_OPEN, self._started)]

    async def usage(self, by: Literal["day", "model", "key"], since: date, tenant: str | None) -> list[UsageRow]:
        """Sums per group and currency since a day (UTC).

        Failed is what brought the caller no whole answer. A request that no model took counts for the model it named.
        """
        start = datetime.combine(since, time(), UTC)
        rows = await self._rows(_USAGE.format(group=_GROUPS[by]), start, tenant)
        return [
            UsageRow(
                group=row["name"],
                requests=row["requests"],
                failed=row["failed"],
                input_tokens=row["input"],
                cached_tokens=row["cached"],
                output_tokens=row["output"],
                amount=row["amount"],
                currency=row["currency"],
                unpriced_requests=row["unpriced"],
            )
            for row in rows
        ]

    async def spent(self, key_id: str, since: datetime) -> Decimal:
        """Money settled for a key since a moment."""
        async with self._database.reading() as connection:
            return Decimal(await connection.fetchval(_SPENT, f"key:{key_id}:spend", since))

    async def spent_by(
        self, since: datetime, *, tenant: str | None = None, user: str | None = None, model: str | None = None
    ) -> Decimal:
        """Money settled since a moment for a tenant, one of its users, or a model."""
        names = (None if name is None else to_text(name) for name in (tenant, user, model))
        async with self._database.reading() as connection:
            return Decimal(await connection.fetchval(_SPENT_BY, since, *names))

    async def balance(self) -> dict[str, Decimal]:
        """The sum of all postings per currency."""
        return {row["currency"]: row["amount"] for row in await self._rows(_BALANCE)}

    async def kept_answer(self, key_id: str, idempotency_key: str, now: datetime) -> KeptAnswer | None:
        """The kept answer for a client's Idempotency-Key, if it has not expired at `now`."""
        rows = await self._rows(_KEPT, key_id, to_text(idempotency_key), now)
        return KeptAnswer(**rows[0]) if rows else None

    async def _rows(self, query: str, *arguments: Any) -> list[Any]:
        async with self._database.reading() as connection:
            return list(await connection.fetch(query, *arguments))


def _both(row: Any) -> tuple[Decision, Outcome | None]:
    return _decision.decode(row["decision"]), _outcome.decode(row["outcome"]) if row["outcome"] else None


def _hold(row: Any) -> Transaction | None:
    if row["id"] is None:
        return None
    decision = _decision.decode(row["decision"])
    postings = tuple(Posting(account, amount) for account, amount in zip(row["accounts"], row["amounts"], strict=True))
    return Transaction(row["id"], "hold", decision.id, row["idempotency_key"], row["at"], row["currency"], postings)
