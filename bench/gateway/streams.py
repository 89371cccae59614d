"""The mock upstream for streams, `python -m bench.gateway.streams PORT`: as little work a chunk as an event loop can do."""

import asyncio
import sys
from typing import cast

import httptools
import uvloop

from bench.gateway.traffic import GAP, chunks

_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ntransfer-encoding: chunked\r\n\r\n"
_END = b"0\r\n\r\n"


class Mock(asyncio.Protocol):
    """Answers each request with the same chunks, `GAP` seconds apart."""

    def __init__(self, loop: asyncio.AbstractEventLoop, framed: list[bytes]) -> None:
        self._loop = loop
        self._framed = framed
        self._parser = httptools.HttpRequestParser(self)
        self._timer: asyncio.TimerHandle | None = None
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep where to write."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's do not descend from asyncio's

    def data_received(self, data: bytes) -> None:
        """Read on."""
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        """The request is whole: the first chunk goes at once, with the head."""
        self._send(0, self._loop.time())

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """The client has left."""
        if self._timer is not None:
            self._timer.cancel()

    def _send(self, place: int, began: float) -> None:
        last = place == len(self._framed) - 1
        self._transport.write((_HEAD if place == 0 else b"") + self._framed[place] + (_END if last else b""))
        if not last:
            # By the clock, not from the last chunk: a late one must not delay the rest.
            self._timer = self._loop.call_at(began + (place + 1) * GAP, self._send, place + 1, began)


async def _serve(port: int) -> None:
    loop = asyncio.get_running_loop()
    framed = [f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n" for chunk in chunks()]
    server = await loop.create_server(lambda: Mock(loop, framed), "127.0.0.1", port, backlog=1024)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(_serve(int(sys.argv[1])))
