"""Tokens used and money charged: the ledger's values."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from msgspec import Struct


class Usage(Struct, frozen=True):
    """Tokens of one answer, normalised once: input = uncached + cache_read + cache_write, for every provider.

    `reasoning` is the part of `output` spent on reasoning, `cache_write_hour` the part of `cache_write` that is kept for an
    hour and not for minutes. `estimated` marks counts that no model reported. `searches` are those that a reranking counts
    as where its provider bills searches.
    """

    uncached: int = 0
    cache_read: int = 0
    cache_write: int = 0
    output: int = 0
    reasoning: int = 0
    estimated: bool = False
    cache_write_hour: int = 0
    searches: int = 0

    @property
    def input(self) -> int:
        """All tokens the model read."""
        return self.uncached + self.cache_read + self.cache_write

    def __add__(self, other: "Usage") -> "Usage":
        """Both together; an estimate where either is."""
        return Usage(
            self.uncached + other.uncached,
            self.cache_read + other.cache_read,
            self.cache_write + other.cache_write,
            self.output + other.output,
            self.reasoning + other.reasoning,
            self.estimated or other.estimated,
            self.cache_write_hour + other.cache_write_hour,
            self.searches + other.searches,
        )


class Charge(Struct, frozen=True):
    """Money for a usage. `priced` is False where no price is known: the amount is then zero and says nothing."""

    amount: Decimal
    currency: str = "USD"
    price_from: date | None = None
    priced: bool = True


def together(charges: Sequence[Charge]) -> Charge:
    """All of at least one, in the currency of the first that is not nothing.

    `priced` only where every price is known and all are in that currency; the amount is then the sum, else the sum of
    what is known.
    """
    costly = [one for one in charges if one.amount]
    currency = (costly or charges)[0].currency
    priced = all(one.priced for one in charges) and all(one.currency == currency for one in costly)
    return Charge(sum((one.amount for one in costly), Decimal(0)), currency, priced=priced)


class Posting(Struct, frozen=True):
    """One side of a transaction: positive adds to the account, negative takes from it."""

    account: str
    amount: Decimal


class Transaction(Struct, frozen=True):
    """A balanced set of postings: they sum to zero. `idempotency_key` is unique for ever."""

    id: str
    kind: Literal["hold", "release", "settle"]
    decision_id: str
    idempotency_key: str
    at: datetime
    currency: str
    postings: tuple[Posting, ...]
