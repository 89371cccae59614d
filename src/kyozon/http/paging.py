"""Lists in OpenAI's way: `after`, `before`, `limit` and `order` in; `data`, `first_id`, `last_id` and `has_more` out."""

from collections.abc import Sequence
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from kyozon.domain.errors import InvalidRequest
from kyozon.domain.language import Text
from kyozon.http.answering import json_response
from kyozon.ports.knowledge import Page

_USUAL, _MOST = 20, 100


def page_of(request: Request, usual: int = _USUAL, most: int = _MOST) -> Page:
    """Which part of a list is asked for; raises `InvalidRequest`."""
    asked = request.query_params
    order = asked.get("order", "desc")
    if order not in ("asc", "desc"):
        raise InvalidRequest(Text("order must be asc or desc.", "order は asc か desc です。"), "order")
    after, before = asked.get("after") or None, asked.get("before") or None
    if after is not None and before is not None:
        raise InvalidRequest(
            Text("give after or before, not both.", "after と before はどちらか一方だけ指定できます。"), "before"
        )
    limit = number_of(asked.get("limit", str(usual)), "limit", most)
    return Page(after=after, before=before, limit=limit, ascending=order == "asc")


def number_of(text: str, name: str, most: int) -> int:
    """A whole number from 1 to `most`; raises `InvalidRequest`."""
    if not text.isdecimal() or len(text) > len(str(most)) or not 1 <= int(text) <= most:
        raise InvalidRequest(
            Text(f"{name} must be between 1 and {most:,}.", f"{name} は 1 から {most:,} までの整数です。"), name
        )
    return int(text)


def listed(shapes: Sequence[dict[str, Any]], *, more: bool) -> Response:
    """A page of a list."""
    ids = [shape["id"] for shape in shapes]
    page = {
        "object": "list",
        "data": shapes,
        "first_id": ids[0] if ids else None,
        "last_id": ids[-1] if ids else None,
        "has_more": more,
    }
    return json_response(msgspec.json.encode(page))
