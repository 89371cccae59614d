"""Tells those who watch an installation how many documents wait to be taken in, or are being taken in."""

from collections.abc import Iterable, Mapping

from kyozon.domain.errors import StorageUnavailable
from kyozon.ports.knowledge_ingestion import IngestionQueue
from kyozon.ports.telemetry import Gauge
from kyozon.services.world import World

STATES = ("waiting", "retrying", "reading", "embedding")
"""Nobody works on it yet; it failed and is tried again later; it is being read; its vectors are being made."""
_LOOK_SECONDS = 10.0


class Queueing:
    """Counts them again and again: by state, without a word of whose they are or what they are called."""

    def __init__(self, queue: IngestionQueue, world: World) -> None:
        self._queue = queue
        self._world = world
        self._found: Mapping[str, int] | None = None

    async def tend(self) -> None:
        """Look, wait, look again; runs until cancelled. While the database is away, nothing is told."""
        while True:
            await self.look()
            await self._world.sleep(_LOOK_SECONDS)

    async def look(self) -> None:
        """Count them."""
        try:
            self._found = await self._queue.states()
        except StorageUnavailable:
            self._found = None

    def gauges(self) -> Iterable[Gauge]:
        """As of this server's last look: every server tells of the same documents, those of the whole database."""
        about = "Documents on their way into collections, by state, as of the last look."
        for state in STATES if self._found is not None else ():
            yield Gauge("kyozon_documents_in_progress", about, (self._found or {}).get(state, 0), {"state": state})
