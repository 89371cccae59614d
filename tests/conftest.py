"""Fixtures that every folder of tests may use."""

import os
from collections.abc import AsyncIterator

import pytest
from hypothesis import settings

from kyozon.providers.transport import Timeouts, Transport
from tests.fakes.upstream import FakeUpstream

# Workers that run tests side by side are given the width of the terminal, which a console would keep for good.
os.environ.pop("COLUMNS", None)

# How long one example takes is the machine's business.
settings.register_profile("kyozon", deadline=None)
settings.load_profile("kyozon")


@pytest.fixture
async def upstream() -> AsyncIterator[FakeUpstream]:
    """A fake OpenAI-compatible provider; the test fails when a request that it received broke the SDK's types."""
    async with FakeUpstream() as fake:
        yield fake
    assert fake.mistakes == []


@pytest.fixture
async def transport() -> AsyncIterator[Transport]:
    """The real HTTP client with short time-outs (seconds)."""
    client = Transport(Timeouts(connect=2.0, first_byte=2.0, between=2.0))
    yield client
    await client.close()
