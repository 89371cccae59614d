"""A pooled HTTP/1.1 client for engines on plain HTTP in one's own house. aiohttp speaks to everybody else.

It does what a call to a model needs and no more: POST, keep-alive, streamed answers, limits on waiting. It uses a third of
aiohttp's CPU time for that, or less.
"""

import asyncio
import math
from collections.abc import Mapping

from msgspec import Struct

from kyozon.providers.http1 import post_head, target_of
from kyozon.providers.lean_connection import Connection, Exchange, Origin

_REST_S = 1.5
"""How long an unused connection is kept: servers give up theirs after 2 s (gunicorn) or 5 s (uvicorn, llama.cpp, Node)."""
_TICK_S = 0.01


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

    async def post(self, request: Request, seconds: float) -> Exchange:
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

    def _rested(self, origin: Origin) -> Connection | None:
        resting = self._resting.get(origin, [])
        while resting:
            connection = resting.pop()
            if connection.quiet():
                return connection
            connection.abort()
        return None

    async def _connected(self, origin: Origin, seconds: float) -> Connection:
        async with asyncio.timeout(seconds):
            loop = asyncio.get_running_loop()
            _, connection = await loop.create_connection(lambda: Connection(self, origin, loop), *origin)
        return connection

    # What connections call.

    def opened(self, connection: Connection) -> None:
        """A new connection stands."""
        self._open.add(connection)

    def rest(self, connection: Connection, now: float) -> None:
        """Keep a connection for the next request, the one used last for the very next: the others may grow old."""
        self._resting.setdefault(connection.origin, []).append(connection)
        connection.deadline = now + _REST_S
        self.expect(connection.deadline)

    def lost(self, connection: Connection) -> None:
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
