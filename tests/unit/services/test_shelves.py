"""The indexes that a server holds: within what memory they may take, and never let go while they are searched."""

import asyncio
from collections.abc import Mapping, Sequence

import pytest
from msgspec import structs

from kyozon.domain.errors import StorageUnavailable
from kyozon.domain.knowledge import Passage, Reader
from kyozon.domain.labels import Clearance, Label, Level
from kyozon.domain.language import Text
from kyozon.ports.knowledge_index import Indexed, IndexedChunk, Reach
from kyozon.retrieval.directory import Scope
from kyozon.services.knowledge.shelf import Asked, Shelf
from kyozon.services.knowledge.shelves import Shelves

OPEN = Clearance(Level.RESTRICTED)
ASKED = Asked((("宿泊費", {}),), 10)


class Feed:
    """Implements `KnowledgeFeed` for tenants with one document each; `read` are those whose words were read.

    `recent_ones` are those who searched of late. At `broken` the database is away. `deleted` has the documents of those
    tenants who deleted theirs, which is their second change. What went of tenant `failing` cannot be told.
    """

    def __init__(self, *recent_ones: str) -> None:
        self.recent_ones = recent_ones
        self.read: list[str] = []
        self.asked_for_gone = 0
        self.deleted: dict[str, list[str]] = {}
        self.broken = self.failing = ""
        self.reads = asyncio.Event()
        self.waits: dict[str, asyncio.Event] = {}

    async def reach(self, reader: Reader, collections: Sequence[str]) -> Reach:
        raise NotImplementedError

    async def recent(self, most: int) -> Sequence[tuple[str, int]]:
        return [(tenant, 1) for tenant in self.recent_ones[:most]]

    async def versions(self, tenants: Sequence[str]) -> Mapping[str, int]:
        if self.broken in tenants:
            raise StorageUnavailable(Text("the database is away", "データベースが応答しません"))
        return {tenant: 2 if tenant in self.deleted else 1 for tenant in tenants}

    async def changes(self, tenant: str, since: int, after: str, most: int) -> Sequence[Indexed]:
        del after, most
        if tenant == self.broken:
            raise StorageUnavailable(Text("the database is away", "データベースが応答しません"))
        if since:
            return ()
        return [Indexed(f"doc_{tenant}", 1, "vs", Label(), frozenset(), {}, "words", "", 1)]

    async def gone(self, tenant: str, since: int) -> Sequence[str]:
        self.asked_for_gone += 1
        if tenant == self.failing:
            raise MemoryError
        return self.deleted.get(tenant, []) if since < 2 else ()

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


async def test_who_searched_of_late_finds_the_index_read() -> None:
    shelves = Shelves(feed := Feed("a", "b"), 1 << 30)
    await shelves.warm()
    assert feed.read == ["a", "b"]
    await search(shelves, "b")
    await search(shelves, "a")
    await search(shelves, "c")
    assert feed.read == ["a", "b", "c"]


async def test_no_more_is_read_ahead_than_there_is_room_for_and_it_is_the_first_to_go() -> None:
    shelves = Shelves(feed := Feed("a", "b", "c", "d"), 2 * await size())
    await shelves.warm()
    assert feed.read == ["a", "b", "c"]
    assert [tenant in shelves for tenant in "abcd"] == [True, True, False, False]
    await search(shelves, "e")
    assert [tenant in shelves for tenant in "abe"] == [True, False, True]


async def test_nobody_who_searches_is_let_go_for_what_is_read_ahead() -> None:
    shelves = Shelves(feed := Feed("b"), await size())
    await search(shelves, "a")
    await shelves.warm()
    assert feed.read == ["a", "b"]
    assert [tenant in shelves for tenant in "ab"] == [True, False]


class Half(Feed):
    """Of tenant c a first document is in its index, and the second is waited for."""

    def __init__(self) -> None:
        super().__init__("c")
        self.half, self.rest = asyncio.Event(), asyncio.Event()

    async def changes(self, tenant: str, since: int, after: str, most: int) -> Sequence[Indexed]:
        found = await super().changes(tenant, since, after, most)
        return [
            structs.replace(one, id=name, chunks=1000) for one in found for name in (one.id, "doc_2")[: 1 + (tenant == "c")]
        ]

    async def chunks(self, tenant: str, documents: Sequence[str]) -> Sequence[IndexedChunk]:
        if "doc_2" in documents:
            self.half.set()
            await self.rest.wait()
        return await super().chunks(tenant, documents)


async def test_nobody_is_let_go_either_while_one_is_still_read_ahead() -> None:
    shelves = Shelves(feed := Half(), 2 * await size())
    await search(shelves, "a")
    await search(shelves, "b")
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(shelves.warm())
        await feed.half.wait()
        await search(shelves, "b")
        assert "a" in shelves
        feed.rest.set()
    assert [tenant in shelves for tenant in "abc"] == [True, True, False]


