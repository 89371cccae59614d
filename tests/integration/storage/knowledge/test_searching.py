"""What is found over a real database: for each reader, at each moment, in each process, only what he may read."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

import msgspec
import numpy as np
import pytest
from msgspec import structs

from kyozon.bootstrap.world import WORLD
from kyozon.domain.callers import Caller
from kyozon.domain.errors import InvalidRequest, NotFound, StorageUnavailable, UpstreamUnreachable
from kyozon.domain.knowledge import LONGEST_QUERY, Collection, Comparison, Document, Passage, Reader, Search, Share
from kyozon.domain.labels import Clearance, Label, Level
from kyozon.domain.language import Text
from kyozon.ports.knowledge_index import IndexedChunk
from kyozon.retrieval.tokens import keys
from kyozon.services.knowledge.documents import Attaching
from kyozon.services.knowledge.searching import Searched, SearchService
from kyozon.services.provenance import Wish
from kyozon.storage.database import Database
from kyozon.storage.knowledge.feed import PostgresKnowledgeFeed
from tests.fakes.bookshelf import INTERNAL, Bookshelf, person
from tests.fakes.library import Library

ANN, BEN = person("ann"), person("ben")
ADMIN = person("root", admin=True)
LODGING, LEAVE = "出張の宿泊費は一泊一万二千円までとする。", "有給休暇は半日単位で取得できる。"


class WatchedFeed(PostgresKnowledgeFeed):
    """Notes what is read, and lets something happen between finding and showing."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.read: list[str] = []
        self.meanwhile: Callable[[], Awaitable[object]] | None = None

    async def chunks(self, tenant: str, documents: Sequence[str]) -> Sequence[IndexedChunk]:
        self.read += documents
        return await super().chunks(tenant, documents)

    async def passages(self, reader: Reader, keys: Sequence[tuple[str, int]]) -> Mapping[tuple[str, int], Passage]:
        happens, self.meanwhile = self.meanwhile, None
        if happens:
            await happens()
        return await super().passages(reader, keys)


class Place:
    """Two servers that search one database."""

    def __init__(self, database: Database) -> None:
        self.library = Library(database)
        self.shelf: Bookshelf = self.library.shelf
        self.feed, self.neighbours = WatchedFeed(database), WatchedFeed(database)
        self.here, self.there = (self._service(feed) for feed in (self.feed, self.neighbours))

    def _service(self, feed: WatchedFeed) -> SearchService:
        parts = self.library.embeddings, self.library.provenance, self.shelf.collections, self.library.ranking()
        return SearchService(feed, *parts)

    async def search(self, caller: Caller, query: str, *collections: Collection, **more: object) -> Searched:
        """By both servers, which agree."""
        wanted = Search(tuple(one.id for one in collections), (query,), **more)  # type: ignore[arg-type]
        here, there = [await server.search(caller, wanted) for server in (self.here, self.there)]
        assert here == there
        return here

    async def texts(self, caller: Caller, query: str, *collections: Collection, **more: object) -> list[str]:
        return [one.chunk.text for one in (await self.search(caller, query, *collections, **more)).passages]

    async def vector(self, document: Document, vector: bytes) -> None:
        statement = "UPDATE chunk_vector SET vector = $2 WHERE document_id = $1"
        async with self.shelf.database.reading() as connection:
            await connection.execute(statement, document.id, vector)


@pytest.fixture
def place(database: Database) -> Place:
    return Place(database)


def scores(found: Searched) -> bytes:
    return msgspec.json.encode([(one.chunk.text, one.score) for one in found.passages])


