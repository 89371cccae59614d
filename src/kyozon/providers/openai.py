"""The OpenAI-compatible wire format: chat completions, embeddings and rerankings, for every vendor that speaks it."""

import base64
import binascii
import struct
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, TypeVar
from urllib.parse import quote

import msgspec
from msgspec import Struct, structs

from kyozon.domain.errors import StreamBroken, UpstreamFailed
from kyozon.domain.models import ModelCard, Provider
from kyozon.domain.requests import ChatRequest, Dialect, Json
from kyozon.domain.usage import Usage
from kyozon.metering.normalise import from_openai
from kyozon.ports.provider import Answer, ChatCall, EmbeddingCall, Embeddings, Piece, Ranks, RerankCall
from kyozon.providers.openai_answer import StreamReader, Whole, answer_from, as_sent, read_whole, reported_failure
from kyozon.providers.openai_request import chat_body, embedding_body, rerank_body, tools_by_schema
from kyozon.providers.outgoing import Endpoint, Outgoing, unreadable
from kyozon.providers.rerank_answer import ranks
from kyozon.providers.schema_answers import chunks, interpret
from kyozon.providers.schema_tools import applies
from kyozon.providers.sse import NOT_JSON
from kyozon.providers.transport import Transport

FORMAT = "openai"

_END = b"[DONE]"
_BAD_GATEWAY = 502
_T = TypeVar("_T")


def adapter(provider: Provider, endpoint: Endpoint, key: str | None, transport: Transport) -> "OpenAIAdapter":
    """The adapter for one provider; `endpoint` gives a card's base URL, version included (`https://…/v1`)."""
    return OpenAIAdapter(provider, endpoint, key, transport)


