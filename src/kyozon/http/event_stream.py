"""Server-sent events out. A caller who leaves stops the answer, and with it the call to the provider."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Mapping
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from kyozon.domain.errors import InvalidRequest
from kyozon.domain.language import Text

T = TypeVar("T")

_HEADERS = {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-cache",
    "x-accel-buffering": "no",  # proxies such as nginx would hold a stream back
}


def event(payload: bytes, name: str = "") -> bytes:
    """One event in wire form."""
    return (b"event: " + name.encode() + b"\n" if name else b"") + b"data: " + payload + b"\n\n"


class EventStream:
    """An ASGI response over a generator of wire-form events.

    Starlette's own streaming response cancels through a task group, in whose scope nothing more can be awaited; here the
    generator is cancelled once and may still await its settlement. `close` is awaited in any case, since neither closing a
    generator nor cancelling a task runs any of it before it has begun.
    """

    def __init__(
        self, events: AsyncGenerator[bytes, None], headers: Mapping[str, str], close: Callable[[], Awaitable[None]]
    ) -> None:
        self._events = events
        self._close = close
        self._headers = {**_HEADERS, **headers}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI's signature
        """Send all events, or stop as soon as the caller has left."""
        sending = asyncio.create_task(self._send(send))
        leaving = asyncio.create_task(_left(receive))
        try:
            await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            leaving.cancel()
            sending.cancel()
            try:
                await asyncio.wait({sending})
            finally:
                await self._events.aclose()
                await self._close()
        if not sending.cancelled():
            sending.result()

    async def _send(self, send: Send) -> None:
        headers = [(name.encode(), value.encode()) for name, value in self._headers.items()]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        async for chunk in self._events:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def while_connected(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """What `work` brings, cancelled when the caller leaves: nobody then pays for an answer that nobody reads.

    Raises:
        InvalidRequest: the caller has left, so whatever is answered reaches nobody.
    """
    working = asyncio.create_task(work)
    leaving = asyncio.create_task(_left(request.receive))
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        leaving.cancel()
        working.cancel()
        await asyncio.wait({working})
    if working.cancelled():
        raise InvalidRequest(Text("the caller left before the answer.", "応答の前に接続が切れました。"))
    return working.result()


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
