"""A pooled HTTP/1.1 client for engines on plain HTTP in one's own house. aiohttp speaks to everybody else.

It does what a call to a model needs and no more: POST, keep-alive, streamed answers, limits on waiting. It uses a third of
aiohttp's CPU time for that.
"""

import asyncio
import math
import select
from collections.abc import Callable, Mapping
from typing import cast

from msgspec import Struct

from kyozon.providers.http1 import AnswerReader, post_head, target_of

_REST_S = 1.5
"""How long an unused connection is kept: servers give up theirs after 2 s (gunicorn) or 5 s (uvicorn, llama.cpp, Node)."""
_TICK_S = 0.01
_READ_AHEAD = 262_144  # bytes of an answer read before anyone takes them

Origin = tuple[str, int]


class Request(Struct, frozen=True):
    """One POST; without `keep` its connection is closed afterwards, whatever the server says."""

    url: str
    headers: Mapping[str, str]
    body: bytes
    keep: bool = True


class LeanClient:
    """Keeps connections for reuse, as many as are asked for at the same time.

    A request is sent once. It may have been carried out as soon as one byte of it has left, whatever became of the
    connection, so only an idempotent one could be repeated here (RFC 9110 §9.2.2, RFC 9112 §9.3.1); calls to models are
    not, and cost money. What is left is to look, before the first byte, whether the server has closed a kept connection:
    then another is taken. In the moment between looking and writing it may still close; that request fails as
    unreachable, and those who decide on fallbacks, and write them down, decide on that.

    Args:
        connect: seconds to wait for a new connection.
    """

    def __init__(self, connect: float) -> None:
        self._connect_s = connect
        self._resting: dict[Origin, list[Connection]] = {}
        self._open: set[Connection] = set()
        self._due = math.inf
        self._timer: asyncio.TimerHandle | None = None

    async def post(self, request: Request, seconds: float) -> "Exchange":
        """Send, and wait so long for the head of the answer.

        Raises:
            ValueError: the address or a header is none.
            OSError: no connection, none in time, no answer (`BrokenAnswer`), or no head in time (`TimeoutError`).
        """
        target = target_of(request.url)
        head = post_head(target, request.headers, len(request.body))
        origin = (target.host, target.port)
        connection = self._rested(origin) or await self._connected(origin, min(self._connect_s, seconds))
        exchange = connection.send(head, request.body, keep=request.keep)
        try:
            await exchange.begun(seconds)
        except BaseException:
            exchange.release()
            raise
        return exchange

    async def close(self) -> None:
        """Close all connections; answers still being read break."""
        for connection in list(self._open):
            connection.abort()
        if self._timer is not None:
            self._timer.cancel()
            self._timer, self._due = None, math.inf
        await asyncio.sleep(0)  # the loop's turn to take the sockets down

    def _rested(self, origin: Origin) -> "Connection | None":
        resting = self._resting.get(origin, [])
        while resting:
            connection = resting.pop()
            if connection.quiet():
                return connection
            connection.abort()
        return None

    async def _connected(self, origin: Origin, seconds: float) -> "Connection":
        async with asyncio.timeout(seconds):
            loop = asyncio.get_running_loop()
            _, connection = await loop.create_connection(lambda: Connection(self, origin, loop), *origin)
        return connection

    # What connections call.

    def opened(self, connection: "Connection") -> None:
        """A new connection stands."""
        self._open.add(connection)

    def rest(self, connection: "Connection", now: float) -> None:
        """Keep a connection for the next request, the one used last for the very next: the others may grow old."""
        self._resting.setdefault(connection.origin, []).append(connection)
        connection.deadline = now + _REST_S
        self.expect(connection.deadline)

    def lost(self, connection: "Connection") -> None:
        """A connection is closed."""
        self._open.discard(connection)
        resting = self._resting.get(connection.origin, [])
        if connection in resting:
            resting.remove(connection)

    def expect(self, moment: float) -> None:
        """Look at the deadlines no later than `moment`.

        All connections share one timer. Deadlines mostly move away before they are reached, and the timer is not touched
        for that: it fires, finds what is due then, and is set to what comes next.
        """
        if moment >= self._due:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._due = moment
        self._timer = asyncio.get_running_loop().call_at(moment, self._sweep)

    def _sweep(self) -> None:
        now = asyncio.get_running_loop().time()
        self._due, self._timer = math.inf, None
        for connection in list(self._open):
            if connection.deadline <= now:
                connection.expire()
        soonest = min((connection.deadline for connection in self._open), default=math.inf)
        if soonest < math.inf:
            self.expect(max(soonest, now + _TICK_S))


