"""Upstreams that misbehave by plan, `python -m bench.reliability.upstream PORT SEED JOURNAL`.

One process plays several providers, told apart by the first part of the path, and notes each call when it has ended.
"""

import asyncio
import re
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, cast

import httptools
import msgspec
import uvloop
from msgspec import Struct, structs

from bench.reliability.journals import Journal, Served
from bench.reliability.plan import Asked, Behaviour, asked, behaviour
from bench.reliability.speech import Said, anthropic_events, completion, message, openai_events

_NUMBER = re.compile(rb"Request (\d{5})")
_REASONS = {200: "OK", 400: "Bad Request", 429: "Too Many Requests"}
_END = b"0\r\n\r\n"
_BITS = 11  # bytes at a time where a stream trickles
_BIT_PAUSE = 0.0005
_GARBAGE = b'{"choices": [{"mess'
_STREAM_GARBAGE = b'data: {"choices": [{"del\n\n'
_FOR_EVER = 3_600.0


class _Question(Struct):
    model: str
    stream: bool = False


class _Ended(Exception):
    """Raised with how."""


class Plays:
    """What all connections of a process share: the plan, the journal, how often each request has come."""

    def __init__(self, seed: int, journal: Journal) -> None:
        self.seed = seed
        self.journal = journal
        self._calls: Counter[int] = Counter()

    def call(self, path: str, body: bytes) -> "Call":
        """The next call, by its path `/PROVIDER/v1/…` and its body."""
        found = _NUMBER.search(body)
        if found is None:
            raise ValueError(f"a request that is not of the plan: {body[:200]!r}")
        request, provider = asked(self.seed, int(found[1])), path.split("/")[1]
        nth = self._calls[request.number]
        self._calls[request.number] += 1
        question = msgspec.json.decode(body, type=_Question)
        treated = behaviour(self.seed, request, provider, nth)
        dialect = "anthropic" if path.endswith("/messages") else "openai"
        id_ = f"{provider}-{request.number:05d}-{nth}"
        now = time.time()
        served = Served(id_, request.number, provider, dialect, question.stream, now, now, "left")
        return Call(served, request, treated, question.model)


