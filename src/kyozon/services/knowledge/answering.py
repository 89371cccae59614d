"""Answers from documents: rewrite, search, pack, ask a model as any other request, verify each claim, cite.

The documents whose words stand before the model are sources of its request: their labels are joined to it, bind which model
may see them, and are checked again where they leave. A request without a search goes to the model as it is.
"""

import asyncio
import math
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

import msgspec
from msgspec import Struct, structs

from kyozon.domain.callers import Caller
from kyozon.domain.decisions import CacheUse
from kyozon.domain.errors import IdempotencyConflict
from kyozon.domain.knowledge import Passage, Search
from kyozon.domain.labels import Label
from kyozon.domain.language import Language, Text
from kyozon.domain.models import AUTO
from kyozon.domain.requests import ChatRequest, Dialect, Json, Stated
from kyozon.governance.labelling import request_label
from kyozon.metering.estimate import most_tokens, text_tokens
from kyozon.ports.provider import Piece
from kyozon.retrieval.composing import NOT_FOUND, Composed, Composer
from kyozon.retrieval.evidence import evidence
from kyozon.retrieval.following import fits, goes_on, queries, rewriting, turns
from kyozon.retrieval.packing import Source, packed
from kyozon.retrieval.prompting import language_of, with_passages, words_of
from kyozon.services.chat import Ask, ChatService
from kyozon.services.knowledge.found_before import Found, FoundBefore
from kyozon.services.knowledge.rewording import put_otherwise, short
from kyozon.services.provenance import Provenance
from kyozon.services.registry import Registry
from kyozon.services.world import World

_MOST_TOKENS = 1800
"""What passages may take of a model's window: more costs more, and models overlook what stands in the middle of much."""
_FEWEST_TOKENS = 300
_RULES_TOKENS = 400
"""What else stands before the model: what it is told to do, and the fence."""
_MOST_SAID = 400
"""Tokens of an answer whose caller names no ceiling: short answers can be checked, and small models do not find an end."""
REWRITING = "rewrite-question"
"""The purpose on record of the call that rewrites a question."""


class Hits(Protocol):
    """What a search has found."""

    @property
    def passages(self) -> Sequence[Passage]:
        """The best first."""
        ...


class Searcher(Protocol):
    """Finds passages that a caller may read."""

    async def search(
        self,
        caller: Caller,
        search: Search,
        declared: Label | None = None,
        *,
        sources: tuple[str, ...] = (),
        for_answer: bool = False,
    ) -> Hits:
        """The best passages; with `for_answer` the decision of the answer is the record of their delivery.

        `sources` are the stored values that the words of the query are taken from.
        """
        ...

    async def check(self, caller: Caller, search: Search) -> None:
        """Raises `NotFound` for a collection that the caller may not read."""
        ...

    async def again(
        self, caller: Caller, search: Search, places: Mapping[tuple[str, int], float], *, for_answer: bool = False
    ) -> Sequence[Passage] | None:
        """What a search has found before, by document and ordinal, with its scores; None where some may not be read."""
        ...


class Rights(Protocol):
    """Who may read what a stored value was made from."""

    async def may_read(self, caller: Caller, value: str) -> bool:
        """Whether the caller may, at this moment, read every document that a value was made from."""
        ...


class Leaving(Protocol):
    """The last look at a model's words before they leave: what may, as it may."""

    def whole(self, payload: bytes) -> bytes:
        """A whole answer's body."""
        ...

    def feed(self, piece: Piece) -> Iterable[Piece]:
        """A piece of a stream."""
        ...

    def finish(self) -> Iterable[Piece]:
        """What was held back to the end of a stream."""
        ...


Look = Callable[[str, Dialect], Leaving]
"""The look at the answer of a decision."""


class Wanted(Struct, frozen=True):
    """A conversation that asks for an answer; `search` says where to look, None asks the model alone.

    What the user said last is the question. `shows` says that the passages themselves go to the caller, beside the answer.
    """

    ask: Ask
    search: Search | None = None
    shows: bool = False


