"""Kyozon's own records: decisions and usage, under `/kyozon/v1`."""

from datetime import UTC, date, datetime
from typing import Any, Literal, cast

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kyozon.domain.errors import InvalidRequest, NotAllowed
from kyozon.domain.language import Text
from kyozon.domain.reasoning import OWN_ACCOUNT
from kyozon.http.answering import json_response, plain
from kyozon.http.context import language, services
from kyozon.http.reading import caller_of
from kyozon.services.explaining import Recorded, Redacted

_LARGEST_PAGE = 100  # OpenAI's own
_GROUPS = ("day", "model", "key")


async def get_decision(request: Request) -> Response:
    """One decision with its candidates, objections, prices, choice and outcome, and what would have changed the choice.

    `documents` names those documents in the request that the caller may read at this moment.
    """
    caller = await caller_of(request)
    found = await services(request).explain.decision(caller, request.path_params["id"])
    if isinstance(found, Redacted):
        return json_response(msgspec.json.encode(_shape(found)))
    more = {"reasons": plain(found.reasons), "documents": plain(found.documents)}
    shape = _shape((found.decision, found.outcome)) | more
    return json_response(msgspec.json.encode(shape))


async def get_reasoning(request: Request) -> Response:
    """What the model says it thought, where that is kept: its own account, which may not reflect how the answer arose."""
    caller = await caller_of(request)
    found = await services(request).reasoning.read(caller, request.path_params["id"])
    note = OWN_ACCOUNT.to(language(request))
    shape = {"object": "kyozon.reasoning", "note": note, **plain(found), "label": str(found.label)}
    return json_response(msgspec.json.encode(shape))


async def list_decisions(request: Request) -> Response:
    """The caller's decisions, newest first; `after` and `limit` page through them."""
    caller = await caller_of(request)
    limit = _number(request.query_params.get("limit", "20"))
    found = await services(request).explain.page(caller, request.query_params.get("after"), limit + 1)
    data = [_shape(one) for one in found[:limit]]
    return json_response(msgspec.json.encode({"object": "list", "data": data, "has_more": len(found) > limit}))


async def get_usage(request: Request) -> Response:
    """Sums of the ledger by `day`, `model` or `key`, since a day; for keys with the right `admin`."""
    caller = await caller_of(request)
    if not caller.key.admin:
        raise NotAllowed(
            Text(
                "usage of the whole tenant needs an admin key (kyozon keys create --admin).",
                "テナント全体の利用状況を見るには管理者キーが必要です（kyozon keys create --admin）。",
            )
        )
    by = request.query_params.get("by", "day")
    if by not in _GROUPS:
        raise InvalidRequest(Text("by must be day, model or key.", "by は day・model・key のいずれかです。"), "by")
    since = _day(request.query_params.get("since"), services(request).world.now())
    group = cast(Literal["day", "model", "key"], by)
    rows = await services(request).records.usage(group, since, caller.tenant)
    return json_response(msgspec.json.encode({"object": "list", "by": by, "since": since, "data": rows}))


def _shape(recorded: Recorded | Redacted) -> dict[str, Any]:
    if isinstance(recorded, Redacted):
        return {"object": "kyozon.decision", **plain(recorded)}
    decision, outcome = recorded
    found: dict[str, Any] = {"object": "kyozon.decision", **plain(decision)}
    found["outcome"] = plain(outcome)
    return found


def _number(text: str) -> int:
    if not text.isdecimal() or len(text) > len(str(_LARGEST_PAGE)) or not 1 <= int(text) <= _LARGEST_PAGE:
        raise InvalidRequest(Text("limit must be between 1 and 100.", "limit は 1 から 100 です。"), "limit")
    return int(text)


def _day(text: str | None, now: datetime) -> date:
    if text is None:
        return now.astimezone(UTC).date().replace(day=1)
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise InvalidRequest(
            Text("since must be a date, as 2026-01-31.", "since は 2026-01-31 のような日付です。"), "since"
        ) from error


routes = [
    Route("/kyozon/v1/decisions", list_decisions, methods=["GET"]),
    Route("/kyozon/v1/decisions/{id}", get_decision, methods=["GET"]),
    Route("/kyozon/v1/decisions/{id}/reasoning", get_reasoning, methods=["GET"]),
    Route("/kyozon/v1/usage", get_usage, methods=["GET"]),
]
