"""Around every request: an id, one place that turns errors into answers, one log line without text."""

import json
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kyozon.domain.errors import BudgetReached, Busy, KyozonError, LimitReached, StorageUnavailable
from kyozon.domain.language import Text
from kyozon.http.answering import is_anthropic, left_of_limits
from kyozon.http.context import Access, language, services
from kyozon.http.errors import render

_log = logging.getLogger("kyozon.http")
_ALWAYS = ("/health/", "/metrics")


class Surround:
    """Pure ASGI, since a `BaseHTTPMiddleware` would cost more than the rest of the request path."""

    def __init__(self, app: ASGIApp, owner: Starlette) -> None:
        self._app = app
        self._owner = owner
        self._running = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one HTTP request; other scopes pass through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope["app"] = self._owner
        request = Request(scope, receive)
        began = time.perf_counter()
        request_id = services(request).world.new_id("req")
        scope.setdefault("state", {})["request_id"] = request_id
        status = 0

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                spent = f"{(time.perf_counter() - began) * 1000:.0f}"
                message["headers"] = [
                    *message["headers"],
                    (b"x-request-id", request_id.encode()),
                    (b"request-id", request_id.encode()),
                    (b"openai-processing-ms", spent.encode()),
                ]
            await send(message)

        try:
            with self._counted(request):
                await self._app(scope, receive, sending)
        except Exception as error:  # noqa: BLE001 - the outermost place: whatever happens, the caller gets an answer
            known = _storage(error, request_id) if isinstance(error, StorageUnavailable) else error
            known = known if isinstance(known, KyozonError) else _unexpected(error, request_id)
            if status == 0:
                anthropic = is_anthropic(request)
                now = services(request).world.now().timestamp()
                response = render(known, language(request), anthropic=anthropic, request_id=request_id, now=now)
                if isinstance(known, LimitReached | BudgetReached):
                    response.headers.update(left_of_limits(request, request.state.caller))
                await response(scope, receive, sending)
        finally:
            route = getattr(scope.get("route"), "path", "")
            ms = round((time.perf_counter() - began) * 1000)
            found = services(request)
            found.log(Access(found.world.now(), request_id, scope["method"], route, status, ms))

    @contextmanager
    def _counted(self, request: Request) -> Iterator[None]:
        """Uvicorn's own limit counts idle connections, which anybody may open, and turns away who asks for health, too."""
        limit = services(request).max_concurrent
        if self._running >= limit and not request.scope["path"].startswith(_ALWAYS):
            raise Busy(
                Text(
                    f"{limit} requests are being worked on or wait, and more at once are not taken ([server] "
                    "max_concurrent and queue_length). Try again in a moment.",
                    f"処理中と待機中の要求が上限の {limit} 件（[server] max_concurrent と queue_length の合計）に"
                    "達しています。少し待って再度お試しください。",
                )
            )
        self._running += 1
        try:
            yield
        finally:
            self._running -= 1


def _storage(error: StorageUnavailable, request_id: str) -> StorageUnavailable:
    """Hosts, ports and users of the database, which its driver names, are for the log; callers may not even have a key."""
    if error.__cause__ is None:
        return error
    _log.error(json.dumps({"event": "storage", "request": request_id, "why": str(error.__cause__)}))
    told = StorageUnavailable(
        Text(
            "the database cannot record this now. Try again in a moment; if it stays so, the operator finds the reason in "
            f"Kyozon's log (request {request_id}) or with 'kyozon doctor'.",
            "現在、データベースに記録できません。少し待って再度お試しください。続く場合、原因は Kyozon のログ"
            f"（リクエスト {request_id}）か「kyozon doctor」で確認できます。",
        )
    )
    told.retryable = error.retryable
    return told


def _unexpected(error: Exception, request_id: str) -> KyozonError:
    # The traceback names code, never the request's text; the exception's own words may quote it and stay out.
    frames = []
    trace = error.__traceback__
    while trace is not None:
        frames.append(f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}")
        trace = trace.tb_next
    _log.error(json.dumps({"event": "unexpected", "request": request_id, "error": type(error).__name__, "at": frames[-8:]}))
    return KyozonError(
        Text(
            f"an error of Kyozon's own; please report it with the request id {request_id}.",
            f"Kyozon 内部のエラーです。リクエスト ID {request_id} を添えてご報告ください。",
        )
    )
