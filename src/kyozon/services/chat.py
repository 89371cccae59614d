"""One chat request from question to settled answer: the life of a request, steps 3 to 10.

label → permit → route → reserve → record   services.deciding
call, the next candidate on a failure         services.fallback, through services.egress
settle                                        services.settling, for streams by services.streaming
"""

from collections.abc import AsyncIterator
from functools import partial

from msgspec import Struct, structs

from kyozon.domain.callers import Caller
from kyozon.domain.labels import Label
from kyozon.domain.models import ModelCard
from kyozon.domain.requests import ChatRequest, Dialect
from kyozon.governance.needs import chat_needs
from kyozon.metering.estimate import chat_tokens
from kyozon.ports.provider import Answer, ChatCall, Piece
from kyozon.ports.records import KeptAnswer
from kyozon.services.deciding import Decided, Decider, Question
from kyozon.services.egress import Egress
from kyozon.services.fallback import first_answer
from kyozon.services.registry import Registry
from kyozon.services.replays import Repeat, Replays
from kyozon.services.settling import Ending, Settler
from kyozon.services.streaming import Begun, RunningStream, Streamed, replayed_stream, until_first_words
from kyozon.services.world import World


class Ask(Struct, frozen=True):
    """One chat request and who sends it."""

    caller: Caller
    request: ChatRequest
    declared: Label | None
    repeat: Repeat


class Answered(Struct, frozen=True):
    """A whole answer in `dialect`, settled."""

    decision_id: str
    model: str
    dialect: Dialect
    payload: bytes
    replayed: bool = False


class ChatService:
    """Answers chat requests."""

    def __init__(
        self, registry: Registry, decider: Decider, settler: Settler, egress: Egress, replays: Replays, world: World
    ) -> None:
        self._registry = registry
        self._decider = decider
        self._settler = settler
        self._egress = egress
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

        async def send(card: ModelCard) -> tuple[Dialect, Answer]:
            found = await self._egress.answer(ChatCall(card, ask.request), decided.decision.label)
            return self._egress.dialect_for(card, ask.request), found

        dialect, answer = await first_answer(decided, ending, self._settler, send)
        ending.status, ending.usage, ending.finish = "answered", answer.usage, answer.finish
        ending.heard(answer.text, self._world.seconds())
        to_keep = self._replays.keep(ask.repeat, decided.decision.id, f"answer/{dialect}", answer.payload)
        await self._settler.close(decided, ending, to_keep)
        return Answered(decided.decision.id, ending.card.id if ending.card else "", dialect, answer.payload)

    async def stream(self, ask: Ask) -> Streamed:
        """The streamed answer; returns once its first words are there, so that earlier failures can still be told apart.

        Raises:
            KyozonError: as `answer`. Later failures are raised by the pieces, after they are settled.
        """
        kept = await self._replays.begin(ask.repeat)
        if kept is not None:
            return replayed_stream(kept, _dialect(kept))
        decided, ending = await self._decide(ask)

        async def send(card: ModelCard) -> tuple[Dialect, tuple[Piece, ...], AsyncIterator[Piece]]:
            dialect = self._egress.dialect_for(card, ask.request)
            pieces = self._egress.stream(ChatCall(card, ask.request), decided.decision.label)
            return dialect, await until_first_words(card, pieces), pieces

        dialect, first, rest = await first_answer(decided, ending, self._settler, send)
        begun = Begun(ask.repeat, decided, ending, dialect, first, rest)
        running = RunningStream(begun, self._settler, self._replays, self._world)
        model = ending.card.id if ending.card else ""
        expected = decided.decision.input_tokens_estimated
        return Streamed(decided.decision.id, model, dialect, running.pieces, running.close, expected)

    async def count_tokens(self, ask: Ask) -> tuple[str, int]:
        """The decision's id and the input tokens of a request: counted by the model where it can, else estimated."""
        question = self._question(ask)
        question = structs.replace(question, kind="count", needs=structs.replace(question.needs, output_tokens=0))
        decided = await self._decider.decide(question)
        ending = Ending()

        async def send(card: ModelCard) -> int | None:
            return await self._egress.count_tokens(ChatCall(card, ask.request), decided.decision.label)

        counted = await first_answer(decided, ending, self._settler, send)
        ending.status = "answered"
        await self._settler.close(decided, ending)
        return decided.decision.id, counted if counted is not None else question.needs.input_tokens

    async def _decide(self, ask: Ask) -> tuple[Decided, Ending]:
        """Decide; from here on the settlement, whoever brings it about, ends what the Idempotency-Key holds."""
        try:
            decided = await self._decider.decide(self._question(ask))
        except BaseException:
            self._replays.ended(ask.repeat)
            raise
        return decided, Ending(settled=partial(self._replays.ended, ask.repeat))

    def _question(self, ask: Ask) -> Question:
        chat = ask.request.chat
        needs = chat_needs(chat, chat_tokens(chat), self._registry.installation.default_output)
        return Question(ask.caller, "chat", ask.request.model, needs, ask.declared, ask.repeat.body_sha256)


def _dialect(kept: KeptAnswer) -> Dialect:
    return "anthropic" if kept.content_type.endswith("/anthropic") else "openai"
