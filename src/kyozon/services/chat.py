"""One chat request from question to settled answer: the life of a request, steps 3 to 10.

look for personal data and secrets            services.masking
label → permit → route → reserve → record   services.deciding
look for a kept answer                        services.cache
wait for a turn                               services.admission
call, the next candidate on a failure         services.fallback, through services.egress
judge, ask a stronger model where it pays     services.cascading
settle                                        services.settling, for streams by services.streaming
"""

import asyncio
from functools import partial
from itertools import islice

from msgspec import Struct, structs

from kyozon.domain.cache import CachedAnswer
from kyozon.domain.callers import Caller
from kyozon.domain.decisions import CacheUse
from kyozon.domain.errors import HeldForReview, KyozonError, NotPermitted
from kyozon.domain.labels import Label
from kyozon.domain.language import Text
from kyozon.domain.models import AUTO, ModelCard
from kyozon.domain.quality import Goal
from kyozon.domain.requests import NOTHING_STATED, CacheWish, ChatRequest, Dialect, Licences, Needs, Stated
from kyozon.governance.needs import chat_needs, tools_offered
from kyozon.metering.estimate import chat_tokens
from kyozon.ports.provider import Answer, ChatCall
from kyozon.ports.records import KeptAnswer
from kyozon.routing.asked import asked_words
from kyozon.services.admission import Admission
from kyozon.services.asked_again import AskedAgain
from kyozon.services.cache import AnswerCache, Place, Said
from kyozon.services.cascading import Asking, Cascading
from kyozon.services.continuing import Continuing
from kyozon.services.conversations import Conversations
from kyozon.services.deciding import RECORDED, Decided, Decider, Question, output_ceiling
from kyozon.services.egress import Egress
from kyozon.services.fallback import Attempts, code_of
from kyozon.services.granting import Granting
from kyozon.services.holding_back import Opened
from kyozon.services.masking import Masking
from kyozon.services.provenance import Provenance
from kyozon.services.registry import Registry
from kyozon.services.replays import Repeat, Replays
from kyozon.services.reviewing import Reviewing
from kyozon.services.sending import sending
from kyozon.services.settling import Ending, Settler
from kyozon.services.spoken import Spoken, of_answer, of_stream
from kyozon.services.streaming import Begun, RunningStream, Streamed, again, replayed_stream, until_first_words
from kyozon.services.trying import opening
from kyozon.services.world import World


class Ask(Struct, frozen=True):
    """One chat request and who sends it; `sources` are the stored values that stand in it, or shaped the model.

    `stated` goes on record. `quality` is how good the answer must be, where the request says. `grant` names a grant that
    lets it go where its label may not; `asks_review` asks for one where it is refused. `licences` are those under which the
    model may come, besides those of the key; `within` is in how many seconds the first words should come, if it says.
    """

    caller: Caller
    request: ChatRequest
    declared: Label | None
    repeat: Repeat
    cache: CacheWish | None = None
    sources: tuple[str, ...] = ()
    stated: Stated = NOTHING_STATED
    grant: str | None = None
    asks_review: bool = False
    quality: Goal | None = None
    licences: Licences = frozenset()
    within: float | None = None


class Answered(Struct, frozen=True):
    """A whole answer in `dialect`, settled. `label` is None for one given again from before: look at its decision."""

    decision_id: str
    model: str
    dialect: Dialect
    payload: bytes
    replayed: bool = False
    cache: CacheUse | None = None
    label: Label | None = None


