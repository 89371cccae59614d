"""Adapters that say what a script tells them, and remember what they were asked."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from kyozon.domain.models import ModelCard
from kyozon.domain.requests import ChatRequest, Dialect
from kyozon.domain.usage import Usage
from kyozon.ports.provider import Answer, ChatCall, EmbeddingCall, Embeddings, Piece, Ranks, RerankCall

USAGE = Usage(uncached=100, output=10)


class Hang(Struct, frozen=True):
    """In a script: say nothing more until the caller has gone."""


class Turn(Struct, frozen=True):
    """In a script: let others run once."""


HANG, TURN = Hang(), Turn()
Line = Piece | Exception | Hang | Turn


class ScriptedChat:
    """A `ChatAdapter`. Each call takes the next of `scripts`, the last one for ever.

    A script is a list of lines: a `Piece` is said, an exception raised, `HANG` waits, `TURN` yields. A whole answer has the
    text and the usage of all pieces together, and the body `whole` where that is set. `opened` and `closed` count
    connections.
    """

    def __init__(self, log: list[str], dialect: Dialect = "openai") -> None:
        self.calls: list[ChatCall] = []
        self.scripts: list[Sequence[Line]] = [hello()]
        self.opened = 0
        self.closed = 0
        self.counts: int | None = 7
        self.whole: bytes | None = None
        self._log = log
        self._dialect: Dialect = dialect

    def dialect_for(self, request: ChatRequest) -> Dialect:
        return self._dialect if request.dialect == self._dialect else "openai"

    async def answer(self, call: ChatCall) -> Answer:
        pieces = [piece async for piece in self.stream(call)]
        text = "".join(piece.text for piece in pieces)
        usage = next((piece.usage for piece in reversed(pieces) if piece.usage), None)
        finish = next((piece.finish for piece in pieces if piece.finish), None)
        return Answer(self.whole or completion(call.card, text, usage), usage, text, finish)

    async def stream(self, call: ChatCall) -> AsyncIterator[Piece]:
        self.calls.append(call)
        self._log.append(f"send {call.card.id}")
        script = self.scripts.pop(0) if len(self.scripts) > 1 else self.scripts[0]
        self.opened += 1
        try:
            for line in script:
                if isinstance(line, Piece):
                    yield line
                else:
                    await _perform(line)
        finally:
            self.closed += 1

    async def count_tokens(self, call: ChatCall) -> int | None:
        self.calls.append(call)
        self._log.append(f"count {call.card.id}")
        for line in self.scripts[0]:
            if not isinstance(line, Piece):
                await _perform(line)
        return self.counts


class ScriptedEmbedding:
    """An `EmbeddingAdapter`: the length of each text and a constant; `failure` is raised instead."""

    def __init__(self, log: list[str]) -> None:
        self.calls: list[EmbeddingCall] = []
        self.failure: Exception | None = None
        self.hangs = False
        self.usage: Usage | None = Usage(uncached=5)
        self._log = log

    async def embed(self, call: EmbeddingCall) -> Embeddings:
        self.calls.append(call)
        self._log.append(f"send {call.card.id}")
        await _perform(HANG if self.hangs else self.failure or TURN)
        given = call.request.tokens or call.request.texts
        return Embeddings(tuple((float(len(one)), 0.5) for one in given), self.usage)


class ScriptedReranking:
    """A `RerankAdapter`: a document is the better, the shorter it is; `failure` is raised instead."""

    def __init__(self, log: list[str]) -> None:
        self.calls: list[RerankCall] = []
        self.failure: Exception | None = None
        self.hangs = False
        self.usage: Usage | None = Usage(uncached=5)
        self._log = log

    async def rerank(self, call: RerankCall) -> Ranks:
        self.calls.append(call)
        self._log.append(f"send {call.card.id}")
        await _perform(HANG if self.hangs else self.failure or TURN)
        return Ranks(tuple(1 / (1 + len(document)) for document in call.request.documents), self.usage)


async def _perform(line: Exception | Hang | Turn) -> None:
    if isinstance(line, Exception):
        raise line
    await (asyncio.Event().wait() if isinstance(line, Hang) else asyncio.sleep(0))


def hello(usage: Usage | None = USAGE) -> list[Line]:
    """A whole answer: the role, two words, the end, the usage; the event loop turns in between."""
    return [piece(role="assistant"), TURN, piece("Hello"), TURN, piece(" world"), piece(finish="stop"), reported(usage)]


def says(text: str) -> list[Line]:
    """A whole answer of these words, a few characters at a time."""
    pieces: list[Line] = [piece(text[at : at + 7]) for at in range(0, len(text), 7)]
    return [piece(role="assistant"), *pieces, piece(finish="stop"), reported(None)]


def piece(text: str = "", *, role: str | None = None, finish: str | None = None) -> Piece:
    """A chunk in OpenAI's shape."""
    delta: dict[str, Any] = {"content": text} | ({"role": role} if role else {})
    payload = _chunk(choices=[{"index": 0, "delta": delta, "finish_reason": finish}])
    return Piece(payload, text=text, finish=finish)


def reported(usage: Usage | None) -> Piece:
    """The last chunk, which has no choices."""
    return Piece(_chunk(choices=[], usage=_openai(usage)), usage=usage, usage_only=True)


def completion(card: ModelCard, text: str, usage: Usage | None) -> bytes:
    """A whole answer in OpenAI's shape."""
    message = {"role": "assistant", "content": text}
    return msgspec.json.encode(
        {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1,
            "model": card.upstream,
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
            "usage": _openai(usage),
        }
    )


def _chunk(**fields: Any) -> bytes:
    head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "scripted"}
    return msgspec.json.encode(head | fields)


def _openai(usage: Usage | None) -> dict[str, int] | None:
    if usage is None:
        return None
    total = usage.input + usage.output
    return {"prompt_tokens": usage.input, "completion_tokens": usage.output, "total_tokens": total}
