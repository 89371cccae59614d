"""Whatever bytes come in, the answer is a refusal that says why, and the next caller is served."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.fakes.installation import FakeInstallation
from tests.fakes.served import served

PATIENCE = 0.3
LIMIT = 100_000
HEAD = b"POST /v1/chat/completions HTTP/1.1\r\nhost: kyozon\r\nauthorization: Bearer ky-test\r\n"
BODY = json.dumps({"model": "cheap", "messages": [{"role": "user", "content": "Say hello."}]}).encode()


@pytest.fixture
def house() -> FakeInstallation:
    return FakeInstallation()


@pytest.fixture
async def address(house: FakeInstallation) -> AsyncIterator[tuple[str, int]]:
    async with served(house, LIMIT, PATIENCE) as url:
        parts = urlsplit(url)
        yield str(parts.hostname), int(parts.port or 0)
        assert await _exchange((str(parts.hostname), int(parts.port or 0)), _post(BODY)) == (200, "")
    await house.drain()
    house.assert_settled()


def _post(body: bytes, *headers: bytes) -> bytes:
    given = b"".join(header + b"\r\n" for header in headers)
    return HEAD + given + b"connection: close\r\ncontent-length: %d\r\n\r\n" % len(body) + body


async def _exchange(address: tuple[str, int], *parts: bytes, pause: float = 0.0) -> tuple[int, str]:
    """Status and error code of the first answer; 0 where the connection ends without one."""
    reader, writer = await asyncio.open_connection(*address)
    try:
        async with asyncio.timeout(30):
            for part in parts:
                writer.write(part)
                await writer.drain()
                await asyncio.sleep(pause)
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(
                (int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if b"content-length:" in line), 0
            )
            body: Any = json.loads(await reader.readexactly(length))
    except (asyncio.IncompleteReadError, ConnectionError):
        return 0, ""
    finally:
        writer.close()
    return int(head.split(b" ")[1]), body.get("error", {}).get("code", "")


def _deep(depth: int) -> bytes:
    return b'{"model": "cheap", "messages": ' + b"[" * depth + b"]" * depth + b"}"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'"text"',
        b"{",
        b'{"model": "cheap", "messages": [{"role": "user", "content": "\xff\xfe"}]}',
        b'{"model": "cheap", "messages": [{"role": "user", "content": "\\ud800"}]}',
        b'{"model": "cheap", "messages": []}',
        b'{"model": "", "messages": [{"role": "user"}]}',
        b'{"model": 7, "messages": [{"role": "user", "content": "a"}]}',
        b'{"model": "cheap", "messages": {"role": "user"}}',
        b'{"model": "cheap", "messages": [7]}',
        b'{"model": "cheap", "messages": [{"role": "user", "content": "a"}], "max_tokens": -1}',
        b'{"model": "cheap", "messages": [{"role": "user", "content": "a"}], "max_tokens": 1e400}',
        b'{"model": "cheap", "messages": [{"role": "user", "content": "a"}], "n": 1000000}',
        b'{"model": "cheap", "messages": [{"role": "user", "content": "a"}], "stream": "yes"}',
        b'{"model": NaN}',
        _deep(20_000),
    ],
)
async def test_a_body_that_is_no_request(address: tuple[str, int], house: FakeInstallation, body: bytes) -> None:
    assert await _exchange(address, _post(body)) == (400, "invalid_request")
    assert house.sent == []


async def test_a_body_nested_too_deep_within_a_free_field_is_answered(address: tuple[str, int]) -> None:
    deep = b"[" * 20_000 + b"]" * 20_000
    body = BODY[:-1] + b', "tools": [{"type": "function", "function": {"name": "f", "parameters": {"a": ' + deep + b"}}}]}"
    status, _ = await _exchange(address, _post(body))
    assert status in (200, 400)


async def test_a_body_larger_than_the_limit(address: tuple[str, int]) -> None:
    assert await _exchange(address, _post(b"x" * (LIMIT + 1))) == (413, "request_too_large")


async def test_a_body_without_length_that_grows_beyond_the_limit(address: tuple[str, int]) -> None:
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    head = HEAD + b"transfer-encoding: chunked\r\n\r\n"
    assert await _exchange(address, head, chunk, chunk) == (413, "request_too_large")


@pytest.mark.parametrize(
    "framing",
    [
        b"content-length: 5\r\ncontent-length: 6\r\n",
        b"content-length: 5\r\ncontent-length: 5\r\n",
        b"content-length: 5\r\ntransfer-encoding: chunked\r\n",
        b"transfer-encoding: chunked\r\ncontent-length: 5\r\n",
        b"transfer-encoding: chunked, identity\r\n",
        b"transfer-encoding: xchunked\r\n",
        b"transfer-encoding: gzip\r\n",
        b"transfer-encoding : chunked\r\n",
        b"content-length: -5\r\n",
        b"content-length: +5\r\n",
        b"content-length: 5, 5\r\n",
        b"content-length: 0x5\r\n",
        b"content-length: 99999999999999999999999999\r\n",
        b"x-a: b\ncontent-length: 5\r\n",
        b"x-a: b\r\n c\r\n",
        b"x\x00a: b\r\n",
    ],
)
async def test_framing_that_two_servers_could_read_differently(
    address: tuple[str, int], house: FakeInstallation, framing: bytes
) -> None:
    smuggled = b"0\r\n\r\nGET /v1/models HTTP/1.1\r\nhost: kyozon\r\n\r\n"
    status, _ = await _exchange(address, HEAD + framing + b"\r\n" + smuggled)
    assert status == 400
    assert house.sent == []


@pytest.mark.parametrize(
    "request_line",
    [
        b"GET / HTTP/9.9",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"FOO /v1/models HTTP/1.1",
        b"GET /\xff HTTP/1.1",
        b"GET http://[::1 HTTP/1.1",
    ],
)
async def test_what_is_no_http(address: tuple[str, int], request_line: bytes) -> None:
    assert await _exchange(address, request_line + b"\r\n\r\n") == (400, "invalid_request")


@pytest.mark.parametrize(("request_line", "expected"), [(b"GET /", 404), (b"PRI * HTTP/2.0", 408)])
async def test_versions_of_http_that_are_not_spoken(address: tuple[str, int], request_line: bytes, expected: int) -> None:
    status, _ = await _exchange(address, request_line + b"\r\n\r\n")
    assert status == expected


@pytest.mark.parametrize("host", [b"[::1", b"a/v1/messages?", b"@@@", b"x" * 5000, b"\xff", b"", b"a b", b"evil/health/#"])
async def test_the_host_decides_nothing(address: tuple[str, int], house: FakeInstallation, host: bytes) -> None:
    status, code = await _exchange(address, b"GET /v1/models HTTP/1.1\r\nhost: " + host + b"\r\nconnection: close\r\n\r\n")
    assert (status, code) in ((401, "invalid_api_key"), (400, "invalid_request"))
    assert house.sent == []


async def test_headers_without_end(address: tuple[str, int]) -> None:
    many = b"".join(b"x-%d: y\r\n" % number for number in range(200))
    assert await _exchange(address, HEAD + many + b"\r\n") == (431, "invalid_request")
    status, _ = await _exchange(address, HEAD, b"x-a: ", *[b"y" * 16_384] * 40)
    assert status in (431, 0)  # a client that goes on sending may lose the answer


@pytest.mark.parametrize(
    "start",
    [
        b"",
        b"GET /health/live HT",
        b"GET /health/live HTTP/1.1\r\nhost: kyozon\r\nx-a",
        HEAD + b"content-length: 100\r\n\r\n" + b"{",
        HEAD + b"transfer-encoding: chunked\r\n\r\n" + b"1\r\n{\r\n",
        b"GET /health/live HTTP/1.1\r\nhost: kyozon\r\n\r\nGET /health",
        b"\r\n\r\n",
    ],
)
async def test_who_stops_sending_is_cut_off(address: tuple[str, int], start: bytes) -> None:
    reader, writer = await asyncio.open_connection(*address)
    writer.write(start)
    async with asyncio.timeout(PATIENCE * 10):
        answer = await reader.read()
    writer.close()
    assert not start.strip() or b"408" in answer


async def test_who_trickles_is_cut_off_however_long_it_goes_on(address: tuple[str, int]) -> None:
    for start in (b"GET /health/live HTTP/1.1\r\nx-a: ", HEAD + b"content-length: 1000\r\n\r\n", b"\r\n"):
        began = asyncio.get_running_loop().time()
        await _exchange(address, start, *[b"\n" if start == b"\r\n" else b"y"] * 100, pause=0.02)
        assert asyncio.get_running_loop().time() - began < 3


async def test_who_is_refused_early_may_not_go_on_sending_for_ever(address: tuple[str, int]) -> None:
    reader, writer = await asyncio.open_connection(*address)
    writer.write(b"POST /v1/chat/completions HTTP/1.1\r\nhost: kyozon\r\ntransfer-encoding: chunked\r\n\r\n")
    assert b"401" in await reader.readuntil(b"\r\n\r\n")

    async def send() -> None:
        while True:
            writer.write(b"400\r\n" + b"x" * 0x400 + b"\r\n")
            await writer.drain()
            await asyncio.sleep(0.01)

    async with asyncio.timeout(PATIENCE * 10):
        with pytest.raises(ConnectionError):
            await send()


async def test_a_slow_body_that_keeps_coming_is_waited_for(address: tuple[str, int]) -> None:
    filler = BODY[:-1] + b', "user": "' + b"u" * 20_000 + b'"}'
    whole = _post(filler)
    parts = [whole[place : place + 2000] for place in range(0, len(whole), 2000)]
    assert await _exchange(address, *parts, pause=PATIENCE / 5) == (200, "")


async def test_an_idle_connection_is_kept_for_the_next_request(address: tuple[str, int]) -> None:
    reader, writer = await asyncio.open_connection(*address)
    for _ in range(2):
        writer.write(b"GET /health/live HTTP/1.1\r\nhost: kyozon\r\n\r\n")
        assert b"200" in await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(len(b'{"status":"live"}'))
        await asyncio.sleep(PATIENCE * 3)
    writer.close()


async def test_an_upgrade_is_not_taken_up(address: tuple[str, int]) -> None:
    for protocol in (b"websocket", b"h2c"):
        upgrade = b"connection: upgrade\r\nupgrade: " + protocol + b"\r\nsec-websocket-version: 13\r\n\r\n"
        assert await _exchange(address, b"GET /health/live HTTP/1.1\r\nhost: kyozon\r\n" + upgrade) == (200, "")
