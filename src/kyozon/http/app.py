"""The application: every module of this package that has `routes` is mounted."""

import importlib
import pkgutil

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

import kyozon.http
from kyozon.domain.errors import InvalidRequest, NotFound
from kyozon.domain.language import Text
from kyozon.http.answering import is_anthropic
from kyozon.http.context import Services, language, services
from kyozon.http.errors import render
from kyozon.http.middleware import Surround

_NOT_FOUND = 404


def build(services: Services) -> Starlette:
    """The ASGI application over these services."""
    app = Starlette(
        routes=all_routes(),
        middleware=[Middleware(Surround)],
        exception_handlers={HTTPException: _http_exception},
    )
    app.state.services = services
    return app


def all_routes() -> list[BaseRoute]:
    """The routes of every module here, in the modules' order."""
    found: list[BaseRoute] = []
    for module in pkgutil.iter_modules(kyozon.http.__path__, "kyozon.http."):
        found += getattr(importlib.import_module(module.name), "routes", [])
    return found


async def _http_exception(request: Request, error: Exception) -> Response:
    """What Starlette itself refuses (no such path, another method) comes out in the caller's dialect, too."""
    assert isinstance(error, HTTPException)  # noqa: S101 - it is registered for nothing else
    path = request.url.path
    if error.status_code == _NOT_FOUND:
        raise NotFound(
            Text(f"there is no {request.method} {path} here.", f"{request.method} {path} はありません。")
        ) from error
    wrong = InvalidRequest(
        Text(f"{request.method} {path}: {error.detail}.", f"{request.method} {path} は使えません：{error.detail}。")
    )
    request_id, now = request.state.request_id, services(request).world.now().timestamp()
    response = render(wrong, language(request), anthropic=is_anthropic(request), request_id=request_id, now=now)
    response.status_code = error.status_code
    response.headers.update(error.headers or {})
    return response
