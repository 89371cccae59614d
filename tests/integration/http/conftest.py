"""A fake installation, served; clients of the official SDKs pointed to it."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
from anthropic import AsyncAnthropic
from openai import AsyncOpenAI

from tests.fakes.installation import FakeInstallation
from tests.fakes.served import served


@pytest.fixture
def house() -> FakeInstallation:
    return FakeInstallation()


@pytest.fixture
async def url(house: FakeInstallation) -> AsyncIterator[str]:
    async with served(house) as base:
        yield base
    await house.drain()


@pytest.fixture
async def openai(url: str) -> AsyncIterator[AsyncOpenAI]:
    """OpenAI's client; it does not try again unless a test says so."""
    async with AsyncOpenAI(api_key="ky-test", base_url=f"{url}/v1", max_retries=0) as client:
        yield client


@pytest.fixture
async def anthropic(url: str) -> AsyncIterator[AsyncAnthropic]:
    """Anthropic's client; it does not try again unless a test says so."""
    async with AsyncAnthropic(api_key="ky-test", base_url=url, max_retries=0) as client:
        yield client


@pytest.fixture
async def http(url: str) -> AsyncIterator[aiohttp.ClientSession]:
    """A plain client with the key, for what no SDK would send."""
    headers = {"authorization": "Bearer ky-test"}
    async with aiohttp.ClientSession(url, headers=headers) as session:
        yield session
