"""The small chat model that runs on this machine, prepared once and reused by later runs."""

import os
from pathlib import Path

from kyozon.inference.default_model import DEFAULT_MODEL, prepare_default
from kyozon.inference.store import FileModelStore
from kyozon.ports.local import Progress, StoredModel


def prepared_models(cache: Path) -> tuple[FileModelStore, StoredModel]:
    """A store with the default model in it: under KYOZON_TEST_MODELS where that is set, else under `cache`."""
    store = FileModelStore(Path(os.environ.get("KYOZON_TEST_MODELS", cache)))
    return store, prepare_default(store, silent)


def silent(_: Progress) -> None:
    """Report to nobody."""


__all__ = ["DEFAULT_MODEL", "prepared_models", "silent"]
