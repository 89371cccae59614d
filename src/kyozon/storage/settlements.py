"""Ended requests, each with the postings that were booked for it: what was really paid, by the ledger."""

from collections.abc import AsyncIterator
from typing import Any

import msgspec

from kyozon.domain.decisions import Outcome
from kyozon.domain.reports import Period
from kyozon.ports.reporting import Settled
from kyozon.storage.database import Database
from kyozon.storage.recorded import readable

_ROWS = 500
# The answer, attempts that broke and the embedding for the cache are a transaction each. What was pruned has empty bodies,
# and its postings still.
_SETTLED = """
SELECT o.decision_id AS id, o.at, d.key_id, o.currency, d.body AS decision, o.body AS outcome, source.body AS source,
       money.currencies, money.amounts
FROM outcome o
JOIN decision d ON d.id = o.decision_id
LEFT JOIN outcome source ON source.decision_id = o.body#>>'{cache,source}'
LEFT JOIN LATERAL (
    SELECT array_agg(booked.currency ORDER BY booked.currency) AS currencies,
           array_agg(booked.amount ORDER BY booked.currency) AS amounts
    FROM (
        SELECT t.currency, sum(p.amount) AS amount
        FROM ledger_transaction t JOIN ledger_posting p ON p.transaction_id = t.id
        WHERE t.decision_id = d.id AND t.kind = 'settle' AND p.account LIKE 'key:%:spend' GROUP BY 1
    ) booked
) money ON true
WHERE (o.at, o.decision_id) > ($1, $2) AND o.at >= $1 AND o.at < $3 AND ($4::text IS NULL OR d.tenant = $4)
ORDER BY o.at, o.decision_id LIMIT $5
"""
_outcome = msgspec.json.Decoder(Outcome)


class PostgresSettlements:
    """`ports.reporting.Settlements` on PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def over(self, period: Period) -> AsyncIterator[Settled]:
        """Every request that ended in the period, in the order of their ends."""
        place = period.since, ""
        while True:
            async with self._database.reading() as connection:
                rows = await connection.fetch(_SETTLED, *place, period.until, period.tenant, _ROWS)
            for row in rows:
                yield _settled(row)
            if len(rows) < _ROWS:
                return
            place = rows[-1]["at"], rows[-1]["id"]


def _settled(row: Any) -> Settled:
    pair = next(readable([row], None), None) if row["decision"] != "{}" else None
    decision, outcome = pair or (None, None)
    paid = dict(zip(row["currencies"] or (), row["amounts"] or (), strict=True))
    return Settled(row["at"], row["key_id"], row["currency"], paid, decision, outcome, _source(row["source"]))


def _source(body: str | None) -> Outcome | None:
    """How the request ended whose answer was given again; None, too, where that was pruned or cannot be read."""
    try:
        return None if body in (None, "{}") else _outcome.decode(body)
    except msgspec.DecodeError:
        return None
