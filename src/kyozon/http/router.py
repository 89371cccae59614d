"""The version of the estimates that requests are decided by, and the one that is being tried, under `/kyozon/v1/router`."""

from typing import Literal

import msgspec
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kyozon.domain.errors import NotAllowed
from kyozon.domain.language import Text
from kyozon.domain.rollout import Rollout
from kyozon.http.answering import json_response
from kyozon.http.context import services
from kyozon.http.reading import caller_of


class RouterShape(Struct, frozen=True):
    """`estimator` is the version that this server decides by, None where its router asks for no estimates."""

    router: str
    estimator: str | None
    rollouts: tuple[Rollout, ...]
    object: Literal["kyozon.router"] = "kyozon.router"


async def get_router(request: Request) -> Response:
    """What is followed, what is being tried and what speaks for it, and every version before; for admin keys."""
    caller = await caller_of(request)
    if not caller.key.admin:
        raise NotAllowed(
            Text(
                "the versions of the router are for admin keys (kyozon keys create --admin).",
                "ルーターのバージョンを見るには管理者キーが必要です（kyozon keys create --admin）。",
            )
        )
    registry = services(request).registry
    used, rollouts = registry.estimator, await services(request).rolling.all()
    found = RouterShape(registry.installation.router_name, used.version if used else None, tuple(rollouts))
    return json_response(msgspec.json.encode(found))


routes = [Route("/kyozon/v1/router", get_router, methods=["GET"])]
