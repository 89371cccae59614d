"""One installation for the whole folder, with rented models played by fakes on loopback."""

import asyncio
import shutil
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.installation import RunningKyozon
from tests.fakes.anthropic_upstream import AnthropicUpstream
from tests.fakes.gemini_upstream import GeminiUpstream
from tests.fakes.local_model import prepared_models
from tests.fakes.server import FakeServer
from tests.fakes.upstream import FakeUpstream

CONFIG = """\
[reasoning]
keep_hours = 1

[providers.openai]
base_url = "{openai}/v1"

[providers.anthropic]
base_url = "{anthropic}/v1"

[providers.gemini]
base_url = "{gemini}/v1beta"

[providers.dead]
vendor = "openai"
base_url = "http://127.0.0.1:9/v1"
models = ["dead-model"]

[providers.gone]
vendor = "openai"
base_url = "http://127.0.0.1:9/v1"
models = ["gone-model"]

[models.rented-gpt]
provider = "openai"
upstream = "gpt-4o-mini"
abilities = ["tools", "schema", "reasoning"]
prices = [{{ valid_from = 2025-01-01, input = "0.15", cached_input = "0.075", output = "0.60", source = "test" }}]

[models.rented-claude]
provider = "anthropic"
upstream = "claude-sonnet-4-5"
abilities = ["tools", "schema", "reasoning"]
prices = [{{ valid_from = 2025-01-01, input = "3", output = "15", source = "test" }}]

[models.rented-gemini]
provider = "gemini"
upstream = "gemini-2.5-flash"
abilities = ["tools", "schema", "reasoning"]
prices = [{{ valid_from = 2025-01-01, input = "0.30", output = "2.50", source = "test" }}]

[models.rented-reranker]
provider = "openai"
kind = "reranking"
prices = [{{ valid_from = 2025-01-01, input = "0", output = "0", thousand_searches = "2", source = "test" }}]
"""


class Rented:
    """The fakes, served by an event loop in a thread of its own, since the tests drive blocking clients."""

    def __init__(self) -> None:
        self.openai = FakeUpstream()
        self.anthropic = AnthropicUpstream()
        self.gemini = GeminiUpstream()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        for fake in self.all():
            asyncio.run_coroutine_threadsafe(fake.__aenter__(), self._loop).result(10)

    def all(self) -> tuple[FakeServer, FakeServer, FakeServer]:
        return self.openai, self.anthropic, self.gemini

    def reset(self) -> None:
        for fake in self.all():
            fake.received.clear()
            fake.behaviours.clear()

    def stop(self) -> None:
        for fake in self.all():
            asyncio.run_coroutine_threadsafe(fake.stop(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()


@pytest.fixture(scope="session")
def models(pytestconfig: pytest.Config) -> Path:
    """A folder with the prepared default model."""
    _, model = prepared_models(Path(pytestconfig.cache.mkdir("models")))
    return model.folder.parent


@pytest.fixture(scope="session")
def _rented() -> Iterator[Rented]:
    fakes = Rented()
    yield fakes
    fakes.stop()


@pytest.fixture
def rented(_rented: Rented) -> Iterator[Rented]:
    """The rented models, with nothing received yet; the test fails when they were sent what their SDKs would not send."""
    _rented.reset()
    yield _rented
    assert [mistake for fake in _rented.all() for mistake in fake.mistakes] == []


@pytest.fixture(scope="session")
def kyozon(models: Path, _rented: Rented) -> Iterator[RunningKyozon]:
    """A running installation."""
    folder = Path(tempfile.mkdtemp(prefix="kz-e2e-"))
    config = CONFIG.format(openai=_rented.openai.url, anthropic=_rented.anthropic.url, gemini=_rented.gemini.url)
    with RunningKyozon(folder, models, config) as running:
        yield running
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def key(kyozon: RunningKyozon) -> str:
    """A key whose requests are internal unless they say otherwise: the rented models may see them."""
    return kyozon.key("e2e", "--label", "internal")
