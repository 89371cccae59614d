"""One connection of the lean client: a request out, its answer in, and then perhaps a rest."""

import asyncio
import math
import select
from collections.abc import Callable, Mapping
from typing import Protocol, cast

from kyozon.providers.http1 import AnswerReader

_READ_AHEAD = 262_144  # bytes of an answer read before anyone takes them

Origin = tuple[str, int]


class Pool(Protocol):
    """What a connection tells the client that owns it."""

    def opened(self, connection: "Connection") -> None:
        """It stands."""
        ...

    def rest(self, connection: "Connection", now: float) -> None:
        """It can carry another request."""
        ...

    def lost(self, connection: "Connection") -> None:
        """It is closed."""
        ...

    def expect(self, moment: float) -> None:
        """Its deadline must be looked at no later than `moment`."""
        ...


class Connection(asyncio.Protocol):
    """One connection, which carries one request at a time or rests."""

    def __init__(self, pool: Pool, origin: Origin, loop: asyncio.AbstractEventLoop) -> None:
        self.origin = origin
        self.deadline = math.inf
        self._pool = pool
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
        self._pool.expect(self.deadline)
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
        self._pool.rest(self, self._loop.time())

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
        self._pool.opened(self)

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
        self._pool.lost(self)
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
