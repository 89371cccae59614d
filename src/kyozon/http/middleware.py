"""Around every request: an id, one place that turns errors into answers, one log line without text."""

import json
import logging
import time

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kyozon.domain.errors import BudgetReached, Busy, KyozonError, LimitReached, StorageUnavailable
from kyozon.domain.language import Text
from kyozon.http.answering import is_anthropic, left_of_limits
from kyozon.http.context import Access, Services, language
from kyozon.http.errors import render
from kyozon.services.deciding import RECORDED

_log = logging.getLogger("kyozon.http")
_ALWAYS = ("/health/", "/metrics")


class Surround:
    """Pure ASGI, since a `BaseHTTPMiddleware` would cost more than the rest of the request path."""

    def __init__(self, app: ASGIApp, owner: Starlette, services: Services) -> None:
        self._app = app
        self._owner = owner
        self._services = services
        self._running = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one HTTP request; other scopes pass through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope["app"], scope["services"] = self._owner, self._services
        began = time.perf_counter()
        request_id = self._services.world.new_id("req")
        told = request_id.encode()
        scope.setdefault("state", {})["request_id"] = request_id
        status = 0
        RECORDED.set(None)  # a server may run one request in the context of another

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                spent = b"%.0f" % ((time.perf_counter() - began) * 1000)
                message["headers"] += [(b"x-request-id", told), (b"request-id", told), (b"openai-processing-ms", spent)]
            await send(message)

        try:
            self._admit(scope["path"])
            self._running += 1
            try:
                await self._app(scope, receive, sending)
            finally:
                self._running -= 1
        except Exception as error:  # noqa: BLE001 - the outermost place: whatever happens, the caller gets an answer
            known = _storage(error, request_id) if isinstance(error, StorageUnavailable) else error
            known = known if isinstance(known, KyozonError) else _unexpected(error, request_id)
            if status == 0:
                await self._tell(known, Request(scope, receive), sending)
        finally:
            route = getattr(scope.get("route"), "path", "")
            ms = round((time.perf_counter() - began) * 1000)
            self._services.log(Access(self._services.world.now(), request_id, scope["method"], route, status, ms))

    async def _tell(self, error: KyozonError, request: Request, send: Send) -> None:
        """Answer with an error, in the caller's dialect and language."""
        response = render(
            error,
            language(request),
            anthropic=is_anthropic(request),
            request_id=request.state.request_id,
            now=self._services.world.now().timestamp(),
            decision=RECORDED.get(),
        )
        if isinstance(error, LimitReached | BudgetReached):
            response.headers.update(left_of_limits(request, request.state.caller))
        await response(request.scope, request.receive, send)

    def _admit(self, path: str) -> None:
        """Uvicorn's own limit counts idle connections, which anybody may open, and turns away who asks for health, too."""
        limit = self._services.max_concurrent
        if self._running >= limit and not path.startswith(_ALWAYS):
            raise Busy(
                Text(
                    f"{limit} requests are being worked on or wait, and more at once are not taken ([server] "
                    "max_concurrent and queue_length). Try again in a moment.",
                    f"処理中と待機中の要求が上限の {limit} 件（[server] max_concurrent と queue_length の合計）に"
                    "達しています。少し待って再度お試しください。",
                )
            )


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