async def test_a_passage_comes_with_its_place_and_label_and_that_it_left_is_on_record(place: Place) -> None:
    papers = await place.shelf.collection(ANN, label=INTERNAL)
    document = await place.shelf.document(ANN, papers, LODGING)
    await place.shelf.document(ANN, papers, LEAVE)

    found = await place.here.search(ANN, Search((papers.id,), ("宿泊費の上限は？",), most=1))

    (passage,) = found.passages
    assert (passage.document, passage.collection, passage.file) == (document.id, papers.id, document.file)
    assert (passage.filename, passage.chunk.text, passage.chunk.anchor.end) == ("words.txt", LODGING, len(LODGING))
    assert (passage.score, passage.label.level, found.label) == (1.0, Level.INTERNAL, passage.label)
    (told,) = (await place.shelf.provenance.exposure("default", document.id)).deliveries
    assert (told.delivery.user, told.delivery.zone, told.delivery.key_id) == ("ann", "caller", ANN.key.id)


async def test_for_an_answer_the_answer_is_the_record(place: Place) -> None:
    papers = await place.shelf.collection(ANN)
    document = await place.shelf.document(ANN, papers, LODGING)
    await place.here.search(ANN, Search((papers.id,), ("宿泊費",)), for_answer=True)
    assert (await place.shelf.provenance.exposure("default", document.id)).deliveries == ()


async def test_what_others_have_moves_no_score(place: Place) -> None:
    """Frequencies and lengths are counted among what the reader may read: else scores would tell of the rest."""
    papers = await place.shelf.collection(ANN, Share("user", "ben"))
    for words in (LODGING, LEAVE, "宿泊先は各自で予約する。"):
        await place.shelf.document(ANN, papers, words)
    before = await place.search(BEN, "宿泊費", papers)

    await place.shelf.document(ANN, papers, "宿泊費" * 20, readers="group:board")
    await place.shelf.document(ANN, await place.shelf.collection(ANN), "宿泊費" * 20)
    await place.shelf.document(ANN, papers, "宿泊費と秘密", label=Label(Level.RESTRICTED))
    low = person("ben", clearance=Clearance(Level.CONFIDENTIAL))

    assert scores(await place.search(low, "宿泊費", papers)) == scores(before)
    assert len((await place.search(ADMIN, "宿泊費", papers)).passages) == 4


async def test_a_collection_one_may_not_read_is_one_that_never_was(place: Place) -> None:
    papers = await place.shelf.collection(ANN)
    await place.shelf.document(ANN, papers, LODGING)
    for caller in (BEN, person("ann", tenant="elsewhere"), person("root", tenant="elsewhere", admin=True)):
        with pytest.raises(NotFound) as refused:
            await place.here.search(caller, Search((papers.id,), ("宿泊費",)))
        with pytest.raises(NotFound) as never_was:
            await place.here.search(caller, Search(("vs_0",), ("宿泊費",)))
        assert refused.value.text.en.replace(papers.id, "vs_0") == never_was.value.text.en
        assert refused.value.text.ja.replace(papers.id, "vs_0") == never_was.value.text.ja


@pytest.mark.parametrize("way", ["file", "document", "readers", "label", "group"])
async def test_what_changes_holds_at_once_and_everywhere(place: Place, way: str) -> None:
    shelf, low = place.shelf, person("ben", clearance=Clearance(Level.CONFIDENTIAL))
    await shelf.groups.add(ADMIN, "sales", "ben")
    papers = await shelf.collection(ANN, Share("user", "ben"))
    document = await shelf.document(ANN, papers, LODGING, readers="group:sales")
    other = await shelf.document(ANN, papers, LEAVE)
    assert await place.texts(low, "宿泊費", papers) == [LODGING]

    if way == "file":
        await shelf.files.delete(ANN, document.file)
    elif way == "document":
        await shelf.documents.detach(ANN, papers.id, document.file)
    elif way == "readers":
        await shelf.documents.update(ANN, papers.id, document.file, {"kyozon:readers": "user:ann"})
    elif way == "group":
        await shelf.groups.remove(ADMIN, "sales", "ben")
    else:
        await shelf.provenance.raise_label(Wish("default", document.file, Label(Level.RESTRICTED), "ann", "a secret"))

    assert await place.texts(low, "宿泊費", papers) == []
    assert await place.texts(low, "有給", papers) == [LEAVE]
    await shelf.document(ANN, papers, "宿泊費の新しい規程")
    assert await place.texts(low, "宿泊費", papers) == ["宿泊費の新しい規程"]
    assert place.feed.read.count(other.id) == 1


