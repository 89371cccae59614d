"""Collections get another embedder, in the background, by the word of who owns them."""

from kyozon.domain.callers import Caller
from kyozon.ports.knowledge_ingestion import Reindex, ReindexStore
from kyozon.services.knowledge.collections import CollectionService
from kyozon.services.knowledge.rights import no_collection, reader_of, told
from kyozon.services.world import World


class ReindexService:
    """Begins it and says how far it has come. Until it is done, searches go on with the vectors that are there."""

    def __init__(self, collections: CollectionService, store: ReindexStore, world: World) -> None:
        self._collections = collections
        self._store = store
        self._world = world

    async def begin(self, caller: Caller, collection: str, embedder: str) -> Reindex:
        """Have the documents embedded anew, under the caller's key; with the embedder they have, a change is given up.

        Raises:
            NotFound: there is no such collection for the caller, or no such model.
            NotAllowed: it is neither the caller's nor is his an admin key.
            InvalidRequest: the model makes no vectors.
        """
        await self._collections.held(caller, collection, "own")
        wanted = self._collections.embedder_named(embedder)
        event = told(self._world, caller, "collection:reindexed", collection, embedder=wanted)
        if not await self._store.reindex(caller.tenant, collection, wanted, event):
            raise no_collection(collection)
        return await self.progress(caller, collection)

    async def progress(self, caller: Caller, collection: str) -> Reindex:
        """How far it has come, in documents that the caller may see; raises `NotFound` and `NotAllowed`."""
        await self._collections.held(caller, collection, "own")
        found = await self._store.reindexing(reader_of(caller), collection)
        if found is None:
            raise no_collection(collection)
        return found
