"""Anthropic's Messages API. A caller who speaks it too is passed through; any other is translated."""

import time
from collections.abc import AsyncGenerator
from contextlib import aclosing

from kyozon.domain.errors import RejectedUpstream, StreamBroken
from kyozon.domain.models import Provider
from kyozon.domain.requests import ChatRequest, Dialect, Json
from kyozon.ports.provider import Answer, ChatCall, Piece
from kyozon.providers.anthropic_answers import ERROR_STATUS, Chunks, Tally, native_answer, to_completion
from kyozon.providers.anthropic_shapes import to_count, to_messages
from kyozon.providers.outgoing import Endpoint, Outgoing, decode, unreadable
from kyozon.providers.sse import Event
from kyozon.providers.transport import Transport, failure

FORMAT = "anthropic"

_PATH = "/messages"
_NOT_FOUND = 404


def adapter(provider: Provider, endpoint: Endpoint, key: str | None, transport: Transport) -> "AnthropicAdapter":
    """The adapter for one provider; `endpoint` gives a card's base URL, version included (`https://…/v1`)."""
    return AnthropicAdapter(Outgoing(provider, endpoint, key, transport))


class AnthropicAdapter:
    """`ports.provider.ChatAdapter` for the Messages API."""

    def __init__(self, outgoing: Outgoing) -> None:
        self._out = outgoing

    def dialect_for(self, request: ChatRequest) -> Dialect:
        """The caller's own dialect: this wire format answers in both."""
        return request.dialect

    async def answer(self, call: ChatCall) -> Answer:
        """The whole answer, as it came or as a chat completion."""
        body = self._body(call)
        body.pop("stream", None)
        payload, message = await self._out.post(call.card, _PATH, body)
        with unreadable(self._out.provider.id):
            if call.request.dialect == "anthropic":
                return native_answer(payload, message)
            return to_completion(message, int(time.time()))

    async def stream(self, call: ChatCall) -> AsyncGenerator[Piece]:
        """The answer's events, as they come or as chunks of a chat completion."""
        provider = self._out.provider.id
        native = call.request.dialect == "anthropic"
        tally, chunks = Tally(), Chunks(int(time.time()))
        send = await self._out.send(call.card, _PATH, self._body(call) | {"stream": True})
        async with aclosing(self._out.transport.events(send)) as events:
            async for event in events:
                with unreadable(provider):
                    content = _content(provider, event)
                    pieces = [tally.piece(event.name, event.data, content)] if native else chunks.feed(content)
                for piece in pieces:
                    yield piece
        if not (tally.ended or chunks.ended):
            raise StreamBroken(provider, "the stream ended without message_stop")

    async def count_tokens(self, call: ChatCall) -> int | None:
        """Input tokens as the provider counts them; None where its endpoint knows no such path."""
        try:
            _, counted = await self._out.post(call.card, f"{_PATH}/count_tokens", to_count(self._body(call)))
        except RejectedUpstream as error:
            if error.status == _NOT_FOUND:
                return None
            raise
        tokens = counted.get("input_tokens")
        return tokens if isinstance(tokens, int) else None

    def _body(self, call: ChatCall) -> Json:
        if call.request.dialect == "anthropic":
            return call.request.body | {"model": call.card.upstream}
        return to_messages(call.card, self._out.adjusted(call.request.chat))


def _content(provider: str, event: Event) -> Json:
    """The event's JSON; raises the failure that an `error` event reports."""
    content = decode(provider, event.data)
    if content.get("type") == "error":
        error = content.get("error") or {}
        raise failure(provider, ERROR_STATUS.get(error.get("type", ""), 500), error.get("message", "no message"))
    return content
