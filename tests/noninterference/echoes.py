"""Models and a collector that let out whatever they are given, and write down every byte that reaches their zone."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextvars import ContextVar
from typing import Any

import msgspec
from msgspec import structs
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from kyozon.domain.cache import CachedAnswer, Wanted
from kyozon.domain.errors import StreamBroken, UpstreamFailed
from kyozon.domain.models import ModelCard
from kyozon.domain.requests import ChatRequest, Dialect, Json
from kyozon.ports.provider import Answer, ChatCall, EmbeddingCall, Embeddings, Piece, Ranks, RerankCall
from kyozon.telemetry.spans import Spans
from tests.fakes.answers import MemoryAnswers
from tests.fakes.scripted import USAGE, completion, piece, reported

Record = Callable[[str, bytes], None]
KNOWS: ContextVar[str] = ContextVar("knows", default="")
"""What the model of the running request has learnt from an adapter: it says so, whatever it is asked."""
SPOKE: ContextVar[set[str]] = ContextVar("spoke")
"""The zones in which somebody has answered the running request."""


class Trouble:
    """What goes wrong at the next calls, one after the other, and what happens elsewhere in that moment."""

    def __init__(self) -> None:
        self.plan: list[str] = []
        self.meanwhile: Callable[[], Any] | None = None
        self.before: Callable[[], Any] | None = None
        """What happens when a request is decided on and not yet sent, and asks the cache."""
        self.cut = 0
        """Streams come in pieces of so many characters; 0 is word by word."""

    async def strike(self, card: ModelCard) -> str:
        """The kind of trouble of this call; a failure before any word is raised."""
        if self.meanwhile is not None:
            happening, self.meanwhile = self.meanwhile, None
            await happening()
        kind = self.plan.pop(0) if self.plan else ""
        if kind == "fails":
            raise UpstreamFailed(card.provider, 503, "out of order")
        return kind


class EchoChat:
    """A `ChatAdapter` whose answer is its whole context."""

    def __init__(self, record: Record, trouble: Trouble) -> None:
        self._record = record
        self._trouble = trouble

    def dialect_for(self, request: ChatRequest) -> Dialect:
        return request.dialect

    async def answer(self, call: ChatCall) -> Answer:
        await self._take(call)
        if await self._trouble.strike(call.card) == "breaks":
            raise StreamBroken(call.card.provider, "cut")
        SPOKE.get().add(call.card.zone)
        text = _context(call.request.body)
        payload = completion(call.card, text, USAGE)
        return Answer(_by_tool(payload, text) if _wants_tool(call) else payload, USAGE, text, "stop")

    async def stream(self, call: ChatCall) -> AsyncIterator[Piece]:
        await self._take(call)
        kind = await self._trouble.strike(call.card)
        SPOKE.get().add(call.card.zone)
        yield piece(role="assistant")
        text = _context(call.request.body)
        for words in _pieces(_arguments(text) if _wants_tool(call) else text, self._trouble.cut):
            yield _call_piece(words) if _wants_tool(call) else piece(words)
            await asyncio.sleep(0)
            if kind == "breaks":
                raise StreamBroken(call.card.provider, "cut")
        yield piece(finish="stop")
        yield reported(USAGE)

    async def count_tokens(self, call: ChatCall) -> int | None:
        await self._take(call)
        return 7

    async def _take(self, call: ChatCall) -> None:
        self._record(call.card.zone, msgspec.json.encode(call.request.body))
        for _ in range(3):
            await asyncio.sleep(0)


class EchoEmbedding:
    """An `EmbeddingAdapter`: one vector for each text."""

    def __init__(self, record: Record) -> None:
        self._record = record

    async def embed(self, call: EmbeddingCall) -> Embeddings:
        self._record(call.card.zone, msgspec.json.encode(call.request.texts))
        return Embeddings(tuple((1.0, 0.5) for _ in call.request.texts), USAGE)


class EchoReranking:
    """A `RerankAdapter`: a document is the better, the longer it is. `asked` is every byte that it was given."""

    def __init__(self, record: Record) -> None:
        self.asked: list[bytes] = []
        self._record = record

    async def rerank(self, call: RerankCall) -> Ranks:
        self.asked.append(msgspec.json.encode([call.card.id, call.request]))
        self._record(call.card.zone, self.asked[-1])
        return Ranks(tuple(float(len(document)) for document in call.request.documents), USAGE)


class HeardSpans(Spans):
    """The real spans; what would be sent to the collector is written down instead."""

    def __init__(self, zone: str, record: Record) -> None:
        self._exporter = InMemorySpanExporter()
        self._provider = TracerProvider(shutdown_on_exit=False)
        self._provider.add_span_processor(SimpleSpanProcessor(self._exporter))
        self._tracer = self._provider.get_tracer("test")
        self._at = zone
        self._record = record

    def pass_on(self) -> None:
        """Tell what was said since the last time."""
        for span in self._exporter.get_finished_spans():
            self._record(self._at, span.to_json().encode())
        self._exporter.clear()


class SlowAnswers(MemoryAnswers):
    """Kept answers; while they are searched, something may happen elsewhere."""

    def __init__(self, log: list[str], trouble: Trouble) -> None:
        super().__init__(log)
        self._trouble = trouble

    async def same(self, wanted: Wanted, question_sha256: str) -> CachedAnswer | None:
        found = await super().same(wanted, question_sha256)
        if self._trouble.before is not None:
            happening, self._trouble.before = self._trouble.before, None
            await happening()
        return found


def _context(body: Json) -> str:
    said = [str(part) for message in body["messages"] for part in (message["content"], message.get("tool_calls", ""))]
    return " ".join([*said, KNOWS.get(), "end"])


def _wants_tool(call: ChatCall) -> bool:
    return bool(call.request.body.get("tools"))


def _arguments(text: str) -> str:
    return msgspec.json.encode({"about": text}).decode()


def _by_tool(payload: bytes, text: str) -> bytes:
    """A whole answer that calls a tool."""
    body = msgspec.json.decode(payload)
    function = {"name": "look", "arguments": _arguments(text)}
    body["choices"][0]["message"] = {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": "call_1", "type": "function", "function": function}],
    }
    return msgspec.json.encode(body)


def _call_piece(words: str) -> Piece:
    """A chunk in which a tool's arguments go on."""
    plain = piece(words)
    body = msgspec.json.decode(plain.payload)
    body["choices"][0]["delta"] = {"tool_calls": [{"index": 0, "function": {"arguments": words}}]}
    return structs.replace(plain, payload=msgspec.json.encode(body))


def _pieces(text: str, cut: int) -> list[str]:
    return [text[at : at + cut] for at in range(0, len(text), cut)] if cut else [f"{word} " for word in text.split()]
