"""The load of the benchmark itself, `python -m bench.gateway.driver`: reads a `Load` from its input, prints what came back.

Each connection asks again as soon as it is answered. When the time is over nothing new is asked and everything under way
is waited for, so that the server's processor time belongs to the requests that are counted: with slow servers many would
otherwise be cut off half done.
"""

import asyncio
import statistics
import sys
import time
from collections.abc import Sequence
from typing import Literal, cast

import httptools
import msgspec
import uvloop
from msgspec import Struct

from bench.gateway.traffic import Target

_PATIENCE = 30.0
_OK = 200


class Load(Struct, frozen=True):
    """So many connections for so many seconds. They begin at once, or `spread` over so many seconds, as callers do."""

    target: Target
    connections: int
    seconds: float
    spread: float = 0.0


class Served(Struct, frozen=True):
    """What one load brought; milliseconds. For streams `first` is until the first byte of the body."""

    requests: int
    failed: int
    seconds: float
    p50: float = 0.0
    p99: float = 0.0
    first_p50: float = 0.0
    first_p99: float = 0.0
    driver: Literal["wrk", "own"] = "own"


class Tally:
    """Seconds of each answered request, to its first byte and to its end."""

    def __init__(self) -> None:
        self.first: list[float] = []
        self.whole: list[float] = []
        self.failed = 0

    def served(self, seconds: float) -> Served:
        """The figures of the load."""
        return Served(
            requests=len(self.whole),
            failed=self.failed,
            seconds=seconds,
            p50=percentile(self.whole, 50),
            p99=percentile(self.whole, 99),
            first_p50=percentile(self.first, 50),
            first_p99=percentile(self.first, 99),
        )


class Connection(asyncio.Protocol):
    """Asks again and again until the end, then closes; a connection that the server closes has failed and stays closed."""

    def __init__(self, request: bytes, until: float, tally: Tally) -> None:
        self._request = request
        self._until = until
        self._tally = tally
        self._parser = httptools.HttpResponseParser(self)
        self._asked = 0.0
        self._first: float | None = None
        self._transport: asyncio.Transport
        self.over = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep where to write."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's do not descend from asyncio's

    def ask(self) -> None:
        """Send the request once."""
        self._first, self._asked = None, time.perf_counter()
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """Read on."""
        self._parser.feed_data(data)

    def on_body(self, body: bytes) -> None:  # noqa: ARG002 - the parser's signature
        """A piece of the body."""
        if self._first is None:
            self._first = time.perf_counter()

    def on_message_complete(self) -> None:
        """The answer is whole."""
        now = time.perf_counter()
        if self._parser.get_status_code() == _OK:
            self._tally.whole.append(now - self._asked)
            self._tally.first.append((self._first or now) - self._asked)
        else:
            self._tally.failed += 1
        if now < self._until and self._parser.should_keep_alive():
            self.ask()
        else:
            self._end()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """Closed, by us or by the server."""
        if not self.over.done():
            self._tally.failed += 1
            self._end()

    def _end(self) -> None:
        if not self.over.done():
            self.over.set_result(None)
        self._transport.close()


def percentile(seconds: Sequence[float], part: int) -> float:
    """In milliseconds; 0 where nothing was answered."""
    if not seconds:
        return 0.0
    if len(seconds) == 1:
        return seconds[0] * 1000
    return statistics.quantiles(seconds, n=100, method="inclusive")[part - 1] * 1000


async def drive(load: Load) -> Served:
    """Put the load on the target and wait until the last answer is there."""
    loop, tally, began = asyncio.get_running_loop(), Tally(), time.perf_counter()
    request, until = load.target.request(), began + load.seconds
    connections = []
    for place in range(load.connections):
        _, connection = await loop.create_connection(
            lambda: Connection(request, until, tally), "127.0.0.1", load.target.port
        )
        loop.call_later(load.spread * place / load.connections, connection.ask)
        connections.append(connection)
    waited = await asyncio.wait([connection.over for connection in connections], timeout=load.seconds + _PATIENCE)
    tally.failed += len(waited[1])
    return tally.served(time.perf_counter() - began)


if __name__ == "__main__":
    found = uvloop.run(drive(msgspec.json.decode(sys.stdin.buffer.read(), type=Load)))
    sys.stdout.buffer.write(msgspec.json.encode(found))
