"""`/v1/responses`, as OpenAI's SDKs speak it: answers with `file_search`, functions, and conversations that go on."""

import math
from collections.abc import AsyncGenerator, Iterator
from itertools import chain

import msgspec
from msgspec import Struct, structs
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kyozon.domain.callers import Caller
from kyozon.domain.errors import InvalidRequest, KyozonError
from kyozon.domain.knowledge import Passage
from kyozon.domain.language import Language, Text
from kyozon.domain.requests import ChatRequest, Dialect, Json
from kyozon.domain.responses import KeptResponse
from kyozon.governance.provenance import joined
from kyozon.http.answering import GENERATED, cache_header, headers, json_response, label_header, left_of_limits
from kyozon.http.asking import asks_review, goal_of, grant_of, licences_of, within_of
from kyozon.http.context import language, services
from kyozon.http.event_stream import EventStream, event, while_connected
from kyozon.http.outgoing import Outgoing, outgoing
from kyozon.http.paging import listed, page_of
from kyozon.http.reading import body_of, cache_wish, caller_of, check_chat, declared_label, decode, repeat_of
from kyozon.http.responses_answer import Frame, ResponseEvents, annotations, failed, response_of, search_items
from kyozon.http.responses_request import chat_of, check_response, items_of, messages_of, search_in
from kyozon.http.stating import stated_in
from kyozon.retrieval.citing import MARK
from kyozon.services.chat import Ask
from kyozon.services.knowledge.answering import Look, Telling, Told, Wanted


class _Asked(Struct, frozen=True):
    """A request for a response: what is wanted, and what the response will say of it."""

    caller: Caller
    wanted: Wanted
    frame: Frame
    items: tuple[Json, ...]
    messages: tuple[Json, ...]


async def create_response(request: Request) -> Response | EventStream:
    """A whole response, or its events where `stream` is true."""
    asked = await _asked(request)
    knowledge, look = services(request).knowledge, _look(request, asked.caller)
    if not asked.wanted.ask.request.stream:
        told = await while_connected(request, knowledge.answering.answer(asked.wanted, look))
        frame = _framed(request, asked, told.decision_id)
        response = await _whole(request, asked, frame, told)
        return json_response(msgspec.json.encode(response), _headers(request, asked, told))
    telling = await while_connected(request, knowledge.answering.stream(asked.wanted, look))
    found = _headers(request, asked, telling)
    return EventStream(_events(request, asked, telling, language(request)), found, telling.close)


async def get_response(request: Request) -> Response:
    """A response that was stored, as it was given."""
    caller = await caller_of(request)
    if request.query_params.get("stream") == "true":
        raise InvalidRequest(
            Text(
                "a stored response is not streamed again: leave out stream.",
                "保存済みの応答はストリームで再送できません。stream を省いてください。",
            ),
            "stream",
        )
    kept = await services(request).knowledge.responses.give(caller, request.path_params["response"])
    return json_response(_looked(request, caller, kept, msgspec.json.encode(kept.body)))


async def delete_response(request: Request) -> Response:
    """Delete a stored response and what was kept of its answer; conversations cannot go on from it any more."""
    caller, name = await caller_of(request), request.path_params["response"]
    await services(request).knowledge.responses.delete(caller, name)
    return json_response(msgspec.json.encode({"id": name, "object": "response", "deleted": True}))


async def cancel_response(request: Request) -> Response:
    """Always refused: only responses in the background can be cancelled, and there are none."""
    caller, name = await caller_of(request), request.path_params["response"]
    await services(request).knowledge.responses.read(caller, name)
    raise InvalidRequest(
        Text(
            f"{name} is over: only background responses can be cancelled. Close the connection to stop one that runs.",
            f"{name} は完了しています。取り消せるのはバックグラウンドの応答だけです。実行中なら接続を閉じると止まります。",
        )
    )


async def list_input_items(request: Request) -> Response:
    """What was sent for a stored response, newest first."""
    caller, name = await caller_of(request), request.path_params["response"]
    kept = await services(request).knowledge.responses.give(caller, name)
    _looked(request, caller, kept, msgspec.json.encode(kept.items))
    items = [_listed(item, name, place) for place, item in enumerate(kept.items)]
    if request.query_params.get("order", "desc") != "asc":
        items.reverse()
    after = [place for place, item in enumerate(items, 1) if item["id"] == request.query_params.get("after")]
    items = items[after[0] :] if after else items
    limit = page_of(request).limit
    return listed(items[:limit], more=len(items) > limit)


async def _asked(request: Request) -> _Asked:
    caller = await caller_of(request)
    raw = await body_of(request)
    body = decode(raw)
    label, wish, stated = declared_label(request, body), cache_wish(request, body), stated_in(request, body)
    goal = goal_of(request, body)
    shape = check_response(body)
    items = items_of(shape)
    messages, sources = messages_of(items), tuple[str, ...]()
    if shape.previous_response_id is not None:
        kept = await services(request).knowledge.responses.read(caller, shape.previous_response_id)
        messages, sources = [*kept.messages, *messages], (kept.id,)
    chat = chat_of(body, shape, messages)
    check_chat(chat)
    repeat = repeat_of(request, caller, raw, label)
    ask = Ask(caller, ChatRequest("openai", chat, chat), label, repeat, wish, sources, stated, quality=goal)
    ask = structs.replace(ask, licences=licences_of(request), within=within_of(request))
    ask = structs.replace(ask, grant=grant_of(request), asks_review=asks_review(request, stated.purpose))
    frame = Frame("", math.floor(services(request).world.now().timestamp()), body, shape, services(request).links)
    wanted = Wanted(ask, search_in(shape, messages), shows=frame.results)
    return _Asked(caller, wanted, frame, tuple(items), tuple(messages))


