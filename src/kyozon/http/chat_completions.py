"""`POST /v1/chat/completions`, as OpenAI's SDKs speak it."""

from collections.abc import AsyncGenerator

import msgspec
from msgspec import structs
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kyozon.domain.errors import KyozonError
from kyozon.domain.language import Language
from kyozon.domain.requests import ChatRequest
from kyozon.http.answering import GENERATED, cache_header, headers, json_response, label_header
from kyozon.http.asking import asks_review, goal_of, grant_of, licences_of, within_of
from kyozon.http.context import language, services
from kyozon.http.errors import openai_error
from kyozon.http.event_stream import EventStream, event, while_connected
from kyozon.http.outgoing import Outgoing, outgoing
from kyozon.http.reading import body_of, cache_wish, caller_of, check_chat, declared_label, decode, repeat_of
from kyozon.http.stating import stated_in
from kyozon.services.chat import Ask
from kyozon.services.streaming import Streamed


async def chat_completions(request: Request) -> Response | EventStream:
    """A whole answer, or its chunks as server-sent events where `stream` is true."""
    caller = await caller_of(request)
    raw = await body_of(request)
    body = decode(raw)
    shape = check_chat(body)
    label = declared_label(request, body)
    wish, stated, goal = cache_wish(request, body), stated_in(request, body), goal_of(request, body)
    repeat = repeat_of(request, caller, raw, label)
    ask = Ask(caller, ChatRequest("openai", body, body), label, repeat, wish, stated=stated, quality=goal)
    ask = structs.replace(ask, licences=licences_of(request), within=within_of(request))
    ask = structs.replace(ask, grant=grant_of(request), asks_review=asks_review(request, stated.purpose))
    if not shape.stream:
        answered = await while_connected(request, services(request).chat.answer(ask))
        found = headers(request, caller, answered.decision_id, answered.model, replayed=answered.replayed)
        found |= cache_header(answered.cache) | label_header(answered.label) | GENERATED
        out = outgoing(request, caller, answered.decision_id, answered.dialect)
        return json_response(out.whole(answered.payload), found)
    streamed = await while_connected(request, services(request).chat.stream(ask))
    found = headers(request, caller, streamed.decision_id, streamed.model, replayed=streamed.replayed)
    found |= cache_header(streamed.cache) | label_header(streamed.label) | GENERATED
    wants_usage = bool((shape.stream_options or {}).get("include_usage"))
    out = outgoing(request, caller, streamed.decision_id, streamed.dialect)
    return EventStream(_events(streamed, out, language(request), wants_usage=wants_usage), found, streamed.close)


async def _events(streamed: Streamed, out: Outgoing, speaks: Language, *, wants_usage: bool) -> AsyncGenerator[bytes, None]:
    try:
        async for piece in streamed.pieces:
            if wants_usage or not piece.usage_only:
                for passed in out.feed(piece):
                    yield event(passed.payload)
    except KyozonError as error:
        for passed in out.finish():
            yield event(passed.payload)
        # The status is sent already: the SDKs raise on an event that holds `error`, and no [DONE] follows it.
        yield event(msgspec.json.encode(openai_error(error, speaks)))
        return
    for passed in out.finish():
        yield event(passed.payload)
    yield event(b"[DONE]")


routes = [Route("/v1/chat/completions", chat_completions, methods=["POST"])]