async def test_searches_that_come_while_an_index_is_read_wait_for_that_reading() -> None:
    shelves = Shelves(feed := Feed("a"), 1 << 30)
    feed.waits["a"] = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(shelves.warm())
        await feed.reads.wait()
        for _ in range(3):
            tasks.create_task(search(shelves, "a"))
        await search(shelves, "b")
        feed.waits["a"].set()
    assert feed.read == ["a", "b"]


async def test_a_database_that_is_away_ends_it_without_a_word() -> None:
    shelves = Shelves(feed := Feed("a", "b"), 1 << 30)
    feed.broken = "a"
    await shelves.warm()
    assert feed.read == []
    feed.broken = ""
    await search(shelves, "a")


async def test_what_is_gone_is_not_asked_of_an_index_that_holds_nothing() -> None:
    shelves = Shelves(feed := Feed(), 1 << 30)
    await search(shelves, "a")
    assert feed.asked_for_gone == 0
    await shelves.search("a", 2, ASKED, scope("a"))
    assert feed.asked_for_gone == 1


async def test_what_is_deleted_is_erased_although_nobody_searches_any_more() -> None:
    shelves = Shelves(feed := Feed(), 1 << 30)
    for tenant in "ab":
        await search(shelves, tenant)
    await shelves.erase()
    assert feed.asked_for_gone == 0
    feed.deleted["a"] = ["doc_a"]
    for _ in range(2):
        await shelves.erase()
    assert [len(shelves._held[tenant].shelf._index._segments) for tenant in "ab"] == [0, 1]
    assert shelves._held["a"].shelf.nbytes < shelves._held["b"].shelf.nbytes
    assert feed.asked_for_gone == 1
    assert feed.read == ["a", "b"]
    assert await shelves.search("a", 2, ASKED, scope("a")) == ()
    await search(shelves, "b")


async def test_no_index_no_question() -> None:
    feed = Feed()
    feed.broken = "a"
    shelves = Shelves(feed, 1 << 30)
    await shelves.erase()
    feed.broken = ""
    await search(shelves, "a")
    feed.broken = "a"
    with pytest.raises(StorageUnavailable):
        await shelves.erase()


class Interrupted(Feed):
    """The database goes away when the first of two documents has been read; when it is back, that one is gone."""

    async def changes(self, tenant: str, since: int, after: str, most: int) -> Sequence[Indexed]:
        del tenant, most
        if self.read and not self.broken:
            self.broken = "x"
            raise StorageUnavailable(Text("the database is away", "データベースが応答しません"))
        if since or after in ("doc_a", "doc_b"):
            return ()
        return [Indexed("doc_b" if self.broken else "doc_a", 1, "vs", Label(), frozenset(), {}, "words", "", 1)]

    async def gone(self, tenant: str, since: int) -> Sequence[str]:
        await super().gone(tenant, since)
        return ["doc_a"]


async def test_what_goes_while_a_reading_has_broken_off_is_gone() -> None:
    shelf = Shelf("x", Interrupted())
    with pytest.raises(StorageUnavailable):
        await shelf.catch_up(2)
    assert [found.document for found in await shelf.search(2, ASKED, scope("x"))] == ["doc_b"]


class Two(Feed):
    """Each tenant has another document beside."""

    async def changes(self, tenant: str, since: int, after: str, most: int) -> Sequence[Indexed]:
        found = await super().changes(tenant, since, after, most)
        return [structs.replace(one, id=name) for one in found for name in (one.id, "doc_other")]


async def test_what_is_erased_is_not_asked_for_again() -> None:
    shelves = Shelves(feed := Two(), 1 << 30)
    assert len(await shelves.search("a", 1, ASKED, scope("a"))) == 2
    feed.deleted["a"] = ["doc_a"]
    for _ in range(3):
        await shelves.erase()
    assert feed.asked_for_gone == 1


async def test_a_tenant_whose_trouble_it_is_keeps_nobody_else_s_words_and_has_another_turn() -> None:
    shelves = Shelves(feed := Feed(), 1 << 30)
    for tenant in "ab":
        await search(shelves, tenant)
        feed.deleted[tenant] = [f"doc_{tenant}"]
    feed.failing = "a"
    await shelves.erase()
    assert [len(shelves._held[tenant].shelf._index._segments) for tenant in "ab"] == [1, 0]
    feed.failing = ""
    await shelves.erase()
    assert [len(shelves._held[tenant].shelf._index._segments) for tenant in "ab"] == [0, 0]
