"""One chat request from question to settled answer: the life of a request, steps 3 to 10.

label → permit → route → reserve → record   services.deciding
look for a kept answer                        services.cache
wait for a turn                               services.admission
call, the next candidate on a failure         services.fallback, through services.egress
settle                                        services.settling, for streams by services.streaming
"""

import asyncio
from collections.abc import AsyncIterator
from functools import partial

from msgspec import Struct, structs

from kyozon.domain.cache import CachedAnswer
from kyozon.domain.callers import Caller
from kyozon.domain.decisions import CacheUse
from kyozon.domain.labels import Label
from kyozon.domain.models import ModelCard
from kyozon.domain.requests import CacheWish, ChatRequest, Dialect
from kyozon.governance.needs import chat_needs
from kyozon.metering.estimate import chat_tokens
from kyozon.ports.provider import Answer, ChatCall, Piece
from kyozon.ports.records import KeptAnswer
from kyozon.services.admission import Admission
from kyozon.services.cache import AnswerCache, Place, Said
from kyozon.services.deciding import Decided, Decider, Question, output_ceiling
from kyozon.services.egress import Egress
from kyozon.services.fallback import Attempts, code_of
from kyozon.services.registry import Registry
from kyozon.services.replays import Repeat, Replays
from kyozon.services.settling import Ending, Settler
from kyozon.services.streaming import Begun, RunningStream, Streamed, again, replayed_stream, until_first_words
from kyozon.services.world import World


class Ask(Struct, frozen=True):
    """One chat request and who sends it."""

    caller: Caller
    request: ChatRequest
    declared: Label | None
    repeat: Repeat
    cache: CacheWish | None = None


class Answered(Struct, frozen=True):
    """A whole answer in `dialect`, settled."""

    decision_id: str
    model: str
    dialect: Dialect
    payload: bytes
    replayed: bool = False
    cache: CacheUse | None = None


class Steps(Struct, frozen=True):
    """How a request's life begins, goes on and ends, and what may shorten it."""

    decider: Decider
    settler: Settler
    attempts: Attempts
    cache: AnswerCache


