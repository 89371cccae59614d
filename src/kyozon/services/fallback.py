"""Calls the permitted candidates in order until one answers; where none does, the request is settled here."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from kyozon.domain.decisions import Attempt, Decision
from kyozon.domain.errors import KyozonError, Refusal, RejectedUpstream, StreamBroken, UpstreamFailed, WorldFailure
from kyozon.domain.models import ModelCard
from kyozon.domain.usage import Usage
from kyozon.services.deciding import MAX_ATTEMPTS, Decided
from kyozon.services.settling import Ending, Settler, charge_for

T = TypeVar("T")


async def first_answer(
    decided: Decided, ending: Ending, settler: Settler, send: Callable[[ModelCard], Awaitable[T]], tries: int = MAX_ATTEMPTS
) -> T:
    """What `send` brings back from the first candidate that answers; `ending.card` is then that candidate.

    Raises:
        KyozonError: of the last candidate tried. A request that a provider rejects as wrong goes to no other one. Whatever
            is raised, also when the caller leaves, is settled before.
    """
    try:
        return await _first(decided, tries, ending, send)
    except asyncio.CancelledError:
        ending.status, ending.error = "left", "caller_left"
        await settler.close(decided, ending)
        raise
    except Exception as failure:
        if isinstance(failure, Refusal):
            failure.decision_id = decided.decision.id
        ending.card = None
        ending.status, ending.error = "failed", code_of(failure)
        await settler.close(decided, ending)
        raise


def code_of(failure: Exception) -> str:
    """What the record calls a failure."""
    return failure.code if isinstance(failure, KyozonError) else KyozonError.code


async def _first(decided: Decided, tries: int, ending: Ending, send: Callable[[ModelCard], Awaitable[T]]) -> T:
    cards = decided.order[:tries]
    last = len(cards) - 1
    for place, card in enumerate(cards):
        ending.card = card
        try:
            found = await send(card)
        except (WorldFailure, RejectedUpstream) as failure:
            ending.attempts.append(_failed(decided.decision, card, failure))
            if place == last or isinstance(failure, RejectedUpstream):
                raise
        else:
            ending.attempts.append(Attempt(card.id, card.provider))
            return found
    raise AssertionError("a decision ranks at least one card")


def _failed(decision: Decision, card: ModelCard, failure: WorldFailure | RejectedUpstream) -> Attempt:
    """A provider that began to answer has read the request, and will have it paid."""
    status = failure.status if isinstance(failure, UpstreamFailed | RejectedUpstream) else None
    if not isinstance(failure, StreamBroken) or decision.kind == "count":
        return Attempt(card.id, card.provider, failure.code, status)
    usage = Usage(uncached=decision.input_tokens_estimated, estimated=True)
    return Attempt(card.id, card.provider, failure.code, status, usage, charge_for(decision, card, usage))
