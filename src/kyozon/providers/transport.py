"""The one HTTP client towards models. Nothing else in Kyozon holds one: what leaves, leaves through here."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import aiohttp
import msgspec
from msgspec import Struct

from kyozon.domain.errors import KyozonError, RejectedUpstream, StreamBroken, UpstreamFailed, UpstreamUnreachable
from kyozon.providers.sse import Event, EventParser

_CALLERS_MISTAKE = (400, 404, 413, 415, 422)
_DETAIL_LIMIT = 2_000


class Timeouts(Struct, frozen=True):
    """Seconds: to connect, to the first byte of the answer, between two reads."""

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
        self._session: aiohttp.ClientSession | None = None

    async def post(self, send: Send) -> bytes:
        """The whole body of a successful answer."""
        async with self._open(send) as response:
            try:
                return await response.read()
            except (aiohttp.ClientError, TimeoutError, ConnectionError) as error:
                raise StreamBroken(send.provider, _reason(error)) from error

    async def events(self, send: Send) -> AsyncIterator[Event]:
        """The server-sent events of a successful answer; ends when the provider ends it, however it ends well-formed."""
        parser = EventParser()
        async with self._open(send) as response:
            try:
                async for chunk in response.content.iter_any():
                    for event in parser.feed(chunk):
                        yield event
            except (aiohttp.ClientError, TimeoutError, ConnectionError) as error:
                raise StreamBroken(send.provider, _reason(error)) from error

    async def close(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    @asynccontextmanager
    async def _open(self, send: Send) -> AsyncIterator[aiohttp.ClientResponse]:
        headers = {"content-type": "application/json", **send.headers}
        if send.close:
            headers["connection"] = "close"
        request = self._client().post(send.url, data=send.body, headers=headers, allow_redirects=False)
        try:
            async with asyncio.timeout(self._timeouts.first_byte):
                response = await request
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise UpstreamUnreachable(send.provider, _reason(error)) from error
        try:
            if response.status != 200:  # noqa: PLR2004 - HTTP's own number
                raise await _failure(send.provider, response)
            yield response
        finally:
            # Releasing an unread stream would keep the provider generating: close the connection instead.
            response.close() if not response.content.at_eof() else response.release()

    def _client(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, ttl_dns_cache=60),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(
                    total=None, sock_connect=self._timeouts.connect, sock_read=self._timeouts.between
                ),
            )
        return self._session


async def _failure(provider: str, response: aiohttp.ClientResponse) -> KyozonError:
    try:
        body = await response.content.read(65_536)
    except (aiohttp.ClientError, TimeoutError, OSError):
        body = b""
    detail = _detail(body)
    if response.status in _CALLERS_MISTAKE:
        return RejectedUpstream(provider, response.status, detail)
    return UpstreamFailed(provider, response.status, detail, _retry_after(response.headers))


def _detail(body: bytes) -> str:
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
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        try:
            return float(headers[name]) / unit
        except (KeyError, ValueError):
            continue
    return None


def _reason(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return "timed out"
    return str(error) or type(error).__name__
