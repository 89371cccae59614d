"""The one HTTP client towards models. Nothing else in Kyozon holds one: what leaves, leaves through here."""

import asyncio
import json
import logging
from collections.abc import AsyncGenerator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final, Protocol
from urllib.parse import urlsplit

import aiohttp
import msgspec
from msgspec import Struct

from kyozon.domain.errors import KyozonError, RejectedUpstream, StreamBroken, UpstreamFailed, UpstreamUnreachable
from kyozon.domain.language import Text
from kyozon.providers.connection_trouble import in_words
from kyozon.providers.lean import LeanClient, Request
from kyozon.providers.retry_after import retry_after
from kyozon.providers.sse import MOST_BYTES, NOT_JSON, EndlessEventError, Event, EventParser

_log = logging.getLogger(__name__)

_CALLERS_MISTAKE = (400, 404, 413, 415, 422)
_CREDENTIAL = (401, 403)
_DETAIL_LIMIT = 2_000
_ERROR_BODY_LIMIT = 65_536
_DRAIN_S = 0.05
_BROKEN = (aiohttp.ClientError, OSError)  # time-outs are among the latter


class Largest(Struct, frozen=True):
    """Bytes of an answer that are kept before it can be passed on: of one event of a stream, of a whole body.

    Two thousand long vectors written as numbers are the largest answer that there is a use for.
    """

    event: int = MOST_BYTES
    whole: int = 256 << 20


class Timeouts(Struct, frozen=True):
    """Seconds: to connect, to the first byte of the answer's body, between two reads of it."""

    connect: float = 10.0
    first_byte: float = 600.0
    between: float = 120.0


class Send(Struct, frozen=True):
    """One request to a provider. `close` asks for a connection of its own."""

    provider: str
    url: str
    body: bytes
    headers: Mapping[str, str]
    close: bool = False


class Reply(Protocol):
    """An answer whose head has come. Whoever opened it releases it."""

    @property
    def status(self) -> int:
        """HTTP's number."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """The head's fields, found by their lower-case names."""
        ...

    async def read(self, seconds: float) -> bytes:
        """The body that came since the last read, waiting so long for some; empty at the end. Raises one of `_BROKEN`."""
        ...

    def release(self) -> None:
        """Give the connection back; close it where the answer was not read to its end, so that the provider stops."""
        ...


class Transport:
    """A pooled HTTP client; failures come out as the errors that `ports.provider.ChatAdapter` promises.

    Args:
        timeouts: how long to wait for what.
        lean: whether plain `http://` goes through the lean client; without it, aiohttp carries that, too.
        largest: how much of an answer is kept; what grows beyond is broken off.
    """

    def __init__(self, timeouts: Timeouts | None = None, *, lean: bool = True, largest: Largest | None = None) -> None:
        self._timeouts = timeouts or Timeouts()
        self._largest = largest or Largest()
        self._lean = LeanClient(self._timeouts.connect) if lean else None
        self._sessions: dict[bool, aiohttp.ClientSession] = {}

    async def post(self, send: Send) -> bytes:
        """The whole body of a successful answer."""
        reply = await self._open(send)
        try:
            chunks: list[bytes] = []
            size = 0
            while chunk := await self._read(send.provider, reply, begun=bool(chunks)):
                chunks.append(chunk)
                size += len(chunk)
                if size > self._largest.whole:
                    raise StreamBroken(send.provider, f"it is larger than {self._largest.whole:,} bytes")
            return b"".join(chunks)
        finally:
            reply.release()

    async def events(self, send: Send, end: bytes | None = None) -> AsyncGenerator[Event, None]:
        """The server-sent events of a successful answer; ends after one whose data is `end`, or when the provider ends it.

        It ends the same way however early the provider ended it well-formed: whether the answer is whole is for the wire
        format to say.
        """
        parser, begun = EventParser(self._largest.event), False
        reply = await self._open(send)
        try:
            while chunk := await self._read(send.provider, reply, begun=begun):
                begun = True
                for event in parser.feed(chunk):
                    yield event
                    if event.data == end:
                        await _drain(reply)
                        return
        except EndlessEventError as endless:
            raise StreamBroken(send.provider, f"an event is larger than {self._largest.event:,} bytes") from endless
        finally:
            reply.release()

    async def close(self) -> None:
        """Close all connections."""
        if self._lean is not None:
            await self._lean.close()
        while self._sessions:
            await self._sessions.popitem()[1].close()

    async def _open(self, send: Send) -> Reply:
        """The reply of status 200; every other one is raised."""
        headers = {"content-type": "application/json", **send.headers}
        if send.close:
            headers["connection"] = "close"
        try:
            if self._lean is not None and send.url.startswith("http://"):
                request = Request(send.url, headers, send.body, keep=not send.close)
                reply: Reply = await self._lean.post(request, self._timeouts.first_byte)
            else:
                reply = await self._by_aiohttp(send, headers)
        except (*_BROKEN, ValueError) as error:
            raise _told(UpstreamUnreachable, send.provider, error, _origin(send.url)) from error
        if reply.status == 200:  # noqa: PLR2004 - HTTP's own number
            return reply
        try:
            raise await self._failure(send.provider, reply)
        finally:
            reply.release()

    async def _by_aiohttp(self, send: Send, headers: Mapping[str, str]) -> "_AiohttpReply":
        request = self._session(close=send.close).post(send.url, data=send.body, headers=headers, allow_redirects=False)
        async with asyncio.timeout(self._timeouts.first_byte):
            return _AiohttpReply(await request)

    async def _read(self, provider: str, reply: Reply, *, begun: bool) -> bytes:
        """What came of the body. Providers send the head at once and think before its first byte: that wait is longer."""
        try:
            return await reply.read(self._timeouts.between if begun else self._timeouts.first_byte)
        except _BROKEN as error:
            raise _told(StreamBroken if begun else UpstreamUnreachable, provider, error) from error

    async def _failure(self, provider: str, reply: Reply) -> KyozonError:
        body = b""
        try:
            while chunk := await self._read(provider, reply, begun=bool(body)):
                body += chunk
                if len(body) > _ERROR_BODY_LIMIT:
                    break
        except (UpstreamUnreachable, StreamBroken):
            pass  # the status alone tells what happened; what arrived of the body is enough
        return failure(provider, reply.status, error_detail(body), retry_after(reply.headers, datetime.now(UTC)))

    def _session(self, *, close: bool) -> aiohttp.ClientSession:
        """The pool of kept connections, or with `close` the one that keeps none, whatever a server says."""
        if close not in self._sessions:
            self._sessions[close] = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, ttl_dns_cache=60, force_close=close),
                cookie_jar=aiohttp.DummyCookieJar(),
                # Reads are timed in `_AiohttpReply`: aiohttp's own limit would also cut short the wait for the head.
                timeout=aiohttp.ClientTimeout(total=None, connect=self._timeouts.connect),
            )
        return self._sessions[close]