async def test_what_goes_between_finding_and_showing_is_not_shown_and_leaves_no_empty_seat(place: Place) -> None:
    papers = await place.shelf.collection(ANN)
    best = await place.shelf.document(ANN, papers, "宿泊費")
    await place.shelf.document(ANN, papers, LODGING)
    place.feed.meanwhile = lambda: place.shelf.files.delete(ANN, best.file)
    found = await place.here.search(ANN, Search((papers.id,), ("宿泊費",), most=1))
    assert [one.chunk.text for one in found.passages] == [LODGING]


async def test_what_was_found_before_comes_again_as_long_as_all_of_it_may_be_read(place: Place) -> None:
    papers = await place.shelf.collection(ANN, Share("user", "ben"))
    first, second = [await place.shelf.document(ANN, papers, words) for words in (LODGING, "宿泊費の新しい規程")]
    wanted = Search((papers.id,), ("宿泊費",))
    found = (await place.here.search(BEN, wanted)).passages
    embedded, places = len(place.library.embedder.calls), {one.key: one.score for one in found}

    assert await place.here.again(BEN, wanted, places) == found
    for document in (first, second):
        told = (await place.shelf.provenance.exposure("default", document.id)).deliveries
        assert [one.delivery.user for one in told if one.delivery.zone == "caller"] == ["ben", "ben"]
    await place.shelf.documents.update(ANN, papers.id, second.file, {"kyozon:readers": "user:ann"})
    assert await place.here.again(BEN, wanted, places) is None
    assert await place.here.again(ANN, wanted, places, for_answer=True) == found
    await place.shelf.collections.unshare(ANN, papers.id, Share("user", "ben"))
    for refused in (place.here.again(BEN, wanted, places), place.here.check(BEN, wanted)):
        with pytest.raises(NotFound):
            await refused
    assert len(place.library.embedder.calls) == embedded


async def test_filters_and_bounds_hold_inside_the_search(place: Place) -> None:
    papers = await place.shelf.collection(ANN)
    for year, words in ((2025, "宿泊費 2025年の規程"), (2026, "宿泊費 2026年の規程")):
        file = await place.shelf.file(ANN, words)
        attached = await place.shelf.documents.attach(ANN, papers.id, file.id, Attaching({"year": year}))
        await place.shelf.taken_in(attached, words)
    recent = Comparison("year", "gte", 2026)
    assert await place.texts(ANN, "宿泊費", papers, filter=recent) == ["宿泊費 2026年の規程"]
    assert len(await place.texts(ANN, "宿泊費 2025", papers, score=0.9)) == 1
    assert len((await place.search(ANN, "宿泊費", papers, most=1)).passages) == 1


async def test_vectors_have_a_word_where_the_embedder_may_see_the_query(place: Place) -> None:
    """The scripted embedder tells the length of a text, and one half."""
    papers = await place.shelf.collection(ANN)
    far, near = [await place.shelf.document(ANN, papers, words) for words in (LODGING, LEAVE)]
    await place.vector(far, b"\x00\x00\x00\x3c")  # (0, 1)
    await place.vector(near, b"\x00\x3c\x00\x38")  # (1, 0.5)
    wanted = Search((papers.id,), ("May I take a day off?",))
    found = await place.here.search(ANN, wanted)
    assert (found.dense, found.passages[0].document) == (True, near.id)

    low = person("ann", clearance=Clearance(Level.CONFIDENTIAL))
    above = await place.here.search(low, wanted, Label(Level.RESTRICTED))
    assert (above.dense, above.passages) == (False, ())
    place.library.embedder.failure = UpstreamUnreachable("local", "refused")
    away = await place.here.search(ANN, Search((papers.id,), ("宿泊費",)))
    assert (away.dense, [one.document for one in away.passages]) == (False, [far.id])
    by_words = await place.here.search(ANN, Search((papers.id,), ("宿泊費",), dense_weight=0.0))
    assert (by_words.dense, by_words.passages[0].document) == (False, far.id)


