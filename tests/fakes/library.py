"""An installation that keeps documents in a real database, and people with keys to it."""

from functools import cached_property
from typing import Any

from msgspec import structs

from kyozon.bootstrap.knowledge import Kept, Needed, knowledge
from kyozon.bootstrap.world import WORLD
from kyozon.domain.callers import ApiKey
from kyozon.http.context import Services
from kyozon.inference import embedder
from kyozon.services.explaining import ExplainService
from kyozon.services.knowledge.ranking import Ranking
from kyozon.services.provenance import Provenance
from kyozon.settings import Settings
from kyozon.storage.database import Database
from kyozon.storage.knowledge.naming import PostgresDocumentNames
from kyozon.storage.provenance import PostgresProvenance
from tests.fakes.bookshelf import Bookshelf
from tests.fakes.installation import EMBEDDER, FAR_RERANKER, IN_HOUSE, RERANKER, FakeInstallation, api_key


class Library(FakeInstallation):
    """Documents wait until `shelf` takes them in."""

    def __init__(self, database: Database) -> None:
        super().__init__(
            (IN_HOUSE, EMBEDDER, structs.replace(EMBEDDER, id=embedder.CARD.id), RERANKER, FAR_RERANKER),
        )
        self.shelf = Bookshelf(database)
        self.provenance = Provenance(PostgresProvenance(database), self.registry, WORLD)
        self.use_cache(self.cache_options)

    @cached_property
    def documents(self) -> Kept:
        """Services of documents over the database."""
        parts = self.registry, self.provenance, self.chat, self.embeddings, self.reranking
        return knowledge(Needed(Settings(), self.shelf.database, *parts))

    def services(self, max_body_bytes: int = 1 << 20) -> Services:
        """What the routes take; the time is that of the database."""
        explain = ExplainService(self.book, names=PostgresDocumentNames(self.shelf.database))
        return structs.replace(super().services(max_body_bytes), world=WORLD, explain=explain)

    def ranking(self, usual: str | None = None, seconds: float = 5.0) -> Ranking:
        """What searches may have a second look by."""
        return Ranking(self.reranking, self.registry, usual, seconds)

    def key(self, name: str, **changes: Any) -> ApiKey:
        """A key `ky-NAME` of the user of that name."""
        found = structs.replace(api_key(name), user=name, **changes)
        self.keys.forget()
        self.key_store.by_id[found.id] = found
        return found