class Prepared(Struct, frozen=True):
    """What stands before the model, and what was looked for; `queries` is empty where nothing was looked for.

    `evident` says that the sources surely answer the question.
    """

    ask: Ask
    question: str = ""
    queries: tuple[str, ...] = ()
    passages: tuple[Passage, ...] = ()
    sources: tuple[Source, ...] = ()
    evident: bool = False

    @property
    def language(self) -> Language:
        """That of the question, in which Kyozon's own words in the answer are."""
        return language_of(self.queries[-1])

    @property
    def hopeless(self) -> bool:
        """Whether nothing was found that a model could answer from."""
        return bool(self.queries) and not self.sources


class Told(Struct, frozen=True):
    """A whole answer. `composed` says what it rests on, None where nothing was looked for.

    So it is where the model calls tools and says nothing that has support: then its words do not leave.
    `decision_id` is empty where no model was asked. `calls` are the tools that it wants called, `usage` its tokens, both as
    in OpenAI's chat completions.
    """

    prepared: Prepared
    text: str
    composed: Composed | None = None
    decision_id: str = ""
    model: str = ""
    calls: tuple[Json, ...] = ()
    finish: str | None = None
    usage: Json | None = None
    label: Label | None = None
    cache: CacheUse | None = None
    replayed: bool = False


class Telling(Struct, frozen=True):
    """An answer on its way: words, and at the end all of it. Whoever takes it must await `close`."""

    prepared: Prepared
    pieces: AsyncIterator[str | Told]
    close: Callable[[], Awaitable[None]]
    decision_id: str = ""
    model: str = ""
    label: Label | None = None
    cache: CacheUse | None = None
    replayed: bool = False