class ChatService:
    """Answers chat requests."""

    def __init__(
        self, registry: Registry, steps: Steps, egress: Egress, admission: Admission, replays: Replays, world: World
    ) -> None:
        self._registry = registry
        self._decider = steps.decider
        self._settler = steps.settler
        self._attempts = steps.attempts
        self._cache = steps.cache
        self._egress = egress
        self._admission = admission
        self._replays = replays
        self._world = world

    async def answer(self, ask: Ask) -> Answered:
        """The whole answer.

        Raises:
            KyozonError: as `Decider.decide`, then as `ports.provider.ChatAdapter`; every ending is recorded.
        """
        kept = await self._replays.begin(ask.repeat)
        if kept is not None:
            return Answered(kept.decision_id, "", _dialect(kept), kept.payload, replayed=True)
        decided, ending = await self._decide(ask)
        place = await self._look(ask, decided, ending)
        if place is not None and place.found is not None:
            found = await self._give_again(ask, decided, ending, place.found)
            return Answered(decided.decision.id, found.partition.model, _dialect(found), found.payload, cache=ending.cache)

        async def send(card: ModelCard) -> tuple[Dialect, Answer]:
            with await ending.turn(self._admission.admit(ask.caller.key, card)):
                found = await self._egress.answer(_call(ask, decided, card), decided.decision.label)
            return self._egress.dialect_for(card, ask.request), found

        dialect, answer = await self._attempts.first_answer(decided, ending, send)
        ending.status, ending.usage, ending.finish = "answered", answer.usage, answer.finish
        ending.heard(answer.text, self._world.seconds())
        ending.passed_on(answer.payload, dialect)
        said = Said(f"answer/{dialect}", answer.payload, (answer.payload,))
        to_keep = self._replays.keep(ask.repeat, decided.decision.id, said.content_type, said.payload)
        outcome = await self._settler.close(decided, ending, to_keep)
        await self._cache.keep(place, ending.card, outcome, said)
        model = ending.card.id if ending.card else ""
        return Answered(decided.decision.id, model, dialect, answer.payload, cache=ending.cache)

    async def stream(self, ask: Ask) -> Streamed:
        """The streamed answer; returns once its first words are there, so that earlier failures can still be told apart.

        Raises:
            KyozonError: as `answer`. Later failures are raised by the pieces, after they are settled.
        """
        kept = await self._replays.begin(ask.repeat)
        if kept is not None:
            return replayed_stream(kept, _dialect(kept))
        decided, ending = await self._decide(ask)
        place = await self._look(ask, decided, ending)
        if place is not None and place.found is not None:
            found = await self._give_again(ask, decided, ending, place.found)
            return again(decided.decision.id, found.payload, _dialect(found), cache=ending.cache)

        async def send(card: ModelCard) -> tuple[Dialect, tuple[Piece, ...], AsyncIterator[Piece]]:
            dialect = self._egress.dialect_for(card, ask.request)
            sent = self._egress.stream(_call(ask, decided, card), decided.decision.label)
            pieces = await ending.turn(self._admission.stream(ask.caller.key, card, sent))
            return dialect, await until_first_words(card, pieces), pieces

        dialect, first, rest = await self._attempts.first_answer(decided, ending, send)
        begun = Begun(ask.repeat, decided, ending, dialect, first, rest, partial(self._cache.keep, place))
        running = RunningStream(begun, self._settler, self._replays, self._world)
        model = ending.card.id if ending.card else ""
        expected = decided.decision.input_tokens_estimated
        return Streamed(decided.decision.id, model, dialect, running.pieces, running.close, expected, cache=ending.cache)

    async def count_tokens(self, ask: Ask) -> tuple[str, int]:
        """The decision's id and the input tokens of a request: counted by the model where it can, else estimated."""
        question = self._question(ask)
        question = structs.replace(question, kind="count", needs=structs.replace(question.needs, output_tokens=0))
        decided = await self._decider.decide(question)
        ending = Ending()

        async def send(card: ModelCard) -> int | None:
            with await ending.turn(self._admission.admit(ask.caller.key, card)):
                return await self._egress.count_tokens(ChatCall(card, ask.request), decided.decision.label)

        counted = await self._attempts.first_answer(decided, ending, send)
        ending.status = "answered"
        await self._settler.close(decided, ending)
        return decided.decision.id, counted if counted is not None else question.needs.input_tokens

    async def forget(self, caller: Caller, user: str | None) -> int:
        """Delete the answers kept for one user of the caller's tenant, or for all of them; how many there were."""
        return await self._cache.forget(caller.tenant, user)

    async def _decide(self, ask: Ask) -> tuple[Decided, Ending]:
        """Decide; from here on the settlement, whoever brings it about, ends what the Idempotency-Key holds."""
        try:
            decided = await self._decider.decide(self._question(ask))
        except BaseException:
            self._replays.ended(ask.repeat)
            raise
        words = self._settler.words(decided, ask.request)
        return decided, Ending(settled=partial(self._replays.ended, ask.repeat), words=words)

    async def _look(self, ask: Ask, decided: Decided, ending: Ending) -> Place | None:
        """Ask the cache. Whatever stops that is settled before."""
        try:
            return await self._cache.look(decided, ask.request, ask.cache, ending)
        except BaseException as stopped:
            left = isinstance(stopped, asyncio.CancelledError)
            ending.status = "left" if left else "failed"
            ending.error = "caller_left" if left or not isinstance(stopped, Exception) else code_of(stopped)
            await self._settler.close(decided, ending)
            raise

    async def _give_again(self, ask: Ask, decided: Decided, ending: Ending, found: CachedAnswer) -> CachedAnswer:
        """Settle a request that no model was asked for, before its answer is passed on."""
        ending.status = "answered"
        to_keep = self._replays.keep(ask.repeat, decided.decision.id, found.content_type, found.payload)
        await self._settler.close(decided, ending, to_keep)
        return found

    def _question(self, ask: Ask) -> Question:
        chat = ask.request.chat
        needs = chat_needs(chat, chat_tokens(chat), self._registry.installation.default_output)
        return Question(ask.caller, "chat", ask.request.model, needs, ask.declared, ask.repeat.body_sha256)


def _dialect(kept: KeptAnswer | CachedAnswer) -> Dialect:
    return "anthropic" if kept.content_type.endswith("/anthropic") else "openai"


def _call(ask: Ask, decided: Decided, card: ModelCard) -> ChatCall:
    """The caller's own request; where money is limited and the caller states no ceiling, the one that money is held for.

    Ending a stream when its reservation is used up would cut it in mid-sentence without a reason the caller could read; a
    ceiling ends it with `finish_reason` `length`, and holds for whole answers, too.
    """
    request = ask.request
    if not decided.capped:
        return ChatCall(card, request)
    ceiling = output_ceiling(card, decided.decision.input_tokens_estimated)
    chat = {name: value for name, value in request.chat.items() if name != "max_tokens"}
    chat["max_completion_tokens"] = ceiling
    body = chat if request.dialect == "openai" else {**request.body, "max_tokens": ceiling}
    return ChatCall(card, ChatRequest(request.dialect, body, chat))
