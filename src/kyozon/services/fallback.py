"""Calls the permitted candidates until one answers, the same one again where that may help; else settles the request."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import TypeVar

from kyozon.domain.decisions import Attempt, Decision
from kyozon.domain.errors import (
    NOT_SENT,
    Busy,
    CircuitOpen,
    KyozonError,
    NotPermitted,
    Refusal,
    RejectedUpstream,
    StreamBroken,
    UpstreamFailed,
    UpstreamUnreachable,
    WorldFailure,
)
from kyozon.domain.language import Text
from kyozon.domain.models import AUTO, ModelCard
from kyozon.domain.usage import Usage
from kyozon.routing.retrying import Budget, Failed, Retrying, deposit, pause, withdraw
from kyozon.services.deciding import MAX_ATTEMPTS, Decided, cost_at_most
from kyozon.services.health import Health
from kyozon.services.settling import Ending, Settler, charge_for, searched
from kyozon.services.world import World

_log = logging.getLogger(__name__)
_NOT_FOUND = 404
T = TypeVar("T")
Send = Callable[[ModelCard], Awaitable[T]]


class Attempts:
    """The calls of one process to its candidates, and what retries each provider may still be asked for."""

    def __init__(self, settler: Settler, world: World, policy: Retrying, health: Health) -> None:
        self._settler = settler
        self._world = world
        self._policy = policy
        self._health = health
        self._budgets: dict[str, Budget] = {}

    async def first_answer(self, decided: Decided, ending: Ending, send: Send[T], tries: int = MAX_ATTEMPTS) -> T:
        """What `send` brings back from the first candidate that answers; `ending.card` is then that candidate.

        Raises:
            KyozonError: of the last candidate tried. A request that a provider rejects as wrong goes to no other one.
                Whatever is raised, also when the caller leaves, is settled before.
        """
        try:
            return await self._first(decided, ending, send, tries)
        except asyncio.CancelledError:
            ending.status, ending.error = "left", "caller_left"
            await self._settler.close(decided, ending)
            raise
        except Exception as failure:
            ending.card = None
            unsent = isinstance(failure, Refusal | Busy | CircuitOpen)
            unsent = unsent and all(attempt.error in NOT_SENT for attempt in ending.attempts)
            ending.status, ending.error = "refused" if unsent else "failed", code_of(failure)
            await self._settler.close(decided, ending)
            raise

    async def another_answer(self, decided: Decided, ending: Ending, send: Send[T], failure: WorldFailure) -> T:
        """What `send` brings back from the first candidate of `decided` that answers after such a `failure` of another.

        Raises:
            KyozonError: none does. Nothing is settled.
        """
        return await self._first(decided, ending, send, len(decided.order), failure)

    async def further_answer(self, decided: Decided, ending: Ending, send: Send[T], card: ModelCard) -> T | None:
        """What `send` brings back from `card` beside an answer that is there already; None where it gives none.

        It is not asked while it rests, and not where what is held would not cover it. Nothing is settled. Where it gives
        none, `ending` stands at nobody: no call is under way that could be paid.
        """
        if self._health.state(card) == "open" or self._seconds_left(decided) <= 0 or not _affords(decided, ending, card):
            return None
        try:
            return await self._patiently(decided, ending, send, card, elsewhere=True)
        except Exception as failure:  # noqa: BLE001 - whatever is wrong, there is an answer to deliver
            if not isinstance(failure, KyozonError):
                _log.error("%s could not be asked beside another model (%s)", card.address, type(failure).__name__)
            ending.card, ending.waiting = None, False
            return None

    async def _first(
        self,
        decided: Decided,
        ending: Ending,
        send: Send[T],
        tries: int,
        failure: WorldFailure | RejectedUpstream | None = None,
    ) -> T:
        cards = decided.order[:tries]
        for place, card in enumerate(cards):
            if failure is not None and self._seconds_left(decided) <= 0:
                break
            if not _affords(decided, ending, card):
                continue
            if self._health.state(card) != "open":
                self._budgets[card.provider] = deposit(self._budget(card), self._policy)
            try:
                return await self._patiently(decided, ending, send, card, elsewhere=place < len(cards) - 1)
            except RejectedUpstream as rejected:
                if not _retired(decided, rejected):
                    raise
                failure = failure or rejected
            except WorldFailure as failed:
                if failure is None or not isinstance(failed, CircuitOpen):  # what went wrong tells more than that it rests
                    failure = failed
        if failure is None:
            raise AssertionError("a decision ranks at least one card")
        raise failure

    async def _patiently(self, decided: Decided, ending: Ending, send: Send[T], card: ModelCard, *, elsewhere: bool) -> T:
        """Call `card` until it answers, or its failure is not worth another call; what is owed is recorded before."""
        while True:
            ending.card = None  # nothing is under way meanwhile
            await self._settler.note(decided, ending, card)
            ending.card = card
            try:
                found = await self._call(decided, ending, send, card)
            except (WorldFailure, RejectedUpstream) as failure:
                ending.attempts.append(_failed(decided.decision, ending, card, failure))
                wait = self._pause(decided, ending, failure, elsewhere=elsewhere)
                if wait is None:
                    raise
                ending.card = None
                await self._world.sleep(wait)
            else:
                ending.attempts.append(Attempt(card.id, card.provider))
                return found

    async def _call(self, decided: Decided, ending: Ending, send: Send[T], card: ModelCard) -> T:
        """One call, of which the deployment's breaker hears how it went."""
        call = self._health.begin(card)
        try:
            found = await self._patient(decided, ending, send, card)
        except BaseException as stopped:
            if isinstance(stopped, RejectedUpstream):
                call.succeeded()
            elif isinstance(stopped, WorldFailure) and not isinstance(stopped, Busy):
                call.failed(stopped.retry_after)
            call.end()
            raise
        call.succeeded(streamed=decided.needs.streamed)
        ending.call = call  # a stream goes on: the settlement ends it
        return found

    async def _patient(self, decided: Decided, ending: Ending, send: Send[T], card: ModelCard) -> T:
        """What `send` brings back while it is waited for: who is too slow has failed, and record and breaker hear of it."""
        if decided.patience is None:
            return await send(card)
        try:
            async with asyncio.timeout(max(0.0, self._seconds_left(decided))):
                return await send(card)
        except TimeoutError as late:
            raise _late(ending, card, decided.patience) from late

    def _pause(
        self, decided: Decided, ending: Ending, failure: WorldFailure | RejectedUpstream, *, elsewhere: bool
    ) -> float | None:
        """How long to wait for another call to the same candidate, paid for by its provider's budget; None for no call."""
        card = ending.card
        if card is None or isinstance(failure, RejectedUpstream | Busy | CircuitOpen):
            return None
        if self._health.state(card) == "open" or not _affords(decided, ending, card):
            return None
        left = self._seconds_left(decided)
        failed = Failed(failure.retryable, failure.retry_after, ending.retries, left, elsewhere)
        wait = pause(failed, self._policy, self._world.chance())
        budget = None if wait is None else withdraw(self._budget(card))
        if budget is None:
            return None
        self._budgets[card.provider] = budget
        ending.retries += 1
        return wait

    def _budget(self, card: ModelCard) -> Budget:
        return self._budgets.get(card.provider, Budget())

    def _seconds_left(self, decided: Decided) -> float:
        total = self._policy.total if decided.patience is None else min(decided.patience, self._policy.total)
        return decided.began + total - self._world.seconds()


