"""`GET /v1/models`, in the shape of the SDK that asks."""

from datetime import UTC, datetime
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kyozon.domain.errors import NotFound
from kyozon.domain.language import Text
from kyozon.domain.models import AUTO, ModelCard
from kyozon.domain.quality import SHARES, parse_goal
from kyozon.http.answering import is_anthropic, json_response
from kyozon.http.context import services
from kyozon.http.reading import caller_of

_SINCE = datetime(2026, 1, 1, tzinfo=UTC)
"""Both SDKs want a date of creation; cards state none, and an invented one per model would say something false."""

_PAGE, _LARGEST_PAGE = 20, 1000  # Anthropic's own
_DIGITS = 10  # of a number worth reading


async def list_models(request: Request) -> Response:
    """Every model of this installation and `auto`; with Anthropic's SDK page by page."""
    await caller_of(request)
    cards: dict[str, ModelCard] = {}
    for card in services(request).registry.cards():
        cards.setdefault(card.id, card)  # a model served by several providers is one model
    if not is_anthropic(request):
        autos = [_openai(name, None) for name in _autos(request)]
        listed = [*autos, *(_openai(name, card) for name, card in cards.items())]
        return json_response(msgspec.json.encode({"object": "list", "data": listed}))
    chats = [name for name, card in cards.items() if card.kind == "chat"]
    return json_response(msgspec.json.encode(_page(request, [*_autos(request), *chats])))


async def retrieve_model(request: Request) -> Response:
    """One model by any name that requests may call it by."""
    await caller_of(request)
    name = request.path_params["name"]
    card = next(iter(services(request).registry.named(name)), None)
    if card is None and not _leaves_choice(request, name):
        raise NotFound(
            Text(
                f"there is no model {name!r}. GET /v1/models lists them.",
                f"モデル {name!r} はありません。GET /v1/models で一覧できます。",
            ),
            "model",
        )
    model = card.id if card else name
    return json_response(msgspec.json.encode(_anthropic(model) if is_anthropic(request) else _openai(model, card)))


def _autos(request: Request) -> list[str]:
    """The names that leave the choice to Kyozon: where it is measured, with the quality it must have."""
    measured = services(request).registry.installation.estimator is not None
    return [AUTO, *(f"{AUTO}:{name}" for name in SHARES if measured)]


def _leaves_choice(request: Request, name: str) -> bool:
    """Whether a request may give this name instead of a model's; `auto:0.85` may be, though no list could hold all such."""
    if services(request).registry.installation.estimator is None or not name.startswith(f"{AUTO}:"):
        return name == AUTO
    try:
        parse_goal(name.removeprefix(f"{AUTO}:"))
    except ValueError:
        return False
    return True


def _openai(name: str, card: ModelCard | None) -> dict[str, Any]:
    found: dict[str, Any] = {
        "id": name,
        "object": "model",
        "created": int(_SINCE.timestamp()),
        "owned_by": card.provider if card else "kyozon",
    }
    if card is not None:
        found["kyozon"] = card
    return found


def _anthropic(name: str) -> dict[str, Any]:
    created = _SINCE.isoformat().replace("+00:00", "Z")
    return {"type": "model", "id": name, "display_name": name, "created_at": created}


def _page(request: Request, names: list[str]) -> dict[str, Any]:
    """Anthropic's paging: `after_id` or `before_id`, and `limit` (20 by default)."""
    after, before = request.query_params.get("after_id"), request.query_params.get("before_id")
    limit = request.query_params.get("limit", "")
    size = min(_LARGEST_PAGE, max(1, int(limit))) if limit.isdecimal() and len(limit) < _DIGITS else _PAGE
    if before in names:  # the page that ends before it; there is more where it does not begin with the first
        earlier = names[: names.index(before)]
        page, more = earlier[-size:], len(earlier) > size
    else:
        later = names[names.index(after) + 1 :] if after in names else names
        page, more = later[:size], len(later) > size
    return {
        "data": [_anthropic(name) for name in page],
        "has_more": more,
        "first_id": page[0] if page else None,
        "last_id": page[-1] if page else None,
    }


routes = [
    Route("/v1/models", list_models, methods=["GET"]),
    Route("/v1/models/{name:path}", retrieve_model, methods=["GET"]),
]
