"""A real HTTP server on loopback that plays a provider: it records what it gets, checks it, and misbehaves on demand."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import Any, Self

import msgspec
from aiohttp import web
from msgspec import Struct, field
from multidict import CIMultiDict, CIMultiDictProxy


class Received(Struct, frozen=True):
    """One request as it arrived; header names compare without case; `json` is None where the body is none."""

    method: str
    path: str
    query: dict[str, str]
    headers: CIMultiDictProxy[str]
    raw: bytes
    json: Any


class ToolCall(Struct, frozen=True):
    """A tool call the model makes."""

    name: str
    arguments: str = "{}"
    id: str = "call_1"


class Behaviour(Struct, frozen=True, kw_only=True):
    """What the model says and how the server treats one request. The default is a whole, correct answer.

    Speech: `text`, `reasoning`, `tool_calls`, `finish`, `choices` (how many), `usage` in the vendor's own shape, which
    `usage_unasked` puts into the last chunk as some do. `reasoning_field` is where reasoning stands; `parts` puts it among
    the parts of the content. `raw_events` replaces the stream's events, `raw_body` the whole body.

    Trouble: any `status` other than 200 is answered with `headers` and an error body; `hang` never answers, `reset` drops
    the connection unanswered; `cut_after` ends a stream well-formed after so many events and `reset_after` drops the
    connection there; `delay` and `gap` are seconds before the first byte and between events.
    """

    text: str = "Hello, world."
    reasoning: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    finish: str | None = None
    usage: Mapping[str, Any] | None = None
    usage_unasked: bool = False
    reasoning_field: str = "reasoning_content"
    choices: int = 1
    raw_events: tuple[bytes, ...] | None = None
    raw_body: bytes | None = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    hang: bool = False
    reset: bool = False
    cut_after: int | None = None
    reset_after: int | None = None
    delay: float = 0.0
    gap: float = 0.0


class FakeServer(ABC):
    """`async with` it; `behaviours` are taken from the front, one for each request, then `default` holds.

    Attributes:
        received: every request, in order.
        mistakes: what was wrong with requests that broke the vendor's types (each was answered with 400).
        left: how often a client hung up before the answer was whole.
        connections: how many connections were opened.
    """

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.behaviours: list[Behaviour] = []
        self.default = Behaviour()
        self.mistakes: list[str] = []
        self.left = 0
        self.connections = 0
        self.url = ""
        self._peers: set[object] = set()
        self._runner: web.AppRunner | None = None

    @abstractmethod
    def check(self, received: Received) -> None:
        """Raise `ValueError` (pydantic's errors are such) when the request breaks the vendor's own types."""

    @abstractmethod
    def body(self, received: Received, behaviour: Behaviour) -> bytes:
        """The whole answer."""

    @abstractmethod
    def streams(self, received: Received) -> bool:
        """Whether the request asks for server-sent events."""

    @abstractmethod
    def events(self, received: Received, behaviour: Behaviour) -> Iterator[bytes]:
        """The bytes of each server-sent event, blank line and all."""

    def error_body(self, status: int, message: str) -> bytes:
        """The vendor's error shape."""
        return msgspec.json.encode({"error": {"message": message, "type": "error", "param": None, "code": str(status)}})

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._serve)
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.2, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def stop(self) -> None:
        """Close the port: further connections are refused."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        received = await self._record(request)
        behaviour = self.behaviours.pop(0) if self.behaviours else self.default
        try:
            self.check(received)
        except ValueError as error:
            self.mistakes.append(str(error))
            return web.Response(status=400, body=self.error_body(400, str(error)))
        try:
            await asyncio.sleep(behaviour.delay)
            if behaviour.hang:
                await asyncio.Event().wait()
            return await self._answer(request, received, behaviour)
        except (asyncio.CancelledError, ConnectionError):
            self.left += 1
            raise

    async def _record(self, request: web.Request) -> Received:
        if request.transport is not None and request.transport not in self._peers:
            self._peers.add(request.transport)
            self.connections += 1
        raw = await request.read()
        try:
            json = msgspec.json.decode(raw)
        except msgspec.DecodeError:
            json = None
        received = Received(
            request.method, request.path, dict(request.query), CIMultiDictProxy(CIMultiDict(request.headers)), raw, json
        )
        self.received.append(received)
        return received

    async def _answer(self, request: web.Request, received: Received, behaviour: Behaviour) -> web.StreamResponse:
        if behaviour.reset:
            return _drop(request, web.Response())
        if behaviour.status != 200:
            body = behaviour.raw_body
            if body is None:
                body = self.error_body(behaviour.status, "the fake was told to fail")
            return web.Response(status=behaviour.status, headers=behaviour.headers, body=body)
        if self.streams(received):
            return await self._stream(request, received, behaviour)
        body = self.body(received, behaviour) if behaviour.raw_body is None else behaviour.raw_body
        return web.Response(headers=behaviour.headers, body=body, content_type="application/json")

    async def _stream(self, request: web.Request, received: Received, behaviour: Behaviour) -> web.StreamResponse:
        response = web.StreamResponse(headers={"content-type": "text/event-stream", **behaviour.headers})
        await response.prepare(request)
        events = self.events(received, behaviour) if behaviour.raw_events is None else iter(behaviour.raw_events)
        for sent, event in enumerate(events):
            if sent == behaviour.cut_after:
                break
            if sent == behaviour.reset_after:
                return _drop(request, response)
            await response.write(event)
            await asyncio.sleep(behaviour.gap)
        await response.write_eof()
        return response


def _drop(request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.abort()
    return response
