"""Models on this machine: the store of files, the engines, the embedder's card."""

import asyncio
import secrets
import threading
import time
from collections.abc import Callable, Sequence

from kyozon.bootstrap.steps import Step
from kyozon.domain.errors import KyozonError
from kyozon.domain.language import Text
from kyozon.domain.models import ModelCard
from kyozon.inference import catalogue, embedder
from kyozon.inference.default_model import DEFAULT_MODEL, prepare_default
from kyozon.inference.engine import LocalEngines
from kyozon.inference.engine_plan import EngineOptions, served_card
from kyozon.inference.store import FileModelStore
from kyozon.ports.local import CatalogueEntry, Progress, Report
from kyozon.settings import Settings

_FILES = Text("model files", "モデルファイル")
_ENGINE = Text("model engine", "モデルエンジン")
_REMEMBERED_SECONDS = 2.0


class LocalModels:
    """What runs on this machine. A model that cannot be had leaves the rest working: `trouble` then says why."""

    def __init__(self, settings: Settings) -> None:
        local = settings.local
        self.store = FileModelStore(settings.data_dir / "models")
        self.secret = secrets.token_urlsafe()
        options = EngineOptions(
            logs=settings.data_dir / "logs",
            context=local.context,
            slots=local.slots,
            threads=local.threads,
            max_loaded=local.max_loaded,
            secret=self.secret,
        )
        self.engines = LocalEngines(self.store, options)
        self.trouble: KyozonError | None = None
        self._default = local.model if local.enabled else None
        self._cards = _remembered(lambda: [served_card(stored.card, options) for stored in self.store.all()])

    def cards(self) -> Sequence[ModelCard]:
        """Cards of the pulled models and of the embedder."""
        return [*self._cards(), embedder.CARD] if self._default else []

    def catalogue(self) -> Sequence[CatalogueEntry]:
        """Recommended open models."""
        return catalogue.entries()

    def fits(self, entry: CatalogueEntry) -> bool:
        """Whether this machine has the memory for it."""
        return catalogue.fits(entry, self.memory())

    def memory(self) -> int:
        """Bytes of memory of this machine."""
        return catalogue.machine_memory()

    def recommended(self) -> CatalogueEntry:
        """The most capable model in Japanese and English that fits this machine."""
        return catalogue.recommend(self.memory())

    async def endpoint(self, card: ModelCard) -> str:
        """Where the engine of this card listens; starts it if need be."""
        return await self.engines.address(card.id)

    async def start(self, step: Step) -> None:
        """Get the default model's files if they are not there, and its engine running."""
        if self._default is None:
            return
        try:
            with step(_FILES) as report:
                if self._default == DEFAULT_MODEL:
                    await _in_thread(lambda told: prepare_default(self.store, told), report)
            with step(_ENGINE):
                await self.engines.address(self._default)
        except KyozonError as error:
            self.trouble = error

    async def ready(self) -> bool:
        """Whether a model can answer now. Another one may have taken the default's place: then that is no trouble."""
        if self._default is None or self.engines.running():
            return True
        try:
            await self.engines.address(self._default)
        except KyozonError as error:
            self.trouble = error
            return False
        self.trouble = None
        return True


class _NobodyWaitsError(Exception):
    """Ends work whose starter has been cancelled."""


async def _in_thread(work: Callable[[Report], object], report: Report) -> None:
    """Run blocking work. A thread cannot be cancelled and would keep the program waiting: its next report ends it."""
    cancelled = threading.Event()

    def told(progress: Progress) -> None:
        if cancelled.is_set():
            raise _NobodyWaitsError
        report(progress)

    try:
        await asyncio.to_thread(work, told)
    except asyncio.CancelledError:
        cancelled.set()
        raise


def _remembered(read: Callable[[], list[ModelCard]]) -> Callable[[], list[ModelCard]]:
    """Reading the folder costs more than the rest of a decision: every two seconds is often enough."""
    at, found = float("-inf"), list[ModelCard]()

    def cards() -> list[ModelCard]:
        nonlocal at, found
        if time.monotonic() - at > _REMEMBERED_SECONDS:
            found, at = read(), time.monotonic()
        return found

    return cards