class OpenAIAdapter:
    """`ports.provider.ChatAdapter`, `EmbeddingAdapter` and `RerankAdapter` for every OpenAI-compatible endpoint.

    Args:
        provider: its quirks say how the endpoint departs from the format.
        endpoint: gives the base URL that serves a card; the engine of a local model is started by it.
        key: the API key, None where the endpoint asks for none.
        transport: the one HTTP client.
    """

    def __init__(self, provider: Provider, endpoint: Endpoint, key: str | None, transport: Transport) -> None:
        self._name = provider.id
        self._quirks = provider.quirks
        self._transport = transport
        self._out = Outgoing(provider, endpoint, key, transport)

    def dialect_for(self, request: ChatRequest) -> Dialect:  # noqa: ARG002 - the port's signature
        """OpenAI's own, whatever the caller spoke."""
        return "openai"

    async def answer(self, call: ChatCall) -> Answer:
        """The whole answer; the provider's own bytes where nothing had to be changed in them."""
        body = chat_body(call.card, call.request, self._quirks, stream=False)
        send = await self._out.send(call.card, _path(self._quirks.chat_path, call.card), body)
        payload = await self._transport.post(send)
        constrained = self._constrained(call)
        untouched = None if constrained else as_sent(self._quirks, payload)
        if untouched is not None:
            return untouched
        whole = read_whole(self._name, self._quirks, payload)
        if constrained:
            with unreadable(self._name):
                whole = Whole(interpret(whole.completion), changed=True)
        return answer_from(whole, payload)

    async def stream(self, call: ChatCall) -> AsyncGenerator[Piece, None]:
        """The answer's events. A tool call made by schema is only known when it is whole, so it comes in one go."""
        reader = StreamReader(self._name, self._quirks)
        if self._constrained(call):
            completion = msgspec.json.decode((await self.answer(call)).payload, type=dict[str, Any])
            for chunk in chunks(completion):
                yield reader.piece(msgspec.json.encode(chunk))
            return
        body = chat_body(call.card, call.request, self._quirks, stream=True)
        send = await self._out.send(call.card, _path(self._quirks.chat_path, call.card), body)
        ended = False
        async with aclosing(self._transport.events(send, _END)) as events:
            async for event in events:
                if event.data == _END:
                    ended = True
                else:
                    yield reader.piece(event.data)
        if not (ended or reader.finished):
            raise StreamBroken(self._name, "the stream ended without [DONE] or a finish reason")

    async def count_tokens(self, call: ChatCall) -> int | None:
        """Input tokens as llama.cpp's server counts them, chat template included; None for every other endpoint."""
        if not self._quirks.tokenize:
            return None
        body = chat_body(call.card, call.request, self._quirks, stream=False)
        templated = await self._at_root(call.card, "/apply-template", body, _Templated)
        question = {"content": templated.prompt, "add_special": True, "parse_special": True}
        return len((await self._at_root(call.card, "/tokenize", question, _Tokenized)).tokens)

    async def embed(self, call: EmbeddingCall) -> Embeddings:
        """One vector for each text, in the texts' order."""
        body = embedding_body(call.card, call.request, self._quirks)
        send = await self._out.send(call.card, _path(self._quirks.embeddings_path, call.card), body)
        found = self._decoded(await self._transport.post(send), _EmbeddingAnswer)
        if found.error is not None:
            raise reported_failure(self._name, found.error)
        if len(found.data) != call.request.count:
            detail = f"it returned {len(found.data)} vectors for {call.request.count} texts"
            raise UpstreamFailed(self._name, _BAD_GATEWAY, detail)
        try:
            vectors = tuple(_vector(row.embedding) for row in sorted(found.data, key=lambda row: row.index))
        except (binascii.Error, struct.error) as error:
            raise UpstreamFailed(self._name, _BAD_GATEWAY, f"a vector is not base64 of floats: {error}") from error
        return Embeddings(vectors, None if found.usage is None else from_openai(found.usage))

    async def rerank(self, call: RerankCall) -> Ranks:
        """A score for each document, in the documents' order. OpenAI has no such call; its servers share Jina's.

        More documents than it takes at once go in several calls: the scores of one model are comparable.
        """
        documents = call.request.documents
        most = max(1, self._quirks.rerank_most or len(documents))
        parts = [await self._ranks(call, documents[at : at + most]) for at in range(0, len(documents), most)]
        scores = tuple(score for part in parts for score in part.scores)
        return Ranks(scores, _together([part.usage for part in parts]), self._quirks.rerank_logits)

    async def _ranks(self, call: RerankCall, documents: tuple[str, ...]) -> Ranks:
        body = rerank_body(call.card, structs.replace(call.request, documents=documents), self._quirks)
        send = await self._out.send(call.card, _path(self._quirks.rerank_path, call.card), body)
        return ranks(self._name, await self._transport.post(send), len(documents))

    def _constrained(self, call: ChatCall) -> bool:
        return tools_by_schema(call.card, self._quirks) and applies(call.request.chat)

    async def _at_root(self, card: ModelCard, path: str, body: Json, shape: type[_T]) -> _T:
        """Llama.cpp's own paths stand beside `/v1`, not under it."""

        async def root(card: ModelCard) -> str:
            return (await self._out.endpoint(card)).rstrip("/").removesuffix("/v1")

        send = await structs.replace(self._out, endpoint=root).send(card, path, body)
        return self._decoded(await self._transport.post(send), shape)

    def _decoded(self, payload: bytes, shape: type[_T]) -> _T:
        try:
            return msgspec.json.decode(payload, type=shape)
        except NOT_JSON as error:
            raise UpstreamFailed(self._name, _BAD_GATEWAY, f"its answer has an unknown shape: {error}") from error


class _Templated(Struct):
    prompt: str


class _Tokenized(Struct):
    tokens: list[Any]


class _Row(Struct):
    embedding: list[float] | str
    index: int = 0


class _EmbeddingAnswer(Struct):
    data: list[_Row] = []
    usage: dict[str, Any] | None = None
    error: Any = None


def _together(told: list[Usage | None]) -> Usage | None:
    """The usage of several calls; None where one of them reported none."""
    known = [usage for usage in told if usage is not None]
    return sum(known, Usage()) if len(known) == len(told) else None


def _path(template: str, card: ModelCard) -> str:
    """A path with the model in it, as Azure's deployments have."""
    if "{model}" not in template:
        return template
    return template.replace("{model}", quote(card.upstream, safe=""))


def _vector(embedding: list[float] | str) -> tuple[float, ...]:
    """Floats as they came, or from base64 of little-endian 32-bit floats."""
    if isinstance(embedding, str):
        raw = base64.b64decode(embedding, validate=True)
        return struct.unpack(f"<{len(raw) // 4}f", raw)
    return tuple(embedding)
