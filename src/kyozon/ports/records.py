"""What must be remembered: decisions, outcomes, the ledger, keys, answers kept for a repeated request."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal, Protocol

from msgspec import Struct

from kyozon.domain.callers import ApiKey
from kyozon.domain.decisions import Decision, Outcome, UnderWay
from kyozon.domain.usage import Transaction


class KeptAnswer(Struct, frozen=True):
    """An answer already paid for, kept so that repeating its request costs nothing."""

    key_id: str
    idempotency_key: str
    body_sha256: str
    decision_id: str
    content_type: str
    payload: bytes
    expires_at: datetime


class UsageRow(Struct, frozen=True):
    """Sums of the ledger over one group (a day, a model or a key)."""

    group: str
    requests: int
    failed: int
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    amount: Decimal
    currency: str
    unpriced_requests: int


class Writing(Awaitable[None], Protocol):
    """A record on its way: a future, done when the record is durable, or failed with `StorageUnavailable`.

    Cancelling it stops nothing but the waiting.
    """

    def add_done_callback(self, told: Callable[[Any], object], /) -> None:
        """Call `told` when it is done."""
        ...


class Journal(Protocol):
    """The append-only record. What a call is given is on its way when it returns, in the order of the calls."""

    def open(self, decision: Decision, hold: Transaction | None) -> Writing:
        """Record a decision, and the money held for it, before any byte leaves."""
        ...

    def note(self, under_way: UnderWay) -> Writing:
        """Record how far a request has come; what was noted of it before is forgotten, and all of it with the outcome."""
        ...

    def close(self, outcome: Outcome, transactions: Sequence[Transaction], kept: KeptAnswer | None = None) -> Writing:
        """Record how a decision ended. A transaction whose idempotency key exists already changes nothing."""
        ...


class Records(Protocol):
    """Reading what was recorded."""

    async def decision(self, decision_id: str) -> tuple[Decision, Outcome | None] | None:
        """A decision and its outcome, None where there is no such decision.

        Raises `MissingPiece` where this version cannot read it.
        """
        ...

    async def decisions(
        self, tenant: str, after: str | None, limit: int, left_out: list[str] | None = None
    ) -> list[tuple[Decision, Outcome | None]]:
        """Decisions of a tenant, newest first, after the one with id `after`.

        The ids of those that this version cannot read are added to `left_out`.
        """
        ...

    async def open_decisions(self, server: str | None = None) -> list[tuple[Decision, Transaction | None]]:
        """Decisions without outcome, with the hold that still stands: of one server, else all older than this process."""
        ...

    async def under_way(self, decision_id: str) -> UnderWay | None:
        """What was noted of a request without outcome; None where nothing was."""
        ...

    async def usage(self, by: Literal["day", "model", "key"], since: date, tenant: str | None) -> list[UsageRow]:
        """Sums per group since a day (UTC), from outcomes and settled transactions."""
        ...

    async def balance(self) -> dict[str, Decimal]:
        """The sum of all postings per currency: zero, or the ledger is broken."""
        ...

    async def kept_answer(self, key_id: str, idempotency_key: str, now: datetime) -> KeptAnswer | None:
        """The kept answer for a client's Idempotency-Key, if it has not expired."""
        ...


class KeyStore(Protocol):
    """API keys at rest."""

    async def add(self, key: ApiKey) -> None:
        """Store a new key (its hash; the secret never comes here)."""
        ...

    async def revoke(self, key_id: str, at: datetime) -> bool:
        """Revoke; False where no such key is active."""
        ...

    async def by_sha256(self, sha256: str) -> ApiKey | None:
        """The key with that hash, revoked or not."""
        ...

    async def all(self, tenant: str | None = None) -> list[ApiKey]:
        """All keys, oldest first."""
        ...
