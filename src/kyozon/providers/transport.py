"""The one HTTP client towards models. Nothing else in Kyozon holds one: what leaves, leaves through here."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress

import aiohttp
import msgspec
from msgspec import Struct

from kyozon.domain.errors import KyozonError, RejectedUpstream, StreamBroken, UpstreamFailed, UpstreamUnreachable
from kyozon.providers.sse import Event, EventParser

_CALLERS_MISTAKE = (400, 404, 413, 415, 422)
_DETAIL_LIMIT = 2_000
_ERROR_BODY_LIMIT = 65_536
_DRAIN_S = 0.05
_LONGEST_WAIT_S = 86_400.0
_BROKEN = (aiohttp.ClientError, OSError)  # time-outs are among the latter


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


class Transport:
    """A pooled HTTP client; failures come out as the errors that `ports.provider.ChatAdapter` promises."""

    def __init__(self, timeouts: Timeouts | None = None) -> None:
        self._timeouts = timeouts or Timeouts()
        self._sessions: dict[bool, aiohttp.ClientSession] = {}

    async def post(self, send: Send) -> bytes:
        """The whole body of a successful answer."""
        async with self._open(send) as response:
            return b"".join([chunk async for chunk in self._chunks(send.provider, response)])

    async def events(self, send: Send, end: bytes | None = None) -> AsyncGenerator[Event, None]:
        """The server-sent events of a successful answer; ends after one whose data is `end`, or when the provider ends it.

        It ends the same way however early the provider ended it well-formed: whether the answer is whole is for the wire
        format to say.
        """
        parser = EventParser()
        async with self._open(send) as response:
            async for chunk in self._chunks(send.provider, response):
                for event in parser.feed(chunk):
                    yield event
                    if event.data == end:
                        await _drain(response)
                        return

    async def close(self) -> None:
        """Close all connections."""
        while self._sessions:
            await self._sessions.popitem()[1].close()

    @asynccontextmanager
    async def _open(self, send: Send) -> AsyncIterator[aiohttp.ClientResponse]:
        headers = {"content-type": "application/json", **send.headers}
        if send.close:
            headers["connection"] = "close"
        request = self._session(close=send.close).post(send.url, data=send.body, headers=headers, allow_redirects=False)
        try:
            async with asyncio.timeout(self._timeouts.first_byte):
                response = await request
        except (*_BROKEN, ValueError) as error:
            raise UpstreamUnreachable(send.provider, _reason(error)) from error
        try:
            if response.status != 200:  # noqa: PLR2004 - HTTP's own number
                raise await self._failure(send.provider, response)
            yield response
        finally:
            # Releasing also closes the connection of an answer that was not read to its end: the provider stops generating.
            response.release()

    async def _chunks(self, provider: str, response: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
        """The body as it arrives. Providers send the head at once and think before the first byte: that wait is longer."""
        patience = self._timeouts.first_byte
        broken: type[UpstreamUnreachable | StreamBroken] = UpstreamUnreachable
        while True:
            try:
                async with asyncio.timeout(patience):
                    chunk = await response.content.readany()
            except _BROKEN as error:
                raise broken(provider, _reason(error)) from error
            if not chunk:
                return
            yield chunk
            patience, broken = self._timeouts.between, StreamBroken

    async def _failure(self, provider: str, response: aiohttp.ClientResponse) -> KyozonError:
        body = b""
        try:
            async for chunk in self._chunks(provider, response):
                body += chunk
                if len(body) > _ERROR_BODY_LIMIT:
                    break
        except (UpstreamUnreachable, StreamBroken):
            pass  # the status alone tells what happened; what arrived of the body is enough
        return failure(provider, response.status, error_detail(body), _retry_after(response.headers))

    def _session(self, *, close: bool) -> aiohttp.ClientSession:
        """The pool of kept connections, or with `close` the one that keeps none, whatever a server says."""
        if close not in self._sessions:
            self._sessions[close] = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, ttl_dns_cache=60, force_close=close),
                cookie_jar=aiohttp.DummyCookieJar(),
                # Reads are timed in `_chunks`: aiohttp's own limit would also cut short the wait for the head.
                timeout=aiohttp.ClientTimeout(total=None, connect=self._timeouts.connect),
            )
        return self._sessions[close]


async def _drain(response: aiohttp.ClientResponse) -> None:
    """Read what follows the last event, a few bytes of framing, so that the connection can be used again."""
    with suppress(*_BROKEN):
        async with asyncio.timeout(_DRAIN_S):
            while await response.content.readany():
                pass


def failure(provider: str, status: int, detail: str, retry_after: float | None = None) -> KyozonError:
    """The error for a failure status: the caller's mistake, or the provider's."""
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
    except msgspec.DecodeError:
        found = None
    text = found if isinstance(found, str) else body.decode("utf-8", "replace")
    return text[:_DETAIL_LIMIT].strip() or "no message"


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds; None where the provider says none, a date, or a number that is no time to wait."""
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        try:
            seconds = float(headers[name]) / unit
        except (KeyError, ValueError):
            continue
        if 0 <= seconds <= _LONGEST_WAIT_S:
            return seconds
    return None


def _reason(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return "timed out"
    return str(error) or type(error).__name__