async def test_many_at_once_read_the_documents_once(place: Place) -> None:
    papers = await place.shelf.collection(ANN)
    documents = [await place.shelf.document(ANN, papers, words) for words in (LODGING, LEAVE)]
    wanted = Search((papers.id,), ("宿泊費", "有給休暇"))
    found = await asyncio.gather(*(place.here.search(ANN, wanted) for _ in range(8)))
    assert sorted(place.feed.read) == sorted(document.id for document in documents)
    assert len(set(map(scores, found))) == 1
    assert {one.chunk.text for one in found[0].passages} == {LODGING, LEAVE}


async def test_a_search_that_looks_for_nothing_is_refused(place: Place) -> None:
    papers = await place.shelf.collection(ANN)
    for wanted in (Search((papers.id,), (" ",)), Search((papers.id,), ()), Search((papers.id,), ("x",), most=0)):
        with pytest.raises(InvalidRequest):
            await place.here.search(ANN, wanted)
    assert (await place.here.search(ANN, Search((papers.id,), ("宿泊費",)))).passages == ()


async def test_a_search_has_so_many_queries_of_such_a_length(place: Place) -> None:
    papers = await place.shelf.collection(ANN)
    await place.shelf.document(ANN, papers, LODGING)
    longest = "宿泊費" + "x" * (LONGEST_QUERY - 3)
    assert (await place.here.search(ANN, Search((papers.id,), (longest,) * 16))).passages
    for queries, told in (((longest + "x",), "4,000 characters"), (("x",) * 17, "16 queries")):
        with pytest.raises(InvalidRequest, match=told) as refused:
            await place.here.search(ANN, Search((papers.id,), queries))
        assert refused.value.param == "query"


@pytest.mark.parametrize(("days", "ahead"), [(1, True), (8, False)])
async def test_a_server_that_starts_reads_ahead_for_who_searched_of_late(
    place: Place,
    days: int,
    ahead: bool,  # noqa: FBT001 - what is expected
) -> None:
    papers = await place.shelf.collection(ANN)
    document = await place.shelf.document(ANN, papers, LODGING)
    async with place.shelf.database.reading() as connection:
        await connection.execute("UPDATE collection SET last_active_at = now() - make_interval(days => $1)", days)
    known = asyncio.Event()
    known.set()
    await place.here.warm(known)
    assert place.feed.read == ([document.id] if ahead else [])
    assert await place.texts(ANN, "宿泊費", papers) == [LODGING]
    assert place.feed.read == [document.id]


class AwayFeed(WatchedFeed):
    """The database is away when the counts of changes are asked for first."""

    away = True

    async def versions(self, tenants: Sequence[str]) -> Mapping[str, int]:
        if self.away:
            self.away = False
            raise StorageUnavailable(Text("the database is away", "データベースが応答しません"))
        return await super().versions(tenants)


async def test_what_is_deleted_goes_from_the_index_of_a_server_that_nobody_asks_any_more(place: Place) -> None:
    papers = await place.shelf.collection(ANN)
    gone, stays = [await place.shelf.document(ANN, papers, text) for text in (LODGING, LEAVE)]
    place.here, slept = place._service(AwayFeed(place.shelf.database)), list[float]()
    await place.search(ANN, "宿泊費", papers)

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 3:
            raise asyncio.CancelledError

    await place.shelf.documents.detach(ANN, papers.id, gone.file)
    with pytest.raises(asyncio.CancelledError):
        await place.here.tend(structs.replace(WORLD, sleep=sleep))

    index = place.here._shelves._held["default"].shelf._index
    assert (gone.id in index, stays.id in index) == (False, True)
    (left,) = index._segments
    assert not np.diff(left.find(keys("宿泊費")), axis=0).any()
    assert await place.texts(ANN, "有給休暇", papers) == [LEAVE]
