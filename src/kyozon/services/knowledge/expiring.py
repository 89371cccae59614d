"""What is not wanted any longer goes by itself: files at their time, what is in collections that nobody uses."""

from datetime import timedelta

from kyozon.domain.audit import AuditEvent
from kyozon.domain.errors import NotAllowed, StorageUnavailable
from kyozon.ports.knowledge import CollectionStore, DocumentStore, FileStore
from kyozon.ports.uploads import UploadStore
from kyozon.services.world import World

_MOST = 100
_REMEMBERED = timedelta(days=1)
"""For so long it can still be told that an upload has expired."""
_MOST_NAMES = 1000
_FORGETS_EVERY = 3600.0
"""Seconds: looking for names of documents that went reads all of them."""


class Expiring:
    """Deletes what has expired, as its owner would have; of several servers any may.

    An expired collection stays, empty, with the list of the files that were in it: its owner can make another one of these.
    """

    def __init__(
        self, files: FileStore, collections: CollectionStore, documents: DocumentStore, uploads: UploadStore, world: World
    ) -> None:
        self._files = files
        self._collections = collections
        self._documents = documents
        self._uploads = uploads
        self._world = world
        self._forgets_at = 0.0

    async def tend(self, seconds: float = 60.0) -> None:
        """Delete, again and again; runs until cancelled."""
        while True:
            await self._world.sleep(seconds)
            try:
                await self.expire()
            except (StorageUnavailable, NotAllowed):  # a hold that was placed just now
                continue

    async def expire(self) -> None:
        """Delete what has expired by now, a hundred of each at most."""
        now = self._world.now()
        for file in await self._files.expired(now, _MOST):
            await self._files.delete(file.tenant, file.id, self._event("file:expired", file.tenant, file.user, file.id))
        for one in await self._collections.expired(now, _MOST):
            event = self._event("collection:expired", one.tenant, one.owner, one.id)
            await self._collections.empty(one.tenant, one.id, now, event)
        await self._uploads.tidy(now, now - _REMEMBERED)
        if self._world.seconds() >= self._forgets_at:
            while await self._documents.forget_gone(_MOST_NAMES) == _MOST_NAMES:
                pass
            self._forgets_at = self._world.seconds() + _FORGETS_EVERY

    def _event(self, action: str, tenant: str, owner: str, name: str) -> AuditEvent:
        return AuditEvent(self._world.new_id("evt"), self._world.now(), action, tenant, owner, name)
