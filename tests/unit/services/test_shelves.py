"""The indexes that a server holds: within what memory they may take, and never let go while they are searched."""

import asyncio
from collections.abc import Mapping, Sequence

from kyozon.domain.knowledge import Passage, Reader
from kyozon.domain.labels import Clearance, Label, Level
from kyozon.ports.knowledge_index import Indexed, IndexedChunk, Reach
from kyozon.retrieval.directory import Scope
from kyozon.services.knowledge.shelf import Asked, Shelf
from kyozon.services.knowledge.shelves import Shelves

OPEN = Clearance(Level.RESTRICTED)
ASKED = Asked((("宿泊費", {}),), 10)


class Feed:
    """Implements `KnowledgeFeed` for tenants with one document each; `read` are those whose words were read."""

    def __init__(self) -> None:
        self.read: list[str] = []
        self.reads = asyncio.Event()
        self.waits: dict[str, asyncio.Event] = {}

    async def reach(self, reader: Reader, collections: Sequence[str]) -> Reach:
        raise NotImplementedError

    async def changes(self, tenant: str, since: int, after: str, most: int) -> Sequence[Indexed]:
        del after, most
        if since:
            return ()
        return [Indexed(f"doc_{tenant}", 1, "vs", Label(), frozenset(), {}, "words", "", 1)]

    async def gone(self, tenant: str, since: int) -> Sequence[str]:
        del tenant, since
        return ()

    async def chunks(self, tenant: str, documents: Sequence[str]) -> Sequence[IndexedChunk]:
        self.read.append(tenant)
        self.reads.set()
        if tenant in self.waits:
            await self.waits[tenant].wait()
        return [IndexedChunk(name, 0, "出張の宿泊費は一泊一万二千円までとする。") for name in documents]

    async def passages(self, reader: Reader, keys: Sequence[tuple[str, int]]) -> Mapping[tuple[str, int], Passage]:
        raise NotImplementedError


def scope(tenant: str) -> Scope:
    return Scope(Reader(tenant, "ken", OPEN), frozenset({"vs"}))


async def search(shelves: Shelves, tenant: str) -> None:
    """It finds the tenant's document, whether its index is held or read anew."""
    (found,) = await shelves.search(tenant, 1, ASKED, scope(tenant))
    assert found.document == f"doc_{tenant}"


async def size() -> int:
    """Bytes that the index of one tenant takes."""
    shelf = Shelf("a", Feed())
    await shelf.search(1, ASKED, scope("a"))
    return shelf.nbytes


async def test_the_indexes_used_longest_ago_make_room() -> None:
    shelves = Shelves(feed := Feed(), 2 * await size())
    for tenant in "abacab":
        await search(shelves, tenant)
    assert feed.read == ["a", "b", "c", "b"]
    assert [tenant in shelves for tenant in "abc"] == [True, True, False]


async def test_the_one_used_last_stays_whatever_its_size() -> None:
    shelves = Shelves(feed := Feed(), 1)
    for tenant in "aabb":
        await search(shelves, tenant)
    assert feed.read == ["a", "b"]
    assert "a" not in shelves


async def test_none_is_let_go_while_it_is_searched() -> None:
    shelves = Shelves(feed := Feed(), 1)
    feed.waits["a"] = asyncio.Event()
    first = asyncio.create_task(search(shelves, "a"))
    await feed.reads.wait()
    await search(shelves, "b")
    second = asyncio.create_task(search(shelves, "a"))
    await asyncio.sleep(0)
    await search(shelves, "c")
    feed.waits["a"].set()
    await asyncio.gather(first, second)
    assert feed.read.count("a") == 1
    assert [tenant in shelves for tenant in "abc"] == [False, False, True]


async def test_documents_count_with_what_is_known_of_them() -> None:
    assert await size() > 2048
