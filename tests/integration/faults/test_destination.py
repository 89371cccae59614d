"""Where a request goes is the operator's word alone, and what it carries there is no secret of the caller's."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp
import pytest

from tests.fakes.installation import FakeInstallation
from tests.fakes.served import served
from tests.fakes.upstream import FakeUpstream

Build = Callable[..., FakeInstallation]
SAID: dict[str, Any] = {"model": "cheap", "messages": [{"role": "user", "content": "Hello"}]}


@pytest.fixture
async def trap() -> AsyncIterator[FakeUpstream]:
    """A server that nobody has named in the settings."""
    async with FakeUpstream() as fake:
        yield fake
    assert fake.received == []


def _headers(trap: str) -> list[dict[str, str]]:
    """Headers that choose the destination elsewhere, or did in a release with a hole."""
    names = ["x-portkey-custom-host", "helicone-target-url", "x-base-url", "x-forwarded-host", "x-original-url", "referer"]
    config = f'{{"provider":"openai","custom_host":"{trap}"}}'
    return [{"host": trap.removeprefix("http://")}, {"x-portkey-config": config}, *({name: trap} for name in names)]


async def test_no_header_chooses_it(build: Build, sick: FakeUpstream, trap: FakeUpstream) -> None:
    """Portkey-AI/gateway#1718: a header named any host, and the list of allowed ones could be passed by."""
    house = build()
    tried = _headers(f"{trap.url}/v1")
    async with served(house) as url, aiohttp.ClientSession(url, headers={"authorization": "Bearer ky-test"}) as http:
        for headers in tried:
            async with http.post("/v1/chat/completions", json=SAID, headers=headers) as response:
                assert response.status == 200, headers
    assert len(sick.received) == len(tried)
    for received in sick.received:
        assert received.headers["host"] == sick.url.removeprefix("http://")
        assert trap.url not in str(received.headers)
        assert "ky-test" not in str(received.headers)


@pytest.mark.parametrize("field", ["base_url", "api_base", "custom_host", "endpoint", "proxy", "provider", "extra_headers"])
async def test_no_field_chooses_it(build: Build, sick: FakeUpstream, trap: FakeUpstream, field: str) -> None:
    house = build()
    values = [f"{trap.url}/v1", {"url": trap.url, "host": trap.url}]
    async with served(house) as url, aiohttp.ClientSession(url, headers={"authorization": "Bearer ky-test"}) as http:
        for value in values:
            async with http.post("/v1/chat/completions", json={**SAID, field: value}) as response:
                assert response.status == 200
        async with http.post("/v1/chat/completions", json={**SAID, "model": f"{trap.url}/v1/gpt"}) as response:
            assert response.status == 404
    assert len(sick.received) == len(values)


@pytest.mark.parametrize("line", ["POST {trap}/v1/chat/completions", "GET {trap}/v1/models", "CONNECT {authority}"])
async def test_it_is_no_proxy(build: Build, sick: FakeUpstream, trap: FakeUpstream, line: str) -> None:
    house, authority = build(), trap.url.removeprefix("http://")
    async with served(house) as url:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
        asked = line.format(trap=trap.url, authority=authority)
        head = f"{asked} HTTP/1.1\r\nhost: {authority}\r\nauthorization: Bearer ky-test\r\ncontent-length: 0\r\n\r\n"
        writer.write(head.encode())
        await reader.readline()
        writer.close()
        await writer.wait_closed()
    assert sick.received == []
