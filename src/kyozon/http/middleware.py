"""Around every request: an id, one place that turns errors into answers, one log line without text."""

import json
import logging
import time

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kyozon.domain.errors import KyozonError
from kyozon.domain.language import Text
from kyozon.http.answering import is_anthropic
from kyozon.http.context import language, services
from kyozon.http.errors import render

_log = logging.getLogger("kyozon.http")


class Surround:
    """Pure ASGI, since a `BaseHTTPMiddleware` would cost more than the rest of the request path."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one HTTP request; other scopes pass through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
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
            await self._app(scope, receive, sending)
        except Exception as error:  # noqa: BLE001 - the outermost place: whatever happens, the caller gets an answer
            known = error if isinstance(error, KyozonError) else _unexpected(error, request_id)
            if status == 0:
                anthropic = is_anthropic(request)
                now = services(request).world.now().timestamp()
                response = render(known, language(request), anthropic=anthropic, request_id=request_id, now=now)
                await response(scope, receive, sending)
        finally:
            _log_line(request, request_id, status, time.perf_counter() - began)


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


def _log_line(request: Request, request_id: str, status: int, seconds: float) -> None:
    line = {
        "event": "request",
        "request": request_id,
        "method": request.method,
        "path": request.url.path,
        "status": status,
        "ms": round(seconds * 1000),
    }
    _log.info(json.dumps(line))
