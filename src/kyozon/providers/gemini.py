"""Google's Gemini API: generateContent, its stream, countTokens and batchEmbedContents."""

import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from itertools import islice
from urllib.parse import quote

from kyozon.domain.errors import StreamBroken, UpstreamFailed
from kyozon.domain.models import ModelCard, Provider
from kyozon.domain.requests import ChatRequest, Dialect, Json
from kyozon.domain.usage import Usage
from kyozon.metering.normalise import from_gemini
from kyozon.ports.provider import Answer, ChatCall, EmbeddingCall, Embeddings, Piece
from kyozon.providers.gemini_answers import Chunks, to_completion
from kyozon.providers.gemini_shapes import to_generate
from kyozon.providers.outgoing import Endpoint, Outgoing, decode, unreadable
from kyozon.providers.sse import Event
from kyozon.providers.transport import Transport, failure

FORMAT = "gemini"

_BATCH = 100
"""Most texts that one batchEmbedContents request takes."""
_TASKS = {"query": "RETRIEVAL_QUERY", "passage": "RETRIEVAL_DOCUMENT"}


def adapter(provider: Provider, endpoint: Endpoint, key: str | None, transport: Transport) -> "GeminiAdapter":
    """The adapter for one provider; `endpoint` gives a card's base URL, version included (`https://…/v1beta`)."""
    return GeminiAdapter(Outgoing(provider, endpoint, key, transport))


class GeminiAdapter:
    """`ports.provider.ChatAdapter` and `EmbeddingAdapter` for the Gemini API."""

    def __init__(self, outgoing: Outgoing) -> None:
        self._out = outgoing

    def dialect_for(self, request: ChatRequest) -> Dialect:  # noqa: ARG002 - the port's signature
        """Always OpenAI's: no caller speaks Gemini's."""
        return "openai"

    async def answer(self, call: ChatCall) -> Answer:
        """The whole answer, as a chat completion."""
        _, response = await self._out.post(call.card, _path(call.card, "generateContent"), self._body(call))
        with unreadable(self._out.provider.id):
            return to_completion(response, int(time.time()))

    async def stream(self, call: ChatCall) -> AsyncGenerator[Piece]:
        """The answer as chunks of a chat completion."""
        provider = self._out.provider.id
        chunks = Chunks(int(time.time()))
        path = _path(call.card, "streamGenerateContent")
        send = await self._out.send(call.card, path, self._body(call), {"alt": "sse"})
        async with aclosing(self._out.transport.events(send)) as events:
            async for event in events:
                with unreadable(provider):
                    content = _content(provider, event)
                    pieces = chunks.feed(content)
                for piece in pieces:
                    yield piece
        if not chunks.ended:
            raise StreamBroken(provider, "the stream ended without a finish reason")
        yield chunks.last()

    async def count_tokens(self, call: ChatCall) -> int | None:
        """Input tokens as the provider counts them, system instruction and tools among them."""
        whole = {"model": _name(call.card), **self._body(call)}
        path = _path(call.card, "countTokens")
        _, counted = await self._out.post(call.card, path, {"generateContentRequest": whole})
        tokens = counted.get("totalTokens")
        return tokens if isinstance(tokens, int) else None

    async def embed(self, call: EmbeddingCall) -> Embeddings:
        """One vector for each text, in batches as large as the API takes."""
        texts = iter(call.texts)
        vectors: list[tuple[float, ...]] = []
        usage: Usage | None = None
        while batch := list(islice(texts, _BATCH)):
            body = {"requests": [_embedding(call, text) for text in batch]}
            _, answer = await self._out.post(call.card, _path(call.card, "batchEmbedContents"), body)
            with unreadable(self._out.provider.id):
                found = list(_vectors(answer))
            if len(found) != len(batch):
                raise UpstreamFailed(self._out.provider.id, 502, f"{len(found)} vectors for {len(batch)} texts")
            vectors += found
            if raw := answer.get("usageMetadata"):
                usage = Usage(uncached=from_gemini(raw).input + (usage.input if usage else 0))
        return Embeddings(tuple(vectors), usage)

    def _body(self, call: ChatCall) -> Json:
        return to_generate(call.card, self._out.adjusted(call.request.chat))


def _name(card: ModelCard) -> str:
    """`models/NAME`; a name with a slash (`tunedModels/…`) is whole already."""
    return card.upstream if "/" in card.upstream else f"models/{card.upstream}"


def _path(card: ModelCard, verb: str) -> str:
    return f"/{quote(_name(card))}:{verb}"


def _embedding(call: EmbeddingCall, text: str) -> Json:
    request: Json = {
        "model": _name(call.card),
        "content": {"parts": [{"text": text}]},
        "taskType": _TASKS[call.request.purpose],
    }
    return request | ({"outputDimensionality": call.request.dimensions} if call.request.dimensions else {})


def _vectors(answer: Json) -> Iterator[tuple[float, ...]]:
    for embedding in answer["embeddings"]:
        yield tuple(float(value) for value in embedding["values"])


def _content(provider: str, event: Event) -> Json:
    """The event's JSON; raises the failure that an `error` object reports."""
    content = decode(provider, event.data)
    if error := content.get("error"):
        raise failure(provider, error.get("code", 500), error.get("message", "no message"))
    return content
