"""An answer whose stream breaks after its first words goes on at another candidate, which is given what was said.

The caller sees one stream: one head, one role, one end, and a usage that sums up both. The record sees two calls, each
settled for itself. It happens once in a request: an answer of three models would be no answer.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from decimal import Decimal

from msgspec import Struct, structs

from kyozon.domain.callers import ApiKey
from kyozon.domain.decisions import Attempt, Decision
from kyozon.domain.errors import NOT_SENT, KyozonError, UpstreamFailed, WorldFailure
from kyozon.domain.models import ModelCard
from kyozon.domain.requests import ChatRequest, Json
from kyozon.domain.usage import Usage
from kyozon.metering.estimate import chat_tokens
from kyozon.metering.pricing import affordable, price_at
from kyozon.ports.provider import ChatCall, Piece
from kyozon.ports.rendering import Resume
from kyozon.services.admission import Admission
from kyozon.services.deciding import MAX_ATTEMPTS, Decided, output_ceiling
from kyozon.services.egress import Egress
from kyozon.services.fallback import Attempts, spent
from kyozon.services.masking import Masking
from kyozon.services.pieces import close_pieces
from kyozon.services.seam import Seam
from kyozon.services.sending import sending_anew
from kyozon.services.settling import Ending, charge_for, usage_of
from kyozon.services.streaming import KEPT_STREAM_BYTES, Begun, until_first_words
from kyozon.services.unfinished import go_on_from, limited, may_go_on, so_far
from kyozon.services.world import World


class Broken(Struct, frozen=True):
    """An answer whose stream broke: whose it is, what was asked, the events passed on, and why it broke."""

    begun: Begun
    key: ApiKey
    chat: Json
    passed: tuple[bytes, ...]
    failure: WorldFailure


class Rest(Struct, frozen=True):
    """An answer that goes on: the first pieces of its rest, those still to come, and how they join what was passed on."""

    first: tuple[Piece, ...]
    pieces: AsyncIterator[Piece]
    seam: Seam


class Continuing:
    """Finds who goes on. `resume` says the rest in Anthropic's dialect where the answer has begun in it."""

    def __init__(
        self,
        attempts: Attempts,
        egress: Egress,
        admission: Admission,
        world: World,
        resume: Resume,
        masking: Masking,
    ) -> None:
        self._attempts = attempts
        self._masking = masking
        self._egress = egress
        self._admission = admission
        self._resume = resume
        self._world = world

    def over(self, begun: Begun, key: ApiKey, request: ChatRequest) -> Begun:
        """`begun` with a rest that goes on elsewhere when it breaks; as it is where the request does not allow that."""
        if len(begun.decided.order[:MAX_ATTEMPTS]) < 2 or not may_go_on(request.chat):  # noqa: PLR2004 - nobody else
            return begun

        async def go_on(passed: tuple[bytes, ...], failure: WorldFailure) -> Rest:
            return await self._go_on(Broken(begun, key, request.chat, passed, failure))

        return structs.replace(begun, rest=ContinuedStream(begun, go_on, self._world))

    async def _go_on(self, broken: Broken) -> Rest:
        """The rest of a broken answer, by the first candidate that gives one; raises its failure where none does."""
        begun, ending = broken.begun, broken.begun.ending
        found = so_far(broken.passed, begun.dialect)
        if found is None or ending.card is None or not broken.failure.retryable:
            raise broken.failure
        used = usage_of(begun.decided.decision, ending)
        attempt = _broken_off(begun.decided.decision, ending.card, used, broken.failure)
        asked = go_on_from(broken.chat, found.text)
        room = _Room(begun.decided, chat_tokens(asked) - chat_tokens(broken.chat), used.output)
        others = room.others(ending, attempt)
        if not others:
            raise broken.failure
        await close_pieces(begun.rest)
        _set_down(ending, attempt, room.more, broken.failure)

        async def send(card: ModelCard) -> tuple[tuple[Piece, ...], AsyncIterator[Piece]]:
            chat = limited(asked, room.ceiling(card, spent(ending)))
            decision = begun.decided.decision
            call = ChatCall(card, ChatRequest("openai", chat, chat))
            sent = await sending_anew(self._masking, begun.decided, broken.key, call)
            answer = sent.streamed(self._egress.stream(sent.call, sent.label, decision), "openai")
            pieces = await ending.turn(self._admission.stream(broken.key, card, answer))
            return await until_first_words(card, pieces), pieces

        try:
            first, pieces = await self._attempts.another_answer(room.decided_among(others), ending, send, broken.failure)
        except KyozonError:
            ending.card = None
            raise broken.failure from None  # that of the one who spoke; the others' stand in the record
        rendering = self._resume(found.block, found.open_block) if begun.dialect == "anthropic" else None
        return Rest(first, pieces, Seam(found, used, rendering))


