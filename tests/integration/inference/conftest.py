"""The store with the real small model, and engines that end with their test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from kyozon.inference.engine import LocalEngines
from kyozon.inference.engine_plan import EngineOptions, Patience
from kyozon.inference.store import FileModelStore
from kyozon.ports.local import StoredModel
from tests.fakes.local_model import prepared_models, silent

QUICK = Patience(first_pause=0.05, window=20.0, probe_every=0.3, probe_timeout=0.5, silent_probes=3, room=0.5, grace=0.0)


@pytest.fixture(scope="session")
def prepared(request: pytest.FixtureRequest) -> StoredModel:
    """SmolLM2, prepared once and kept for later runs."""
    return prepared_models(request.config.rootpath / ".pytest_cache" / "kyozon-models")[1]


@pytest.fixture
def store(tmp_path: Path) -> FileModelStore:
    """An empty store."""
    return FileModelStore(tmp_path / "models")


@pytest.fixture
def filled(store: FileModelStore, prepared: StoredModel) -> FileModelStore:
    """A store with the small model under the names a, b and c (hard links, so it costs nothing)."""
    for name in "abc":
        store.pull(f"file:{prepared.folder / prepared.files[0]}", name, silent)
    return store


@pytest.fixture
def options(tmp_path: Path) -> EngineOptions:
    """Short patience, two conversations of 1024 tokens."""
    return EngineOptions(tmp_path / "logs", context=1024, slots=2, patience=QUICK)


@pytest.fixture
async def engines(filled: FileModelStore, options: EngineOptions) -> AsyncIterator[LocalEngines]:
    """Engines of that store; all end with the test."""
    found = LocalEngines(filled, options)
    yield found
    await found.stop()
