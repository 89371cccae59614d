"""The application: every module of this package that has `routes` is mounted."""

import importlib
import pkgutil
from typing import Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

import kyozon.http
from kyozon.domain.errors import InvalidRequest, NotFound
from kyozon.domain.language import Text
from kyozon.http.answering import is_anthropic
from kyozon.http.context import Services, language, services
from kyozon.http.errors import render
from kyozon.http.middleware import Surround

_NOT_FOUND = 404


def build(services: Services) -> ASGIApp:
    """The ASGI application over these services."""
    app = Starlette(routes=all_routes())
    return Surround(Direct(app), app, services)


class Direct:
    """Calls the endpoint of a path without parameters itself; other paths go through Starlette's router.

    Starlette's whole way leads through two more middlewares, a search among the routes and two wrappers: more than all of
    Kyozon's decision costs.
    """

    def __init__(self, app: Starlette) -> None:
        self._router = app.router
        self._routes = {
            (method, route.path): route
            for route in app.routes
            if isinstance(route, Route) and not route.param_convertors
            for method in route.methods or ()
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; errors come out as they were raised."""
        route = self._routes.get((scope["method"], scope["path"]))
        try:
            if route is None:
                await self._router(scope, receive, send)
                return
            scope["route"] = route  # as the router leaves it: the log names it
            response = await route.endpoint(Request(scope, receive, send))
        except HTTPException as error:
            response = _http_exception(Request(scope, receive), error)
        await response(scope, receive, send)


def all_routes() -> list[BaseRoute]:
    """The routes of every module here, in the modules' order."""
    found: list[BaseRoute] = []
    for module in pkgutil.iter_modules(kyozon.http.__path__, "kyozon.http."):
        found += getattr(importlib.import_module(module.name), "routes", [])
    return found


_REASONS: Final = {405: "このパスではこのメソッドを使えません"}
"""The Japanese of what Starlette itself refuses, by status."""


def _http_exception(request: Request, error: HTTPException) -> Response:
    """What Starlette itself refuses (no such path, another method) comes out in the caller's dialect, too."""
    path = request.scope["path"]
    if error.status_code == _NOT_FOUND:
        raise NotFound(
            Text(f"there is no {request.method} {path} here.", f"{request.method} {path} はありません。")
        ) from error
    wrong = InvalidRequest(
        Text(
            f"{request.method} {path}: {error.detail}.",
            f"{request.method} {path} は使えません：{_REASONS.get(error.status_code, error.detail)}。",
        )
    )
    request_id, now = request.state.request_id, services(request).world.now().timestamp()
    response = render(wrong, language(request), anthropic=is_anthropic(request), request_id=request_id, now=now)
    response.status_code = error.status_code
    response.headers.update(error.headers or {})
    return response
