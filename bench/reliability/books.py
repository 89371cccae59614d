"""What Kyozon's database holds at the end, read with plain SQL: none of Kyozon's own reading code is trusted here."""

import asyncio
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
from msgspec import Struct

from kyozon.storage.embedded import EmbeddedPostgres

_DECISIONS = """
SELECT d.id, extract(epoch FROM d.at)::float8 AS at, d.key_id, d.tenant, d.body->>'user' AS "user", d.chosen,
       d.body->>'body_sha256' AS body_sha256, (d.body->>'input_tokens_estimated')::bigint AS estimated,
       (d.body->>'output_tokens_limit')::bigint AS ceiling, (d.body->>'held')::numeric AS held,
       array(SELECT jsonb_array_elements_text(
           jsonb_path_query_array(d.body->'candidates', '$[*] ? (@.rank <= 3).model'))) AS tried,
       o.status, extract(epoch FROM o.at)::float8 AS ended, o.model, o.uncached, o.cache_read, o.cache_write, o.output,
       o.amount, o.body#>>'{error}' AS error, coalesce(o.body->'attempts', '[]')::text AS attempts
FROM decision d LEFT JOIN outcome o ON o.decision_id = d.id ORDER BY d.at, d.id
"""
_TRANSACTIONS = """
SELECT t.id, t.kind, t.decision_id, t.currency, sum(p.amount) AS total, max(p.amount) AS amount,
       string_agg(p.account, ' ' ORDER BY p.account) AS accounts
FROM ledger_transaction t LEFT JOIN ledger_posting p ON p.transaction_id = t.id
GROUP BY t.id
"""
_HELD = """
SELECT account, sum(amount) AS amount FROM ledger_posting WHERE account LIKE '%:held' GROUP BY account
HAVING sum(amount) <> 0
"""
_BALANCE = """
SELECT t.currency, sum(p.amount) AS amount FROM ledger_posting p JOIN ledger_transaction t ON t.id = p.transaction_id
GROUP BY t.currency
"""


class Tokens(Struct, frozen=True):
    """Tokens of one answer."""

    uncached: int = 0
    cache_read: int = 0
    cache_write: int = 0
    output: int = 0

    @property
    def input(self) -> int:
        """All that was read."""
        return self.uncached + self.cache_read + self.cache_write

    @property
    def all(self) -> int:
        """Input and output."""
        return self.input + self.output


class Price(Struct, frozen=True):
    """What an attempt was charged."""

    amount: Decimal


class Tried(Struct, frozen=True):
    """One attempt as the outcome names it."""

    model: str
    provider: str
    error: str | None = None
    usage: Tokens | None = None
    charge: Price | None = None


class Booked(Struct, frozen=True):
    """One decision with its outcome. Times are seconds since 1970; `tried` are the models that could be called."""

    id: str
    at: float
    key_id: str
    tenant: str
    user: str
    chosen: str | None
    body_sha256: str
    estimated: int
    ceiling: int
    held: Decimal
    tried: tuple[str, ...] = ()
    status: str | None = None
    ended: float | None = None
    model: str | None = None
    used: Tokens = Tokens()
    amount: Decimal = Decimal(0)
    error: str | None = None
    attempts: tuple[Tried, ...] = ()


class Entry(Struct, frozen=True):
    """One transaction of the ledger: the sum of its postings, the amount moved, the accounts."""

    id: str
    kind: str
    decision_id: str
    currency: str
    total: Decimal
    amount: Decimal
    accounts: str = ""


class Books(Struct, frozen=True):
    """All of it. `held` are the accounts on which a reservation is left."""

    decisions: tuple[Booked, ...]
    entries: tuple[Entry, ...]
    balance: dict[str, Decimal]
    held: dict[str, Decimal]


_attempts = msgspec.json.Decoder(tuple[Tried, ...])


async def read_books(data_dir: Path) -> Books:
    """Start the database of an installation that has ended, read, and stop it."""
    server = EmbeddedPostgres(data_dir / "postgres")
    dsn = await asyncio.to_thread(server.start)
    try:
        connection = await asyncpg.connect(dsn)
        try:
            return Books(
                decisions=tuple(_booked(await connection.fetch(_DECISIONS))),
                entries=tuple(Entry(**row) for row in await connection.fetch(_TRANSACTIONS)),
                balance={row["currency"]: row["amount"] for row in await connection.fetch(_BALANCE)},
                held={row["account"]: row["amount"] for row in await connection.fetch(_HELD)},
            )
        finally:
            await connection.close()
    finally:
        await asyncio.to_thread(server.stop)


def _booked(rows: list[Any]) -> Iterator[Booked]:
    for row in rows:
        found = dict(row)
        counts = {name: found.pop(name) or 0 for name in Tokens.__struct_fields__}
        attempts = _attempts.decode(found.pop("attempts"))
        tried = tuple(found.pop("tried"))
        amount = found.pop("amount") or Decimal(0)
        yield Booked(**found, used=Tokens(**counts), amount=amount, tried=tried, attempts=attempts)
