"""The indexes of all tenants that one server holds in memory."""

from typing import TYPE_CHECKING

from msgspec import Struct

from kyozon.ports.knowledge_index import KnowledgeFeed

if TYPE_CHECKING:
    from kyozon.retrieval.directory import Scope
    from kyozon.retrieval.index import Found
    from kyozon.services.knowledge.shelf import Asked, Shelf


class _Held(Struct):
    shelf: "Shelf"
    searches: int = 0
    """That go on."""


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

    def _let_go(self) -> None:
        taken = sum(held.shelf.nbytes for held in self._held.values())
        *earlier, _ = self._held.items()
        for tenant, held in earlier:
            if taken <= self._most:
                return
            if not held.searches:
                taken -= held.shelf.nbytes
                del self._held[tenant]
