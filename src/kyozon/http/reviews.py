"""What waits for a person, under `/kyozon/v1/reviews`: seen, approved, refused; approved answers are fetched here."""

from typing import Any, get_args

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kyozon.domain.errors import InvalidRequest
from kyozon.domain.language import Text
from kyozon.domain.requests import Dialect
from kyozon.domain.review import ReviewItem, ReviewState
from kyozon.http.answering import GENERATED, headers, json_response, label_header, plain
from kyozon.http.anthropic_answer import to_message
from kyozon.http.context import services
from kyozon.http.outgoing import outgoing
from kyozon.http.reading import caller_of

_ROWS = 100


async def list_reviews(request: Request) -> Response:
    """The newest items that the key may know of: its user's own, and those that it may decide on; by `state`."""
    caller = await caller_of(request)
    state = request.query_params.get("state")
    if state is not None and state not in get_args(ReviewState):
        known = ", ".join(get_args(ReviewState))
        raise InvalidRequest(Text(f"state must be one of {known}.", f"state は {known} のいずれかです。"), "state")
    wanted: ReviewState | None = None if state is None else msgspec.convert(state, ReviewState)
    found = await services(request).reviewing.items(caller, wanted, _ROWS)
    return json_response(msgspec.json.encode({"object": "list", "data": [_shape(item) for item in found]}))


async def get_review(request: Request) -> Response:
    """One item, with the exact content for those who may decide on it, as long as it waits."""
    caller = await caller_of(request)
    shown = await services(request).reviewing.show(caller, request.path_params["id"])
    content = None if shown.content is None else shown.content.decode("utf-8", "replace")
    return json_response(msgspec.json.encode({**_shape(shown.item), "content": content}))


async def approve_review(request: Request) -> Response:
    """Let the item be: a release becomes a grant, an answer can be fetched, a label goes down. Nobody approves his own."""
    caller = await caller_of(request)
    return _answered(await services(request).reviewing.approve(caller, request.path_params["id"]))


async def refuse_review(request: Request) -> Response:
    """Let the item not be; its content is deleted."""
    caller = await caller_of(request)
    return _answered(await services(request).reviewing.refuse(caller, request.path_params["id"]))


async def get_reviewed_answer(request: Request) -> Response:
    """An approved answer for whoever asked, in the shape of the API that was called, until it expires."""
    caller = await caller_of(request)
    item, payload = await services(request).reviewing.collect(caller, request.path_params["id"])
    _, given, asked = item.content_type.split("/")
    dialect: Dialect = "anthropic" if given == "anthropic" else "openai"
    whole = outgoing(request, caller, item.decision_id, dialect).whole(payload)
    if asked == "anthropic" and dialect == "openai":
        whole = msgspec.json.encode(to_message(msgspec.json.decode(whole)))
    label = await services(request).provenance.label(caller.tenant, (item.decision_id,))
    return json_response(whole, headers(request, caller, item.decision_id, item.model) | label_header(label) | GENERATED)


def _answered(item: ReviewItem) -> Response:
    return json_response(msgspec.json.encode(_shape(item)))


def _shape(item: ReviewItem) -> dict[str, Any]:
    return {"object": "kyozon.review", **plain(item)}


routes = [
    Route("/kyozon/v1/reviews", list_reviews, methods=["GET"]),
    Route("/kyozon/v1/reviews/{id}", get_review, methods=["GET"]),
    Route("/kyozon/v1/reviews/{id}/approve", approve_review, methods=["POST"]),
    Route("/kyozon/v1/reviews/{id}/refuse", refuse_review, methods=["POST"]),
    Route("/kyozon/v1/reviews/{id}/answer", get_reviewed_answer, methods=["GET"]),
]