def _framed(request: Request, asked: _Asked, decision_id: str) -> Frame:
    """With the response's name: that of its decision, so that an answer given again has the same one."""
    name = f"resp_{decision_id.removeprefix('dec_')}" if decision_id else services(request).world.new_id("resp")
    return structs.replace(asked.frame, id=name)


async def _events(request: Request, asked: _Asked, telling: Telling, speaks: Language) -> AsyncGenerator[bytes, None]:
    frame = _framed(request, asked, telling.decision_id)
    events = ResponseEvents(frame)
    try:
        for name, payload in events.start(telling.prepared, telling.model):
            yield event(payload, name)
        async for piece in telling.pieces:
            if isinstance(piece, str):
                told = events.delta(piece)
            else:
                response = await _whole(request, asked, frame, piece)
                told = chain(events.end(piece), events.over(response))
            for name, payload in told:
                yield event(payload, name)
    except KyozonError as error:
        body = failed(frame, telling.model, error.code, error.message(speaks))
        for name, payload in events.broken(body):
            yield event(payload, name)


async def _whole(request: Request, asked: _Asked, frame: Frame, told: Told) -> Json:
    """The whole response, looked through for canaries in what it quotes, and stored before its caller has it."""
    response = response_of(frame, told, math.floor(services(request).world.now().timestamp()))
    if told.decision_id:
        quoted = [*annotations(frame, told), *search_items(frame, told.prepared)]
        outgoing(request, asked.caller, told.decision_id, "openai").whole(msgspec.json.encode({"quoted": quoted}))
    await _keep(request, asked, frame, told, response)
    return response


async def _keep(request: Request, asked: _Asked, frame: Frame, told: Told, response: Json) -> None:
    """Store the response where that is wanted."""
    if not frame.stored:
        return
    kept, ask = services(request).knowledge.responses, asked.wanted.ask
    answer = (told.decision_id,) if told.decision_id else ask.sources
    shown = (passage.document for passage in _shown(frame, told))
    await kept.keep(
        KeptResponse(
            id=frame.id,
            tenant=asked.caller.tenant,
            user=asked.caller.key.user,
            at=services(request).world.now(),
            expires_at=kept.expiry(),
            label=kept.own_label(asked.caller, ask.declared, told.decision_id),
            sources=tuple(dict.fromkeys([*answer, *shown])),
            body=response,
            items=asked.items,
            messages=(*asked.messages, *_said(told)),
        )
    )


def _said(told: Told) -> Iterator[Json]:
    """The answer as a message of the conversation; marks of citations mean nothing to the next answer."""
    calls = [
        {"id": call["id"], "type": "function", "function": {"name": call["name"], "arguments": call["arguments"]}}
        for call in told.calls
    ]
    yield {"role": "assistant", "content": MARK.sub("", told.text), **({"tool_calls": calls} if calls else {})}


def _look(request: Request, caller: Caller) -> Look:
    def look(decision_id: str, dialect: Dialect) -> Outgoing:
        return outgoing(request, caller, decision_id, dialect)

    return look


def _looked(request: Request, caller: Caller, kept: KeptResponse, payload: bytes) -> bytes:
    """What leaves of a stored response, looked through as an answer is: canaries may have come since."""
    return outgoing(request, caller, kept.decision_id, "openai").whole(payload)


def _headers(request: Request, asked: _Asked, told: Told | Telling) -> dict[str, str]:
    labels = [passage.label for passage in _shown(asked.frame, told)]
    if not told.decision_id:
        return left_of_limits(request, asked.caller) | label_header(joined(labels))
    found = headers(request, asked.caller, told.decision_id, told.model, replayed=told.replayed)
    return found | cache_header(told.cache) | label_header(joined([told.label, *labels])) | GENERATED


def _shown(frame: Frame, told: Told | Telling) -> tuple[Passage, ...]:
    """The passages that go along; what a model did not read of them came into the response all the same."""
    return told.prepared.passages if frame.results else ()


def _listed(item: Json, name: str, place: int) -> Json:
    """An item as the list gives it: with a name, a kind, and parts where a text was sent."""
    kind = item.get("type") or "message"
    found = {"id": f"item_{name.removeprefix('resp_')}{place}", **item, "type": kind}
    if kind == "message":
        content = item["content"]
        part = "output_text" if item["role"] == "assistant" else "input_text"
        more: Json = {"annotations": [], "logprobs": []} if part == "output_text" else {}
        found["content"] = [{"type": part, "text": content, **more}] if isinstance(content, str) else content
        found["status"] = item.get("status") or "completed"
    return found


routes = [
    Route("/v1/responses", create_response, methods=["POST"]),
    Route("/v1/responses/{response}", get_response, methods=["GET"]),
    Route("/v1/responses/{response}", delete_response, methods=["DELETE"]),
    Route("/v1/responses/{response}/cancel", cancel_response, methods=["POST"]),
    Route("/v1/responses/{response}/input_items", list_input_items, methods=["GET"]),
]