class AnsweringService:
    """Answers with citations."""

    def __init__(
        self,
        chat: ChatService,
        searcher: Searcher,
        provenance: Provenance,
        rights: Rights,
        registry: Registry,
        world: World,
    ) -> None:
        self._chat = chat
        self._searcher = searcher
        self._provenance = provenance
        self._rights = rights
        self._registry = registry
        self._before = FoundBefore(world)

    async def answer(self, wanted: Wanted, look: Look) -> Told:
        """The whole answer.

        Raises:
            KyozonError: as `SearchService.search`, then as `ChatService.answer`.
        """
        prepared = await self._prepared(wanted)
        if prepared.hopeless:
            return _refused(prepared)
        answered = await self._chat.answer(prepared.ask)
        if answered.replayed:
            await self._given_again(prepared, answered.decision_id)
        out = look(answered.decision_id, answered.dialect)
        said = _Said()
        said.completion(msgspec.json.decode(out.whole(answered.payload)))
        told = Told(prepared, said.text, None, answered.decision_id, answered.model)
        told = structs.replace(told, label=answered.label, cache=answered.cache, replayed=answered.replayed)
        composer = _composer(prepared, out)
        if composer is None:
            return said.ending(told)
        composer.feed(said.text)
        return _verified(said, told, composer)[1]

    async def stream(self, wanted: Wanted, look: Look) -> Telling:
        """The answer as it comes, claim by claim; returns once the model's first words are there.

        Raises:
            KyozonError: as `SearchService.search`, then as `ChatService.stream`; later failures are raised by the pieces.
        """
        prepared = await self._prepared(wanted)
        if prepared.hopeless:
            refused = _refusal(_refused(prepared))
            return Telling(prepared, refused, refused.aclose)
        streamed = await self._chat.stream(prepared.ask)
        if streamed.replayed:
            await self._given_again(prepared, streamed.decision_id)
        out = look(streamed.decision_id, streamed.dialect)
        told = Told(prepared, "", None, streamed.decision_id, streamed.model)
        told = structs.replace(told, label=streamed.label, cache=streamed.cache, replayed=streamed.replayed)
        pieces = _told(streamed.pieces, out, _composer(prepared, out), told)

        async def close() -> None:
            await pieces.aclose()
            await streamed.close()

        found = Telling(prepared, pieces, close, streamed.decision_id, streamed.model)
        return structs.replace(found, label=streamed.label, cache=streamed.cache, replayed=streamed.replayed)

    async def _prepared(self, wanted: Wanted) -> Prepared:
        ask, search = wanted.ask, wanted.search
        messages = ask.request.chat["messages"]
        if search is None or not turns(messages):
            return Prepared(ask)
        looked_for, passages = await self._found(wanted, search)
        sources = packed(passages, self._cost(ask), _MOST_TOKENS)
        question = looked_for[0]
        evident = (await asyncio.to_thread(evidence, question, sources)).evident  # seconds, of a question made for that
        asked = _with_sources(ask, turns(messages)[-1], sources) if sources else ask
        return Prepared(asked, question, looked_for, passages, sources, evident)

    async def _found(self, wanted: Wanted, search: Search) -> tuple[tuple[str, ...], tuple[Passage, ...]]:
        """What is looked for, and what is found. A repeated request finds what it found before: it is paid for once."""
        ask = wanted.ask
        before = self._before.find(ask.repeat)
        if before is not None:
            same = structs.replace(search, queries=before.queries)
            again = await self._searcher.again(ask.caller, same, before.places, for_answer=not wanted.shows)
            if again is not None:
                return before.queries, tuple(again)
        messages, rewritten = ask.request.chat["messages"], ""
        if goes_on(messages):
            await self._searcher.check(ask.caller, search)  # before a model is paid for a search that may not be
            rewritten = await self._rewritten(ask)
        search = structs.replace(search, queries=queries(messages, rewritten))
        label = await self._label(ask)
        found = await self._searcher.search(ask.caller, search, label, sources=ask.sources, for_answer=not wanted.shows)
        self._before.keep(ask.repeat, Found(search.queries, {one.key: one.score for one in found.passages}))
        return search.queries, tuple(found.passages)

    async def _given_again(self, prepared: Prepared, decision_id: str) -> None:
        """Permit that an answer goes out again that was made before, and record it: its decision says that of then only.

        Raises:
            IdempotencyConflict: its documents are gone, or not for this caller's eyes any more.
            NotPermitted: they are labelled above the clearance of the key by now.
        """
        caller = prepared.ask.caller
        if not await self._rights.may_read(caller, decision_id):
            raise IdempotencyConflict(
                Text(
                    "the first answer to this request was made from documents that you cannot read any more: send it as a "
                    "new request, with a new Idempotency-Key.",
                    "この要求への最初の応答の元になった文書は、もう閲覧できません。"
                    "新しい Idempotency-Key を付け、新しい要求として送ってください。",
                ),
                retryable=False,
            )
        if prepared.sources:
            await self._provenance.hand_over(caller, _documents(prepared.sources))

    async def _label(self, ask: Ask) -> Label | None:
        """The label of what is looked for: words of the conversation, and so of all that it was made from."""
        if not ask.sources:
            return ask.declared
        own, _ = request_label(ask.declared, ask.caller.key, self._registry.installation.default_label)
        return own.join(await self._provenance.label(ask.caller.tenant, ask.sources))

    async def _rewritten(self, ask: Ask) -> str:
        """The question on its own, by a model that may see the conversation; empty where that fails, or does not fit."""
        messages = ask.request.chat["messages"]
        stated = Stated(REWRITING, ask.stated.session, ask.stated.parent)
        request = short(ask.request.model, rewriting(messages))
        call = structs.replace(ask, request=request, stated=stated, grant=None, asks_review=False)
        rewritten = await put_otherwise(self._chat, call)
        return rewritten if fits(rewritten, messages) else ""

    def _cost(self, ask: Ask) -> Callable[[str], int]:
        """What a passage takes of `_MOST_TOKENS`: more where the smallest of the models to choose from has less room."""
        model = ask.request.model
        cards = [card for card in self._registry.cards() if card.kind == "chat" and model in (AUTO, card.id)]
        smallest = min((card.context for card in cards if card.context is not None), default=None)
        if smallest is None:
            return text_tokens
        output = min(ask.request.chat.get("max_completion_tokens") or _MOST_SAID, smallest // 2)
        chat = ask.request.chat
        said = [*map(words_of, chat["messages"]), msgspec.json.encode(chat.get("tools") or ()).decode()]
        room = smallest - output - sum(map(most_tokens, said)) - _RULES_TOKENS
        share = _MOST_TOKENS / max(_FEWEST_TOKENS, room)
        return lambda text: max(text_tokens(text), math.ceil(share * most_tokens(text)))


def _with_sources(ask: Ask, question: str, sources: Sequence[Source]) -> Ask:
    """The request with the passages before its question, and the documents that they are from among its sources."""
    messages = with_passages(ask.request.chat["messages"], question, sources)
    chat = {"max_completion_tokens": _MOST_SAID, **ask.request.chat, "messages": messages}
    documents = tuple(dict.fromkeys([*ask.sources, *_documents(sources)]))
    cache = ask.cache if ask.cache in ("off", "refresh") else "exact"
    return structs.replace(ask, request=ChatRequest("openai", chat, chat), sources=documents, cache=cache)


def _documents(sources: Sequence[Source]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(source.document for source in sources))


def _composer(prepared: Prepared, out: Leaving) -> Composer | None:
    if not prepared.queries:
        return None

    def safe(words: str) -> str:
        body = {"choices": [{"index": 0, "message": {"role": "assistant", "content": words}}]}
        shown = msgspec.json.decode(out.whole(msgspec.json.encode(body)))
        return str(shown["choices"][0]["message"]["content"])

    return Composer(prepared.question, prepared.sources, prepared.language, evident=prepared.evident, safe=safe)


def _refused(prepared: Prepared) -> Told:
    """What is told where nothing that was found can answer: no model is asked."""
    text = NOT_FOUND.to(prepared.language)
    return Told(prepared, text, Composed(text, "refused"), finish="stop")


async def _refusal(told: Told) -> AsyncGenerator[str | Told, None]:
    yield told.text
    yield told


async def _told(
    pieces: AsyncIterator[Piece], out: Leaving, composer: Composer | None, told: Told
) -> AsyncGenerator[str | Told, None]:
    """The words of a stream, verified, and at its end all of it."""
    said = _Said()
    async for piece in pieces:
        for passed in out.feed(piece):
            if fresh := _heard(said.chunk(msgspec.json.decode(passed.payload)), composer):
                yield fresh
    for passed in out.finish():
        if fresh := _heard(said.chunk(msgspec.json.decode(passed.payload)), composer):
            yield fresh
    if composer is None:
        yield said.ending(structs.replace(told, text=said.text))
        return
    fresh, whole = _verified(said, told, composer)
    if fresh:
        yield fresh
    yield whole


def _verified(said: "_Said", told: Told, composer: Composer) -> tuple[str, Told]:
    """What is left to say, and the whole answer; beside calls of tools only words that have support, or none."""
    fresh, composed = composer.finish()
    if said.calls and composed.kind != "answered":
        return "", said.ending(structs.replace(told, text=""))
    return fresh, said.composed(told, composed)


def _heard(text: str, composer: Composer | None) -> str:
    return text if composer is None else composer.feed(text) if text else ""


class _Said:
    """The words of a chat completion, whole or in chunks; a refusal of the model's is its words, too."""

    def __init__(self) -> None:
        self.text = ""
        self.calls: dict[int, Json] = {}
        self._finish: str | None = None
        self._usage: Json | None = None

    def completion(self, body: Json) -> None:
        """All of it."""
        self._usage = body.get("usage") or self._usage
        for choice in (body.get("choices") or [])[:1]:
            self._take(choice, choice.get("message") or {})

    def chunk(self, body: Json) -> str:
        """The words of one chunk."""
        before = len(self.text)
        self._usage = body.get("usage") or self._usage
        for choice in body.get("choices") or []:
            if choice.get("index", 0) == 0:
                self._take(choice, choice.get("delta") or {})
        return self.text[before:]

    def composed(self, told: Told, composed: Composed) -> Told:
        """With what became of its words; where they gave way to Kyozon's, these have not been cut off."""
        ended = self.ending(structs.replace(told, text=composed.text, composed=composed))
        return ended if composed.kind == "answered" else structs.replace(ended, finish="stop")

    def ending(self, told: Told) -> Told:
        """With how it ended."""
        calls = tuple(self.calls[place] for place in sorted(self.calls))
        return structs.replace(told, calls=calls, finish=self._finish, usage=self._usage)

    def _take(self, choice: Json, message: Json) -> None:
        content: Any = message.get("content") or ""
        if isinstance(content, list):
            content = "".join(part.get("text") or "" for part in content if isinstance(part, dict))
        self.text += content + (message.get("refusal") or "")
        self._finish = choice.get("finish_reason") or self._finish
        for place, fragment in enumerate(message.get("tool_calls") or []):
            call = self.calls.setdefault(fragment.get("index", place), {"id": "", "name": "", "arguments": ""})
            function = fragment.get("function") or {}
            call["id"] = call["id"] or fragment.get("id") or ""
            call["name"] = call["name"] or function.get("name") or ""
            call["arguments"] += function.get("arguments") or ""