class ContinuedStream:
    """The pieces of an answer, from one model or, where its stream breaks, from two."""

    def __init__(
        self, begun: Begun, go_on: Callable[[tuple[bytes, ...], WorldFailure], Awaitable[Rest]], world: World
    ) -> None:
        self._begun = begun
        self._source = begun.rest
        self._go_on = go_on
        self._world = world
        self._pieces = self._run()

    def __aiter__(self) -> AsyncIterator[Piece]:
        return self._pieces

    async def __anext__(self) -> Piece:
        return await anext(self._pieces)

    async def aclose(self) -> None:
        """Close whichever stream runs."""
        await self._pieces.aclose()
        await close_pieces(self._source)  # a generator that has not begun would not do it

    async def _run(self) -> AsyncGenerator[Piece, None]:
        passed = [piece.payload for piece in self._begun.first]
        size = sum(map(len, passed))
        try:
            async for piece in self._source:
                size += len(piece.payload)
                if size <= KEPT_STREAM_BYTES:
                    passed.append(piece.payload)
                yield piece
        except WorldFailure as failure:
            if size > KEPT_STREAM_BYTES:
                raise
            rest = await self._go_on(tuple(passed), failure)
        else:
            return
        self._source = rest.pieces
        for joined in self._joined(rest.seam, rest.first):
            yield joined
        async for piece in rest.pieces:
            for joined in self._joined(rest.seam, (piece,)):
                yield joined
        for joined in rest.seam.end():
            yield joined

    def _joined(self, seam: Seam, pieces: tuple[Piece, ...]) -> list[Piece]:
        """The pieces as the caller sees them. What they say is counted here, before anything is left out or summed up."""
        for piece in pieces:
            self._begun.ending.took(piece, self._world.seconds())
        return [joined for piece in pieces for joined in seam.join(piece)]


class _Room(Struct, frozen=True):
    """What a reservation has left for the rest of an answer, which takes `more` input tokens and has `said` so many."""

    decided: Decided
    more: int
    said: int

    def ceiling(self, card: ModelCard, spent: Decimal) -> int | None:
        """Output tokens `card` may still give: what was reserved without what was said, and no more than money is held for.

        None where there is no ceiling at all. Below 1 there is no room.
        """
        needs, decision = self.decided.needs, self.decided.decision
        found: list[int | None] = []
        if needs.bounded:
            found.append(needs.output_tokens - self.said)
        elif self.decided.capped:
            found.append(output_ceiling(card, needs.input_tokens) - self.said)
        if self.decided.reservation.budgeted:
            price = price_at(card.prices, decision.at.date(), needs.input_tokens + self.more)
            found.append(affordable(decision.held - spent, needs.input_tokens + self.more, price))
        return min((ceiling for ceiling in found if ceiling is not None), default=None)

    def others(self, ending: Ending, broken: Attempt) -> tuple[ModelCard, ...]:
        """The candidates in their order that have not failed and have room, once the `broken` attempt is paid."""
        failed = {(attempt.provider, attempt.model) for attempt in ending.attempts if attempt.error not in NOT_SENT}
        paid = spent(ending) + (broken.charge.amount if broken.charge is not None else 0)
        left = [card for card in self.decided.order[:MAX_ATTEMPTS] if card.place not in failed]
        ceilings = [(card, self.ceiling(card, paid)) for card in left]
        return tuple(card for card, ceiling in ceilings if ceiling is None or ceiling > 0)

    def decided_among(self, cards: tuple[ModelCard, ...]) -> Decided:
        """The decision as it stands for the rest: these candidates, and at least one token of output."""
        tokens = self.decided.needs.input_tokens + self.more
        needs = structs.replace(self.decided.needs, input_tokens=tokens, output_tokens=1, bounded=True)
        return structs.replace(self.decided, order=cards, needs=needs)


def _broken_off(decision: Decision, card: ModelCard, used: Usage, failure: WorldFailure) -> Attempt:
    status = failure.status if isinstance(failure, UpstreamFailed) else None
    return Attempt(card.id, card.provider, failure.code, status, used, charge_for(decision, card, used))


def _set_down(ending: Ending, attempt: Attempt, more: int, failure: WorldFailure) -> None:
    """The broken answer becomes an attempt, paid for itself; from here on the ending is that of whoever goes on."""
    ending.attempts[-1] = attempt
    ending.card, ending.usage, ending.text_tokens, ending.more_input = None, None, 0, more
    call, ending.call = ending.call, None
    if call is not None:
        call.failed(failure.retry_after)
        call.end()
