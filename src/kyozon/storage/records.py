"""Reading what was recorded."""

import logging
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, Literal

import msgspec

from kyozon.domain.decisions import Decision, Outcome, UnderWay
from kyozon.domain.usage import Posting, Transaction
from kyozon.ports.records import KeptAnswer, UsageRow
from kyozon.storage.batch import kept_context, kept_under
from kyozon.storage.database import Database
from kyozon.storage.encoding import to_text
from kyozon.storage.provenance import made_from_gone
from kyozon.storage.recorded import readable, recorded
from kyozon.storage.vault import UNSEALED, Sealed, Sealing

_log = logging.getLogger(__name__)

_decision = msgspec.json.Decoder(Decision)
_under_way = msgspec.json.Decoder(UnderWay)

_ONE = """
SELECT d.id, d.body AS decision, o.body AS outcome FROM decision d LEFT JOIN outcome o ON o.decision_id = d.id
WHERE d.id = $1 AND d.body <> '{}'
"""
# With and without a place to go on from: one statement for both would walk past every newer record to get there.
PAGE = """
SELECT d.id, d.body AS decision, o.body AS outcome FROM decision d LEFT JOIN outcome o ON o.decision_id = d.id
WHERE d.tenant = $1 AND d.body <> '{{}}' {after} ORDER BY d.at DESC, d.id DESC LIMIT $2
"""
AFTER = "AND (d.at, d.id) < (SELECT at, id FROM decision WHERE id = $3 AND tenant = $1)"
_OPEN = """
SELECT d.id AS decision_id, d.body AS decision, t.id, t.idempotency_key, t.at, t.currency,
       array(SELECT p.account FROM ledger_posting p WHERE p.transaction_id = t.id ORDER BY p.line) AS accounts,
       array(SELECT p.amount FROM ledger_posting p WHERE p.transaction_id = t.id ORDER BY p.line) AS amounts
FROM decision d
LEFT JOIN ledger_transaction t ON t.decision_id = d.id AND t.kind = 'hold' AND NOT EXISTS (
    SELECT FROM ledger_transaction r WHERE r.decision_id = d.id AND r.kind = 'release'
)
WHERE ($2::text IS NULL AND d.at < $1 OR d.server = $2)
  AND NOT EXISTS (SELECT FROM outcome o WHERE o.decision_id = d.id)
ORDER BY d.at, d.id
"""
# Each answer, and each other call that took tokens: an answer that broke, the embedding of a question for the cache.
_UNDER_WAY = "SELECT body FROM call_under_way WHERE decision_id = $1"
_USAGE = r"""
WITH used AS (
    SELECT o.decision_id, o.at, o.status, o.model, o.currency, o.priced, '' AS part,
           o.uncached + o.cache_read + o.cache_write AS input, o.cache_read AS cached, o.output
    FROM outcome o WHERE o.at >= $1
    UNION ALL
    SELECT o.decision_id, o.at, NULL, call->>'model', coalesce(call#>>'{{charge,currency}}', o.currency),
           coalesce((call#>>'{{charge,priced}}')::boolean, true), ':attempt-' || place,
           (usage->>'uncached')::bigint + (usage->>'cache_read')::bigint + (usage->>'cache_write')::bigint,
           (usage->>'cache_read')::bigint, (usage->>'output')::bigint
    FROM outcome o,
         jsonb_array_elements(o.body->'attempts' || coalesce(o.body#>'{{cache,embedding}}', '[]'))
             WITH ORDINALITY AS calls (call, place),
         LATERAL (SELECT call->'usage') AS whole (usage)
    WHERE o.at >= $1 AND jsonb_typeof(usage) = 'object'
)
SELECT {group} AS name, u.currency, count(u.status) AS requests,
       count(*) FILTER (WHERE u.status NOT IN ('answered', 'left')) AS failed,
       sum(u.input)::bigint AS input, sum(u.cached)::bigint AS cached, sum(u.output)::bigint AS output,
       coalesce(sum(settled.amount), 0) AS amount, count(DISTINCT u.decision_id) FILTER (WHERE NOT u.priced) AS unpriced
FROM used u
JOIN decision d ON d.id = u.decision_id
LEFT JOIN LATERAL (
    SELECT sum(p.amount) AS amount
    FROM ledger_transaction t JOIN ledger_posting p ON p.transaction_id = t.id
    WHERE t.idempotency_key = 'settle:' || d.id || u.part AND t.currency = u.currency
      AND p.account = 'key:' || d.key_id || ':spend'
) settled ON true
WHERE $2::text IS NULL OR d.tenant = $2
GROUP BY 1, 2 ORDER BY 1, 2
"""
_GROUPS = {
    "day": "to_char(u.at AT TIME ZONE 'UTC', 'YYYY-MM-DD')",
    "model": "coalesce(u.model, d.chosen, d.requested_model)",
    "key": "d.key_id",
}
_SPENT = "SELECT coalesce(sum(amount), 0) FROM ledger_posting WHERE account = $1 AND at >= $2"
_OF_SERVER = """
  AND transaction_id IN (SELECT t.id FROM ledger_transaction t JOIN decision d ON d.id = t.decision_id WHERE d.server = $3)
"""
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
  AND ($5::text IS NULL OR d.server = $5)
