"""The indexes of all tenants that one server holds in memory."""

import asyncio
import logging
from importlib import import_module
from typing import TYPE_CHECKING

from msgspec import Struct

from kyozon.domain.errors import StorageUnavailable
from kyozon.ports.knowledge_index import KnowledgeFeed

if TYPE_CHECKING:
    from kyozon.retrieval.directory import Scope
    from kyozon.retrieval.index import Found
    from kyozon.services.knowledge.shelf import Asked, Shelf

_log = logging.getLogger(__name__)

_WARMED = 1000
"""Tenants at most whose indexes are read ahead; before that, memory is full."""


class _Held(Struct):
    shelf: "Shelf"
    searches: int = 0
    """That go on."""
    ahead: bool = False
    """Whether it is being read ahead: then nobody's index goes for it."""


class Shelves:
    """Together they take `most` bytes at most: those used longest ago are let go, and read again when they are needed.

    The one that was used last stays whatever its size, and none goes while it is searched.
    """

    def __init__(self, feed: KnowledgeFeed, most: int) -> None:
        self._feed = feed
        self._most = most
        self._held: dict[str, _Held] = {}  # in the order in which they were used

    def __contains__(self, tenant: str) -> bool:
        """Whether its index is held."""
        return tenant in self._held

    async def search(self, tenant: str, version: int, asked: "Asked", scope: "Scope") -> "tuple[Found, ...]":
        """As `Shelf.search`, of this tenant's."""
        from kyozon.services.knowledge.shelf import Shelf  # noqa: PLC0415 - numpy is loaded by the first search

        held = self._held.pop(tenant, None) or _Held(Shelf(tenant, self._feed))
        self._held[tenant] = held
        held.searches += 1
        try:
            return await held.shelf.search(version, asked, scope)
        finally:
            held.searches -= 1
            self._let_go()

    async def warm(self) -> None:
        """Read the indexes of those who searched of late, one after the other, as long as there is room for them.

        Whoever searches meanwhile goes first: he waits for his own index alone, and what is read ahead is the first to go.
        """
        try:
            for tenant, version in await self._feed.recent(_WARMED):
                if tenant not in self._held and not await self._warmed(tenant, version):
                    return
        except StorageUnavailable:
            return  # Searches say so themselves, and read what they need.

    async def erase(self) -> None:
        """Let nothing be left of what has been deleted, also in the indexes of those who do not search any more.

        Raises:
            StorageUnavailable: what has been deleted cannot be known now.
        """
        versions = await self._feed.versions(list(self._held)) if self._held else {}
        for tenant, held in list(self._held.items()):
            try:
                await held.shelf.erase(versions.get(tenant, 0))
            except Exception:  # noqa: BLE001 - one tenant's trouble, such as a lack of memory, is not that of the others
                _log.exception("what was deleted is not erased from the search index yet; it is tried again")

    async def _warmed(self, tenant: str, version: int) -> bool:
        """Read a tenant's index; whether there was room for it."""
        # In a thread: what numpy takes to load, nobody else need wait for.
        shelf = await asyncio.to_thread(import_module, "kyozon.services.knowledge.shelf")
        if tenant in self._held:
            return True
        held = _Held(shelf.Shelf(tenant, self._feed), searches=1, ahead=True)
        self._held = {tenant: held, **self._held}
        try:
            await held.shelf.catch_up(version)
        finally:
            held.searches, held.ahead = held.searches - 1, False
            self._let_go()
        return tenant in self._held

    def _let_go(self) -> None:
        taken = sum(held.shelf.nbytes for held in self._held.values() if not held.ahead)
        *earlier, _ = self._held.items()
        for tenant, held in earlier:
            if taken <= self._most:
                return
            if not held.searches:
                taken -= held.shelf.nbytes
                del self._held[tenant]