class Call:
    """One call, played to its end on a transport."""

    def __init__(self, served: Served, request: Asked, treated: Behaviour, model: str) -> None:
        self.served = served
        self._request = request
        self._treated = treated
        self._model = model

    async def play(self, transport: asyncio.Transport) -> None:
        """Answer as the plan wants; `served` says how far it came, however it ends."""
        treated = self._treated
        await asyncio.sleep(treated.pause)
        try:
            if treated.kind == "status":
                self._fail(transport)
            elif treated.words < 0 and treated.kind not in ("answer", "trickle"):
                await self._trouble(transport)
            elif self.served.stream:
                await self._stream(transport)
            else:
                await self._whole(transport)
        except _Ended as end:
            self._note(how=str(end))

    def _fail(self, transport: asyncio.Transport) -> None:
        treated = self._treated
        content = msgspec.json.encode(
            {"type": "error", "error": {"type": "api_error", "message": "as planned", "code": treated.status}}
        )
        told = "" if treated.retry_after is None else f"retry-after-ms: {treated.retry_after * 1000:.0f}\r\n"
        transport.write(_head(treated.status, f"{told}content-length: {len(content)}\r\n") + content)
        self._note(how="status", status=treated.status, retry_after=treated.retry_after)

    async def _whole(self, transport: asyncio.Transport) -> None:
        make = message if self.served.format == "anthropic" else completion
        content = make(self._request, self.served.id, self._model, self._treated.report)
        kind = self._treated.kind
        if kind == "garbage":
            transport.write(_head(200, f"content-length: {len(_GARBAGE)}\r\n") + _GARBAGE)
            self._note(how="garbage", began_answer=True)
            return
        head = _head(200, f"content-length: {len(content)}\r\n")
        if kind in ("hang", "reset", "cut"):
            transport.write(head + content[: len(content) // 2])
            self._note(began_answer=True)
            await self._trouble(transport)
        told = msgspec.json.decode(content).get("usage")
        await self._write(transport, head + content)
        self._note(how="whole", began_answer=True, words=self._request.words, told=told)

    async def _stream(self, transport: asyncio.Transport) -> None:
        make = anthropic_events if self.served.format == "anthropic" else openai_events
        transport.write(_head(200, "transfer-encoding: chunked\r\n", "text/event-stream"))
        for said in make(self._request, self.served.id, self._model, self._treated.report):
            await self._say(transport, said)
            if said.words >= self._treated.words and self._treated.kind not in ("answer", "trickle"):
                await self._trouble(transport)
        transport.write(_END)
        self._note(how="whole")

    async def _say(self, transport: asyncio.Transport, said: Said) -> None:
        more = said.words > self.served.words
        await self._write(transport, said.payload, _chunk)
        told = self.served.told if said.told is None else {**(self.served.told or {}), **said.told}
        self._note(began_answer=True, words=said.words, told=told)
        if more and self._treated.pause:
            await asyncio.sleep(self._treated.pause)

    async def _write(self, transport: asyncio.Transport, content: bytes, framed: Callable[[bytes], bytes] = bytes) -> None:
        """All at once, or bit by bit. After the last byte nothing is waited for: the client may leave at once."""
        bits = _bits(content) if self._treated.kind == "trickle" else [content]
        for place, bit in enumerate(bits):
            if place:
                await asyncio.sleep(_BIT_PAUSE)
            transport.write(framed(bit))

    async def _trouble(self, transport: asyncio.Transport) -> None:
        kind = self._treated.kind
        if kind == "hang":
            self._note(how="hung")
            await asyncio.sleep(_FOR_EVER)
        elif kind == "reset":
            transport.abort()
        elif kind == "garbage":
            transport.write(_chunk(_STREAM_GARBAGE) + _END)
        elif self.served.stream:
            transport.write(_END)  # a stream in good order, but for its end
        else:
            transport.close()
        raise _Ended(kind)

    def _note(self, **changes: Any) -> None:
        self.served = structs.replace(self.served, **changes)


class Connection(asyncio.Protocol):
    """Plays one call after the other; a client who leaves ends the one that runs."""

    def __init__(self, plays: Plays) -> None:
        self._plays = plays
        self._parser = httptools.HttpRequestParser(self)
        self._path = ""
        self._body = b""
        self._transport: asyncio.Transport
        self._running: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep where to write."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's do not descend from asyncio's

    def data_received(self, data: bytes) -> None:
        """Read on."""
        self._parser.feed_data(data)

    def on_url(self, url: bytes) -> None:
        """A request begins."""
        self._path, self._body = url.decode(), b""

    def on_body(self, body: bytes) -> None:
        """A part of its body."""
        self._body += body

    def on_message_complete(self) -> None:
        """All of it is there."""
        self._running = asyncio.get_running_loop().create_task(self._serve())

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """The client has left, or was left."""
        if self._running is not None:
            self._running.cancel()

    async def _serve(self) -> None:
        call = self._plays.call(self._path, self._body)
        try:
            await call.play(self._transport)
        finally:
            self._plays.journal.write(structs.replace(call.served, ended=time.time()))


def _head(status: int, fields: str, kind: str = "application/json") -> bytes:
    return f"HTTP/1.1 {status} {_REASONS.get(status, 'Failed')}\r\ncontent-type: {kind}\r\n{fields}\r\n".encode()


def _chunk(content: bytes) -> bytes:
    return f"{len(content):x}\r\n".encode() + content + b"\r\n"


def _bits(content: bytes) -> list[bytes]:
    return [content[place : place + _BITS] for place in range(0, len(content), _BITS)]


async def serve(port: int, plays: Plays) -> None:
    """Take calls until cancelled."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(plays), "127.0.0.1", port, backlog=1024)
    await server.serve_forever()


if __name__ == "__main__":
    with closing(Journal(Path(sys.argv[3]))) as written:
        uvloop.run(serve(int(sys.argv[1]), Plays(int(sys.argv[2]), written)))