class _AiohttpReply:
    """aiohttp's response as a `Reply`."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response
        self.status = response.status
        self.headers: Mapping[str, str] = response.headers

    async def read(self, seconds: float) -> bytes:
        async with asyncio.timeout(seconds):
            return await self._response.content.readany()

    def release(self) -> None:
        self._response.release()


async def _drain(reply: Reply) -> None:
    """Read what follows the last event, a few bytes of framing, so that the connection can be used again."""
    with suppress(*_BROKEN):
        async with asyncio.timeout(_DRAIN_S):
            while await reply.read(_DRAIN_S):
                pass


_REFUSED: Final = Text(
    "it refuses Kyozon's own credential; the operator should check the provider's key",
    "Kyozon の認証情報が拒否されました。プロバイダーのキーを管理者が確認してください",
)


def failure(provider: str, status: int, detail: str, retry_after: float | None = None) -> KyozonError:
    """The error for a failure status: the caller's mistake, or the provider's.

    What a provider says of our credential may quote it, and callers have no business with it.
    """
    if status in _CREDENTIAL:
        return UpstreamFailed(provider, status, _REFUSED, retry_after)
    if status in _CALLERS_MISTAKE:
        return RejectedUpstream(provider, status, detail)
    return UpstreamFailed(provider, status, detail, retry_after)


def error_detail(body: bytes) -> str:
    """The provider's message, wherever its error shape keeps it; else the start of the body."""
    try:
        found = msgspec.json.decode(body)
        for _ in range(3):
            if isinstance(found, list) and found:
                found = found[0]
            if isinstance(found, dict):
                found = found.get("error", found.get("message", found))
    except NOT_JSON:
        found = None
    text = found if isinstance(found, str) else body.decode("utf-8", "replace")
    return text[:_DETAIL_LIMIT].strip() or "no message"


def _origin(url: str) -> str:
    """Scheme, host and port of an address: its user, path and query may hold secrets."""
    with suppress(ValueError):
        parts = urlsplit(url)
        return f"{parts.scheme}://{parts.hostname or ''}:{parts.port or ''}"
    return ""


def _told(
    kind: type[UpstreamUnreachable | StreamBroken], provider: str, error: Exception, origin: str = ""
) -> UpstreamUnreachable | StreamBroken:
    """The failure as callers read it; what names addresses is for the operator's log. No request stands in either."""
    why = type(error).__name__ if isinstance(error, ValueError) else str(error) or type(error).__name__
    _log.warning(json.dumps({"event": kind.code, "provider": provider, "at": origin, "why": why}))
    return kind(provider, in_words(error))