class Steps(Struct, frozen=True):
    """How a request's life begins, goes on and ends, and what may shorten it.

    `granting` finds the grants that requests name, `reviewing` keeps what waits for a person. `continuing` takes a
    stream on that breaks after its first words; without it the stream ends there. `masking` looks requests through, if
    it has something to look with. `cascading` carries out cascades that were planned; without it none is planned.
    `asked_again` notices who was not content with an answer.
    """

    decider: Decider
    settler: Settler
    attempts: Attempts
    cache: AnswerCache
    provenance: Provenance
    granting: Granting
    reviewing: Reviewing
    continuing: Continuing | None = None
    masking: Masking = Masking()
    cascading: Cascading | None = None
    asked_again: AskedAgain | None = None


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
        self._provenance = steps.provenance
        self._continuing = steps.continuing
        self._masking = steps.masking
        self._granting = steps.granting
        self._reviewing = steps.reviewing
        self._cascading = steps.cascading
        self._asked_again = steps.asked_again
        self._conversations = Conversations(world)
        self._egress = egress
        self._admission = admission
        self._replays = replays
        self._world = world

    async def answer(self, ask: Ask) -> Answered:
        """The whole answer.

        Raises:
            KyozonError: as `Decider.decide`, then as `ports.provider.ChatAdapter`; every ending is recorded.
        """
        kept = await self._kept(ask)
        if kept is not None:
            return Answered(kept.decision_id, "", _dialect(kept), kept.payload, replayed=True)
        decided, ending = await self._decide(ask)
        place = await self._look(ask, decided, ending)
        if place is not None and place.found is not None:
            given = await self._give_again(ask, decided, ending, place.found)
            model, label = given.partition.model, decided.decision.label
            return Answered(decided.decision.id, model, _dialect(given), given.payload, cache=ending.cache, label=label)

        async def send(card: ModelCard) -> tuple[Dialect, Answer]:
            with await ending.turn(self._admission.admit(ask.caller.key, card)):
                sent = sending(decided, _call(ask, decided, card))
                found = await self._egress.answer(sent.call, sent.label, decided.decision)
            return self._egress.dialect_for(card, ask.request), sent.answered(found)

        found = await self._attempts.first_answer(decided, ending, send)
        if self._cascading is not None and not self._held(ask, decided, *decided.order):
            found = await self._cascading.best(Asking(decided, ending, ask.request.chat, send, _whole), found)
        dialect, answer = found
        ending.status, ending.usage, ending.finish = "answered", answer.usage, answer.finish
        ending.heard(answer.text, self._world.seconds())
        said = Said(f"answer/{dialect}", answer.payload, (answer.payload,))
        if self._held(ask, decided, ending.card):
            await self._settler.close(decided, ending)
            raise await self._kept_back(ask, decided, ending, said)
        ending.passed_on(answer.payload, dialect)
        to_keep = self._replays.keep(ask.repeat, decided.decision.id, said.content_type, said.payload)
        outcome = await self._settler.close(decided, ending, to_keep)
        await self._cache.keep(place, ending.card, outcome, said)
        model = ending.card.id if ending.card else ""
        label = decided.decision.label
        return Answered(decided.decision.id, model, dialect, answer.payload, cache=ending.cache, label=label)

    async def stream(self, ask: Ask) -> Streamed:
        """The streamed answer; returns once its first words are there, so that earlier failures can still be told apart.

        Raises:
            KyozonError: as `answer`. Later failures are raised by the pieces, after they are settled.
        """
        kept = await self._kept(ask)
        if kept is not None:
            return replayed_stream(kept, _dialect(kept))
        decided, ending = await self._decide(ask)
        if self._held(ask, decided, *decided.order):
            raise await self._not_streamed(decided, ending)
        place = await self._look(ask, decided, ending)
        if place is not None and place.found is not None:
            found = await self._give_again(ask, decided, ending, place.found)
            given = again(decided.decision.id, found.payload, _dialect(found), cache=ending.cache)
            return structs.replace(given, label=decided.decision.label)

        async def send(card: ModelCard) -> Opened:
            dialect = self._egress.dialect_for(card, ask.request)
            sent = sending(decided, _call(ask, decided, card))
            answer = sent.streamed(self._egress.stream(sent.call, sent.label, decided.decision), dialect)
            pieces = await ending.turn(self._admission.stream(ask.caller.key, card, answer))
            return Opened(dialect, await until_first_words(card, pieces), pieces)

        opened = await self._attempts.first_answer(decided, ending, send)
        if self._cascading is not None:
            opened = await self._cascading.best_stream(Asking(decided, ending, ask.request.chat, send, _heard), opened)
        dialect, keep = opened.dialect, partial(self._cache.keep, place)
        begun = Begun(ask.repeat, decided, ending, dialect, opened.pieces, opened.rest, keep)
        if self._continuing is not None:
            begun = self._continuing.over(begun, ask.caller.key, ask.request)
        running = RunningStream(begun, self._settler, self._replays, self._world)
        model = ending.card.id if ending.card else ""
        expected = decided.decision.input_tokens_estimated
        streamed = Streamed(decided.decision.id, model, dialect, running.pieces, running.close, expected)
        return structs.replace(streamed, cache=ending.cache, label=decided.decision.label)

    async def count_tokens(self, ask: Ask) -> tuple[str, int]:
        """The decision's id and the input tokens of a request: counted by the model where it can, else estimated."""
        question = await self._question(ask)
        question = structs.replace(
            question, kind="count", needs=structs.replace(question.needs, output_tokens=0, judgeable=0, streamed=False)
        )
        decided = await self._decider.decide(question)
        ending = Ending()

        async def send(card: ModelCard) -> int | None:
            with await ending.turn(self._admission.admit(ask.caller.key, card)):
                sent = sending(decided, ChatCall(card, ask.request))
                return await self._egress.count_tokens(sent.call, sent.label, decided.decision)

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
            decided = await self._decider.decide(await self._question(ask))
        except BaseException as stopped:
            self._replays.ended(ask.repeat)
            if isinstance(stopped, NotPermitted) and ask.asks_review:
                stopped.review = await self._reviewing.request_release(ask.caller, RECORDED.get() or "", ask.request.body)
            raise
        ending = Ending(words=self._settler.words(decided, ask.request))
        ending.settled = partial(self._over, ask, decided, ending)
        return decided, ending

    def _over(self, ask: Ask, decided: Decided, ending: Ending) -> None:
        self._replays.ended(ask.repeat)
        if not self._several():
            return
        if ending.status == "answered" and ending.card is not None and self._remembers(ask):
            self._conversations.answered(ask.caller.key, ask.request.chat, ending.card, ending.usage)
        if self._asked_again is not None and not self._held(ask, decided, ending.card):  # what nobody has read yet
            self._asked_again.ended(decided, ask.request.chat, ending, resent=ask.repeat.retry)

    def _remembers(self, ask: Ask) -> bool:
        """Whether who answered may matter to the next choice."""
        return ask.request.model == AUTO and self._registry.installation.estimator is not None and self._several()

    def _several(self) -> bool:
        """Whether there is a choice at all: else nothing need be known of what was said."""
        return len(tuple(islice((card for card in self._registry.cards() if card.kind == "chat"), 2))) > 1

    def _judgeable(self, ask: Ask, needs: Needs) -> int:
        """How long an answer may be that is judged; a grant lets words go to one place, so nobody else could be asked."""
        if self._cascading is None or ask.grant is not None:
            return 0
        return min(needs.judgeable, self._cascading.hold.tokens) if ask.request.stream else needs.judgeable

    def _held(self, ask: Ask, decided: Decided, *cards: ModelCard | None) -> bool:
        """Whether a person looks at the answer first, should one of these cards give it."""
        found = [card for card in cards if card is not None]
        return self._reviewing.held(decided.decision, decided.review, ask.caller.key, found)

    async def _kept_back(self, ask: Ask, decided: Decided, ending: Ending, said: Said) -> KyozonError:
        """What to raise instead of an answer that waits for a person; it is neither repeated nor cached."""
        if ending.card is None:
            raise AssertionError("a card has answered")
        content_type = f"{said.content_type}/{ask.request.dialect}"
        return await self._reviewing.hold(ask.caller.key, decided.decision, ending.card, content_type, said.payload)

    async def _not_streamed(self, decided: Decided, ending: Ending) -> KyozonError:
        """A stream cannot wait for a person: nothing is sent for it."""
        refused = HeldForReview(
            Text(
                "a person looks at answers to such requests first, so they cannot be streamed: ask without stream.",
                "この種の要求への応答は担当者の確認後に届くため、ストリームにできません。stream なしで送ってください。",
            )
        )
        ending.status, ending.error = "refused", refused.code
        await self._settler.close(decided, ending)
        return refused

    async def _look(self, ask: Ask, decided: Decided, ending: Ending) -> Place | None:
        """Ask the cache. Whatever stops that is settled before."""
        try:
            place = await self._cache.look(decided, ask.request, ask.cache, ending)
            return await self._still_labelled(place, decided, ending)
        except BaseException as stopped:
            left = isinstance(stopped, asyncio.CancelledError)
            ending.status = "left" if left else "failed"
            ending.error = "caller_left" if left or not isinstance(stopped, Exception) else code_of(stopped)
            await self._settler.close(decided, ending)
            raise

    async def _kept(self, ask: Ask) -> KeptAnswer | None:
        """The answer to a repeated request, as long as its caller may read what it was made from."""
        kept = await self._replays.begin(ask.repeat)
        if kept is not None:
            await self._provenance.readable(kept.decision_id, ask.caller.key)
        return kept

    async def _still_labelled(self, place: Place | None, decided: Decided, ending: Ending) -> Place | None:
        """What the cache found; not where something that it was made from has been raised above the request's label."""
        found = place.found if place is not None else None
        if place is None or found is None or ending.cache is None:
            return place
        if not await self._provenance.still(found.source, decided.decision.tenant, decided.decision.label):
            place.found = None
            ending.cache = structs.replace(ending.cache, result="miss", similarity=None, source=None, saved=None)
        return place

    async def _give_again(self, ask: Ask, decided: Decided, ending: Ending, found: CachedAnswer) -> CachedAnswer:
        """Settle a request that no model was asked for, before its answer is passed on."""
        ending.status = "answered"
        to_keep = self._replays.keep(ask.repeat, decided.decision.id, found.content_type, found.payload)
        await self._settler.close(decided, ending, to_keep)
        return found

    async def _question(self, ask: Ask) -> Question:
        chat = ask.request.chat
        stored = await self._provenance.labels(ask.caller.tenant, ask.sources)
        needs = chat_needs(chat, chat_tokens(chat), self._registry.installation.default_output)
        found, body_sha256 = await self._masking.chat(ask.request, ask.caller.key), ask.repeat.body_sha256
        release = await self._granting.find(ask.caller.tenant, ask.grant, ask.request.body)
        who, model, tools = ask.caller, ask.request.model, tools_offered(chat)
        before = self._conversations.before(who.key, chat) if self._remembers(ask) else None
        judgeable = self._judgeable(ask, needs)
        needs = structs.replace(needs, quality=ask.quality or who.key.goal, before=before, judgeable=judgeable)
        needs = structs.replace(needs, licences=(ask.licences,) if ask.licences else (), within=ask.within)
        question = Question(who, "chat", model, needs, ask.declared, body_sha256, stored, found, ask.stated, release, tools)
        return structs.replace(question, words=partial(asked_words, chat), opening=partial(opening, chat))


def _whole(found: tuple[Dialect, Answer]) -> Spoken:
    dialect, answer = found
    return of_answer(answer, dialect)


def _heard(opened: Opened) -> Spoken | None:
    return of_stream(opened.pieces, opened.dialect) if opened.whole else None


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
