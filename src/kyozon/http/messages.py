"""`POST /v1/messages` and `/v1/messages/count_tokens`, as Anthropic's SDK speaks them."""

from collections.abc import AsyncGenerator, Iterable, Iterator

import msgspec
from msgspec import structs
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kyozon.domain.callers import Caller
from kyozon.domain.errors import KyozonError
from kyozon.domain.language import Language
from kyozon.domain.requests import ChatRequest
from kyozon.http.answering import GENERATED, cache_header, headers, json_response, label_header
from kyozon.http.anthropic_answer import MessageEvents, to_message
from kyozon.http.anthropic_request import to_chat
from kyozon.http.asking import asks_review, goal_of, grant_of, licences_of, within_of
from kyozon.http.context import language, services
from kyozon.http.errors import status_of
from kyozon.http.event_stream import EventStream, event, while_connected
from kyozon.http.outgoing import Outgoing, outgoing
from kyozon.http.reading import body_of, cache_wish, caller_of, check_chat, declared_label, decode, repeat_of
from kyozon.http.stating import stated_in
from kyozon.ports.provider import Piece
from kyozon.services.chat import Ask
from kyozon.services.streaming import Streamed

_END = "message_stop"


async def messages(request: Request) -> Response | EventStream:
    """A whole message, or its events where `stream` is true."""
    caller, ask = await _ask(request)
    if not ask.request.stream:
        answered = await while_connected(request, services(request).chat.answer(ask))
        found = headers(request, caller, answered.decision_id, answered.model, replayed=answered.replayed)
        found |= cache_header(answered.cache) | label_header(answered.label) | GENERATED
        payload = outgoing(request, caller, answered.decision_id, answered.dialect).whole(answered.payload)
        if answered.dialect == "anthropic":
            return json_response(payload, found)
        return json_response(msgspec.json.encode(to_message(msgspec.json.decode(payload))), found)
    streamed = await while_connected(request, services(request).chat.stream(ask))
    found = headers(request, caller, streamed.decision_id, streamed.model, replayed=streamed.replayed)
    found |= cache_header(streamed.cache) | label_header(streamed.label) | GENERATED
    message_id = f"msg_{streamed.decision_id.removeprefix('dec_')}"  # the same when the answer is given again
    events = MessageEvents(message_id, streamed.model, streamed.input_tokens)
    out = outgoing(request, caller, streamed.decision_id, streamed.dialect)
    return EventStream(_events(streamed, events, out, language(request)), found, streamed.close)


async def count_tokens(request: Request) -> Response:
    """`{"input_tokens": n}`: counted by the model that would answer, estimated where it cannot count."""
    caller, ask = await _ask(request, counting=True)
    decision_id, tokens = await services(request).chat.count_tokens(ask)
    return json_response(msgspec.json.encode({"input_tokens": tokens}), headers(request, caller, decision_id, ""))


async def _ask(request: Request, *, counting: bool = False) -> tuple[Caller, Ask]:
    caller = await caller_of(request)
    raw = await body_of(request)
    body = decode(raw)
    label, wish, stated = declared_label(request, body), cache_wish(request, body), stated_in(request, body)
    goal = goal_of(request, body)
    chat = to_chat(body, counting=counting)
    check_chat(chat)
    repeat = repeat_of(request, caller, raw, label)
    ask = Ask(caller, ChatRequest("anthropic", body, chat), label, repeat, wish, stated=stated, quality=goal)
    if counting:  # a grant is for one delivery: it would be used up
        return caller, ask
    ask = structs.replace(ask, licences=licences_of(request), within=within_of(request))
    return caller, structs.replace(ask, grant=grant_of(request), asks_review=asks_review(request, stated.purpose))


async def _events(
    streamed: Streamed, events: MessageEvents, out: Outgoing, speaks: Language
) -> AsyncGenerator[bytes, None]:
    native = streamed.dialect == "anthropic"
    end: list[tuple[str, bytes]] = []
    try:
        for name, payload in [] if native else events.start():
            yield event(payload, name)
        async for piece in streamed.pieces:
            for said in _said(out.feed(piece), events, native=native):
                if said[0] == _END:  # said when it is settled: whoever has heard it may leave, and must find it on record
                    end = [said]
                else:
                    yield event(said[1], said[0])
    except KyozonError as error:
        told = events.error(status_of(error)[2], error.message(speaks))
        for name, payload in (*_said(out.finish(), events, native=native), *told):
            yield event(payload, name)
        return
    for name, payload in (*_said(out.finish(), events, native=native), *end, *([] if native else events.finish())):
        yield event(payload, name)


def _said(pieces: Iterable[Piece], events: MessageEvents, *, native: bool) -> Iterator[tuple[str, bytes]]:
    for piece in pieces:
        yield from [(piece.event, piece.payload)] if native else events.feed(piece.payload)


routes = [
    Route("/v1/messages", messages, methods=["POST"]),
    Route("/v1/messages/count_tokens", count_tokens, methods=["POST"]),
]