"""
_BALANCE = """
SELECT t.currency, sum(p.amount) AS amount
FROM ledger_posting p JOIN ledger_transaction t ON t.id = p.transaction_id GROUP BY 1 ORDER BY 1
"""
# Under its hash, or as an earlier version kept it.
_KEPT = f"""
SELECT * FROM kept_answer WHERE key_id = $1 AND idempotency_key = ANY($2) AND expires_at > $3
AND NOT {made_from_gone("decision_id")} ORDER BY expires_at DESC LIMIT 1
"""  # noqa: S608 - constants


class PostgresRecords:
    """`ports.records.Records` on PostgreSQL. `started` is when this process did: what is older and open was left behind."""

    def __init__(self, database: Database, started: datetime, sealing: Sealing = UNSEALED) -> None:
        self._database = database
        self._started = started
        self._sealing = sealing

    async def decision(self, decision_id: str) -> tuple[Decision, Outcome | None] | None:
        """A decision and its outcome; raises `MissingPiece` where this version cannot read it."""
        rows = await self._rows(_ONE, to_text(decision_id))
        return recorded(rows[0]) if rows else None

    async def decisions(
        self, tenant: str, after: str | None, limit: int, left_out: list[str] | None = None
    ) -> list[tuple[Decision, Outcome | None]]:
        """Decisions of a tenant, newest first; nothing after a decision that is not the tenant's."""
        found: list[tuple[Decision, Outcome | None]] = []
        while (missing := limit - len(found)) > 0:
            start = () if after is None else (to_text(after),)
            rows = await self._rows(PAGE.format(after=AFTER if start else ""), to_text(tenant), missing, *start)
            found += readable(rows, left_out)
            if len(rows) < missing:
                break
            after = rows[-1]["id"]
        return found

    async def open_decisions(self, server: str | None = None) -> list[tuple[Decision, Transaction | None]]:
        """Decisions without outcome, with the hold that still stands: of one server, else all older than this process.

        One that another version wrote in a shape unknown here is left out, and open: it must not keep the rest from being
        closed, nor a server from starting.
        """
        found = []
        for row in await self._rows(_OPEN, self._started, server):
            try:
                found.append((_decision.decode(row["decision"]), _hold(row)))
            except msgspec.DecodeError as error:
                _log.warning("decision %s stays open, since it cannot be read: %s", row["decision_id"], error)
        return found

    async def under_way(self, decision_id: str) -> UnderWay | None:
        """What was noted of a request; None where nothing was, or another version did, in a shape unknown here."""
        rows = await self._rows(_UNDER_WAY, decision_id)
        try:
            return _under_way.decode(rows[0]["body"]) if rows else None
        except msgspec.DecodeError as error:
            _log.warning("what decision %s owes already cannot be read: %s", decision_id, error)
            return None

    async def usage(self, by: Literal["day", "model", "key"], since: date, tenant: str | None) -> list[UsageRow]:
        """Sums per group and currency since a day (UTC), of answers and of all other calls that were made for them.

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

    async def spent(self, key_id: str, since: datetime, server: str | None = None) -> Decimal:
        """Money settled for a key since a moment; of it what one server has decided."""
        query, of = (_SPENT, ()) if server is None else (_SPENT + _OF_SERVER, (server,))
        async with self._database.reading() as connection:
            return Decimal(await connection.fetchval(query, f"key:{key_id}:spend", since, *of))

    async def spent_by(
        self,
        since: datetime,
        *,
        tenant: str | None = None,
        user: str | None = None,
        model: str | None = None,
        server: str | None = None,
    ) -> Decimal:
        """Money settled since a moment for a tenant, one of its users, or a model; of it what one server has decided."""
        names = (None if name is None else to_text(name) for name in (tenant, user, model, server))
        async with self._database.reading() as connection:
            return Decimal(await connection.fetchval(_SPENT_BY, since, *names))

    async def balance(self) -> dict[str, Decimal]:
        """The sum of all postings per currency."""
        return {row["currency"]: row["amount"] for row in await self._rows(_BALANCE)}

    async def kept_answer(self, key_id: str, idempotency_key: str, now: datetime) -> KeptAnswer | None:
        """The kept answer for a client's Idempotency-Key, if it has not expired at `now`."""
        rows = await self._rows(_KEPT, key_id, [kept_under(idempotency_key), to_text(idempotency_key)], now)
        if not rows:
            return None
        found = dict(rows[0])
        sealed = Sealed(found.pop("subject"), found["payload"])
        payload = await self._sealing.open(sealed, kept_context(key_id, idempotency_key))
        return None if payload is None else KeptAnswer(**{**found, "idempotency_key": idempotency_key, "payload": payload})

    async def _rows(self, query: str, *arguments: Any) -> list[Any]:
        async with self._database.reading() as connection:
            return list(await connection.fetch(query, *arguments))


def _hold(row: Any) -> Transaction | None:
    if row["id"] is None:
        return None
    decision = _decision.decode(row["decision"])
    postings = tuple(Posting(account, amount) for account, amount in zip(row["accounts"], row["amounts"], strict=True))
    return Transaction(row["id"], "hold", decision.id, row["idempotency_key"], row["at"], row["currency"], postings)
