"""The ledger's entries for one decision: hold what it may cost, release it, settle what it did cost.

Every transaction sums to zero, and its id is its idempotency key, made from the decision's id: booking it twice books it
once. Amounts are positive decimals in the decision's or the charge's currency.
"""

from datetime import datetime
from decimal import Decimal
from typing import Literal

from kyozon.domain.decisions import Decision, Outcome
from kyozon.domain.usage import Charge, Posting, Transaction


def hold(decision: Decision, at: datetime) -> Transaction | None:
    """Reserve `decision.held` for its key; None where nothing is held."""
    return _move("hold", decision, at, _reservation(decision, decision.held))


def release(decision: Decision, at: datetime) -> Transaction | None:
    """Give the whole reservation back: the exact reverse of `hold`."""
    return _move("release", decision, at, _reservation(decision, -decision.held))


def settle(decision: Decision, outcome: Outcome) -> Transaction | None:
    """Book what the answer cost, owed to the provider that gave it; None where it cost nothing.

    Raises:
        ValueError: the charge is negative.
    """
    charge = outcome.charge
    if charge.amount < 0:
        message = f"decision {decision.id}: a charge cannot be negative, {charge.amount} {charge.currency} is"
        raise ValueError(message)
    postings = _spending(decision, _provider(decision, outcome), charge)
    return _move("settle", decision, outcome.at, postings, charge.currency)


def settle_attempts(decision: Decision, outcome: Outcome) -> list[Transaction]:
    """Book what the other calls cost: answers that broke, the embedding for the cache; each is owed to its own provider."""
    found = []
    for place, attempt in enumerate(outcome.calls, start=1):
        if attempt.charge is not None:
            postings = _spending(decision, attempt.provider, attempt.charge)
            found.append(_move("settle", decision, outcome.at, postings, attempt.charge.currency, f":attempt-{place}"))
    return [transaction for transaction in found if transaction is not None]


def _spending(decision: Decision, provider: str, charge: Charge) -> tuple[Posting, ...]:
    return (
        Posting(f"key:{decision.key_id}:spend", charge.amount),
        Posting(f"provider:{provider}:payable", -charge.amount),
    )


def _reservation(decision: Decision, amount: Decimal) -> tuple[Posting, ...]:
    return (
        Posting(f"key:{decision.key_id}:held", amount),
        Posting(f"tenant:{decision.tenant}:uncommitted", -amount),
    )


def _move(
    kind: Literal["hold", "release", "settle"],
    decision: Decision,
    at: datetime,
    postings: tuple[Posting, ...],
    currency: str | None = None,
    part: str = "",
) -> Transaction | None:
    if not postings[0].amount:
        return None
    key = f"{kind}:{decision.id}{part}"
    return Transaction(key, kind, decision.id, key, at, currency or decision.currency, postings)


def _provider(decision: Decision, outcome: Outcome) -> str:
    """Who served the model; in records of an earlier version as the attempts say, else as the candidates do."""
    if outcome.provider is not None:
        return outcome.provider
    model = outcome.model or decision.chosen
    served = [attempt.provider for attempt in reversed(outcome.attempts) if attempt.model == model]
    listed = [candidate.provider for candidate in decision.candidates if candidate.model == model]
    return next(iter(served + listed), "unknown")
