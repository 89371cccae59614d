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
        try:
            with _Presence(receive):
                await self._send(send)
        finally:
            try:
                await self._events.aclose()
            finally:
                await self._close()

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
    with _Presence(request.receive):
        return await work
    raise InvalidRequest(Text("the caller left before the answer.", "応答の前に接続が切れました。"))


class _Presence:
    """Cancels what stands in its block, once, when the caller leaves, and goes on behind the block.

    It does so as `asyncio.timeout` does when time is up: the work stays in the task that serves the request, and a
    cancellation from elsewhere passes through. The waiting for the caller's leaving is a coroutine moved on by hand, by the
    future that it waits for: a task of its own would cost each request two more rounds of the loop.
    """

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._left = False

    def __enter__(self) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a coroutine runs in one
        self._task = task
        self._cancelling = task.cancelling()
        self._watching: Coroutine[Any, Any, None] | None = self._watch()
        self._go_on()

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> bool:
        watching, self._watching = self._watching, None
        if watching is not None:
            watching.close()
        if not self._left:
            return False
        alone = self._task.uncancel() <= self._cancelling
        return alone and kind is asyncio.CancelledError

    def _go_on(self, _: object = None) -> None:
        """Run the watch up to what it waits for next, unless its block has been left meanwhile."""
        if self._watching is None:
            return
        try:
            waits_for = self._watching.send(None)
        except StopIteration:
            return
        if waits_for is None:  # the coroutine's way to let others run
            asyncio.get_running_loop().call_soon(self._go_on)
            return
        waits_for._asyncio_future_blocking = False  # noqa: SLF001 - how a task, too, says that it has seen the future
        waits_for.add_done_callback(self._go_on)

    async def _watch(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._left = True
        self._task.cancel()
