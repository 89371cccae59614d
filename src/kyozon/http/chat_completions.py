"""`POST /v1/chat/completions`, as OpenAI's SDKs speak it."""

from collections.abc import AsyncGenerator

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kyozon.domain.errors import KyozonError
from kyozon.domain.language import Language
from kyozon.domain.requests import ChatRequest
from kyozon.http.answering import cache_header, headers, json_response
from kyozon.http.context import language, services
from kyozon.http.errors import openai_error
from kyozon.http.event_stream import EventStream, event, while_connected
from kyozon.http.reading import body_of, cache_wish, caller_of, check_chat, declared_label, decode, repeat_of
from kyozon.services.chat import Ask
from kyozon.services.streaming import Streamed


async def chat_completions(request: Request) -> Response | EventStream:
    """A whole answer, or its chunks as server-sent events where `stream` is true."""
    caller = await caller_of(request)
    raw = await body_of(request)
    body = decode(raw)
    shape = check_chat(body)
    label = declared_label(request, body)
    wish = cache_wish(request, body)
    ask = Ask(caller, ChatRequest("openai", body, body), label, repeat_of(request, caller, raw, label), wish)
    if not shape.stream:
        answered = await while_connected(request, services(request).chat.answer(ask))
        found = headers(request, caller, answered.decision_id, answered.model, replayed=answered.replayed)
        found |= cache_header(answered.cache)
        return json_response(answered.payload, found)
    streamed = await while_connected(request, services(request).chat.stream(ask))
    found = headers(request, caller, streamed.decision_id, streamed.model, replayed=streamed.replayed)
    found |= cache_header(streamed.cache)
    wants_usage = bool((shape.stream_options or {}).get("include_usage"))
    return EventStream(_events(streamed, language(request), wants_usage=wants_usage), found, streamed.close)


async def _events(streamed: Streamed, speaks: Language, *, wants_usage: bool) -> AsyncGenerator[bytes, None]:
    try:
        async for piece in streamed.pieces:
            if wants_usage or not piece.usage_only:
                yield event(piece.payload)
    except KyozonError as error:
        # The status is sent already: the SDKs raise on an event that holds `error`, and no [DONE] follows it.
        yield event(msgspec.json.encode(openai_error(error, speaks)))
        return
    yield event(b"[DONE]")


routes = [Route("/v1/chat/completions", chat_completions, methods=["POST"])]