class Connection(asyncio.Protocol):
    """One connection, which carries one request at a time or rests."""

    def __init__(self, client: LeanClient, origin: Origin, loop: asyncio.AbstractEventLoop) -> None:
        self.origin = origin
        self.deadline = math.inf
        self._client = client
        self._loop = loop
        self._transport: asyncio.Transport
        self._socket = select.poll()
        self._reader: AnswerReader | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._paused = False

    def send(self, head: bytes, body: bytes, *, keep: bool) -> "Exchange":
        """Begin a request."""
        self.deadline = math.inf
        self._reader = AnswerReader()
        self._transport.writelines((head, body))
        return Exchange(self, self._reader, keep=keep)

    def quiet(self) -> bool:
        """Whether nothing came on a resting connection: neither its end nor bytes that nobody asked for."""
        return not (self._transport.is_closing() or self._socket.poll(0))

    async def until(self, ready: Callable[[], bool], seconds: float) -> None:
        """Wait for what the server sends to make `ready` true; raises `TimeoutError` after so many seconds.

        They count only while somebody waits here: the slowness of a caller is not the server's fault.
        """
        self.deadline = self._loop.time() + seconds
        self._client.expect(self.deadline)
        try:
            while not ready():
                self._waiter = self._loop.create_future()
                await self._waiter
        finally:
            self._waiter, self.deadline = None, math.inf

    def taken(self) -> None:
        """The body that had come was taken: read on, if the reading was paused."""
        if self._paused:
            self._paused = False
            if not self._transport.is_closing():
                self._transport.resume_reading()

    def finish(self, reader: AnswerReader, *, keep: bool) -> None:
        """The request is over: keep a connection that can carry another, close any other at once.

        A server may answer before it has read the whole request; the rest of that would stand before the next one.
        """
        self._reader = None
        if not (keep and reader.reusable) or self._transport.is_closing() or self._transport.get_write_buffer_size():
            reader.end()
            self.abort()
            return
        self.taken()
        self._client.rest(self, self._loop.time())

    def expire(self) -> None:
        """The deadline has passed: for whoever waits, or for the rest."""
        if self._waiter is None:
            self.deadline = math.inf
            self.abort()
        elif not self._waiter.done():
            self._waiter.set_exception(TimeoutError())

    def abort(self) -> None:
        """Close at once, whatever was still to be written."""
        self._transport.abort()

    # What the loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection stands."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's own is one in all but name
        self._socket.register(transport.get_extra_info("socket").fileno(), select.POLLIN)
        self._client.opened(self)

    def data_received(self, data: bytes) -> None:
        """Bytes of the answer; to a resting connection nobody should send any, and the next answer must not begin so."""
        reader = self._reader
        if reader is None:
            self.abort()
            return
        reader.feed(data)
        if reader.waiting > _READ_AHEAD and not self._paused and not self._transport.is_closing():
            self._paused = True
            self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> None:
        """The server will send no more; the loop closes the connection."""
        if self._reader is not None:
            self._reader.end()
            self._wake()

    def connection_lost(self, error: Exception | None) -> None:
        """The connection is closed, by whomever."""
        self._client.lost(self)
        if self._reader is not None:
            self._reader.end(str(error) if error else "the connection was closed")
            self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


class Exchange:
    """A request that was sent, and its answer."""

    __slots__ = ("_connection", "_keep", "_reader", "_released")

    def __init__(self, connection: Connection, reader: AnswerReader, *, keep: bool) -> None:
        self._connection = connection
        self._reader = reader
        self._keep = keep
        self._released = False

    @property
    def status(self) -> int:
        """Of the answer."""
        return self._reader.status

    @property
    def headers(self) -> Mapping[str, str]:
        """The answer's fields by lower-case name."""
        return self._reader.headers

    async def begun(self, seconds: float) -> None:
        """Wait for the head; raises as `LeanClient.post` says."""
        await self._connection.until(self._reader.begun, seconds)
        if self._reader.error is not None and not self._reader.status:
            raise self._reader.error

    async def read(self, seconds: float) -> bytes:
        """The body that came since the last read, waiting for some; empty at the end.

        Raises:
            BrokenAnswer: the answer ended before its end, or what came is none.
            TimeoutError: none came for so long.
        """
        reader = self._reader
        if not reader.readable():
            await self._connection.until(reader.readable, seconds)
        if reader.waiting:
            taken = reader.take()
            self._connection.taken()
            return taken
        if reader.error is not None:
            raise reader.error
        return b""

    def release(self) -> None:
        """Give the connection back, or close it where the answer was not read to its end: the server then stops."""
        if not self._released:
            self._released = True
            self._connection.finish(self._reader, keep=self._keep)
