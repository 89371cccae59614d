"""`POST /v1/messages` and `/v1/messages/count_tokens`, as Anthropic's SDK speaks them."""

from collections.abc import AsyncGenerator

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kyozon.domain.callers import Caller
from kyozon.domain.errors import KyozonError
from kyozon.domain.language import Language
from kyozon.domain.requests import ChatRequest
from kyozon.http.answering import cache_header, headers, json_response
from kyozon.http.anthropic_answer import MessageEvents, to_message
from kyozon.http.anthropic_request import to_chat
from kyozon.http.context import language, services
from kyozon.http.errors import status_of
from kyozon.http.event_stream import EventStream, event, while_connected
from kyozon.http.reading import body_of, cache_wish, caller_of, check_chat, declared_label, decode, repeat_of
from kyozon.services.chat import Ask
from kyozon.services.streaming import Streamed


async def messages(request: Request) -> Response | EventStream:
    """A whole message, or its events where `stream` is true."""
    caller, ask = await _ask(request)
    if not ask.request.stream:
        answered = await while_connected(request, services(request).chat.answer(ask))
        found = headers(request, caller, answered.decision_id, answered.model, replayed=answered.replayed)
        found |= cache_header(answered.cache)
        if answered.dialect == "anthropic":
            return json_response(answered.payload, found)
        return json_response(msgspec.json.encode(to_message(msgspec.json.decode(answered.payload))), found)
    streamed = await while_connected(request, services(request).chat.stream(ask))
    found = headers(request, caller, streamed.decision_id, streamed.model, replayed=streamed.replayed)
    found |= cache_header(streamed.cache)
    events = MessageEvents(services(request).world.new_id("msg"), streamed.model, streamed.input_tokens)
    return EventStream(_events(streamed, events, language(request)), found, streamed.close)


async def count_tokens(request: Request) -> Response:
    """`{"input_tokens": n}`: counted by the model that would answer, estimated where it cannot count."""
    caller, ask = await _ask(request, counting=True)
    decision_id, tokens = await services(request).chat.count_tokens(ask)
    return json_response(msgspec.json.encode({"input_tokens": tokens}), headers(request, caller, decision_id, ""))


async def _ask(request: Request, *, counting: bool = False) -> tuple[Caller, Ask]:
    caller = await caller_of(request)
    raw = await body_of(request)
    body = decode(raw)
    label, wish = declared_label(request, body), cache_wish(request, body)
    chat = to_chat(body, counting=counting)
    check_chat(chat)
    repeat = repeat_of(request, caller, raw, label)
    return caller, Ask(caller, ChatRequest("anthropic", body, chat), label, repeat, wish)


async def _events(streamed: Streamed, events: MessageEvents, speaks: Language) -> AsyncGenerator[bytes, None]:
    native = streamed.dialect == "anthropic"
    try:
        for name, payload in [] if native else events.start():
            yield event(payload, name)
        async for piece in streamed.pieces:
            for name, payload in [(piece.event, piece.payload)] if native else events.feed(piece.payload):
                yield event(payload, name)
    except KyozonError as error:
        for name, payload in events.error(status_of(error)[2], error.message(speaks)):
            yield event(payload, name)
        return
    for name, payload in [] if native else events.finish():
        yield event(payload, name)


routes = [
    Route("/v1/messages", messages, methods=["POST"]),
    Route("/v1/messages/count_tokens", count_tokens, methods=["POST"]),
]