def code_of(failure: Exception) -> str:
    """What the record calls a failure; a refusal at the choke point by its rule, which stands at no candidate."""
    if isinstance(failure, NotPermitted) and len(failure.rules) == 1:
        return next(iter(failure.rules))
    return failure.code if isinstance(failure, KyozonError) else KyozonError.code


def _late(ending: Ending, card: ModelCard, seconds: float) -> WorldFailure:
    """The failure of a call that nobody waits for any more; while it waited for its turn nothing was sent."""
    if not ending.waiting:
        return UpstreamUnreachable(card.provider, f"no answer within {seconds:g} s")
    return Busy(
        Text(
            f"{card.provider} had no turn within {seconds:g} s: try again in a moment.",
            f"{card.provider} は {seconds:g} 秒以内に順番が回りませんでした。少し待って再度お試しください。",
        )
    )


def spent(ending: Ending) -> Decimal:
    """Money that the attempts of a request have cost so far."""
    return sum((attempt.charge.amount for attempt in ending.attempts if attempt.charge is not None), Decimal(0))


def _affords(decided: Decided, ending: Ending, card: ModelCard) -> bool:
    """Whether what is held covers a call to `card` besides what was called before; only limited money matters."""
    if not decided.reservation.budgeted or decided.decision.kind == "count":
        return True
    most = cost_at_most(card, decided.needs, decided.decision.at.date())
    return spent(ending) + (most or Decimal(0)) <= decided.decision.held


def _retired(decided: Decided, rejected: RejectedUpstream) -> bool:
    """A model that the provider no longer knows is our choice, not the caller's mistake, where he left the choice to us."""
    return rejected.status == _NOT_FOUND and decided.decision.requested_model == AUTO


def _failed(decision: Decision, ending: Ending, card: ModelCard, failure: WorldFailure | RejectedUpstream) -> Attempt:
    """A provider that began to answer has read the request, and will have it paid."""
    status = failure.status if isinstance(failure, UpstreamFailed | RejectedUpstream) else None
    if not isinstance(failure, StreamBroken) or decision.kind == "count":
        return Attempt(card.id, card.provider, failure.code, status)
    tokens, searches = decision.input_tokens_estimated + ending.more_input, searched(decision, card)
    usage = Usage(uncached=tokens, estimated=True, searches=searches)
    return Attempt(card.id, card.provider, failure.code, status, usage, charge_for(decision, card, usage))
