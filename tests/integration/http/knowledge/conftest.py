"""A library, served; OpenAI's client for whoever has a key."""

from collections.abc import AsyncIterator

import pytest
from openai import AsyncOpenAI

from kyozon.storage.database import Database
from tests.fakes.library import Library
from tests.fakes.served import served


@pytest.fixture
def house(database: Database) -> Library:
    library = Library(database)
    library.key("ann")
    library.key("ben")
    return library


@pytest.fixture
async def url(house: Library) -> AsyncIterator[str]:
    async with served(house) as base:
        yield base


@pytest.fixture
async def ann(url: str) -> AsyncIterator[AsyncOpenAI]:
    """OpenAI's client with a key of hers."""
    async with AsyncOpenAI(api_key="ky-ann", base_url=f"{url}/v1", max_retries=0) as client:
        yield client


@pytest.fixture
async def ben(url: str) -> AsyncIterator[AsyncOpenAI]:
    """OpenAI's client with a key of his."""
    async with AsyncOpenAI(api_key="ky-ben", base_url=f"{url}/v1", max_retries=0) as client:
        yield client
