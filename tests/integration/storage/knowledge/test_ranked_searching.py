"""The second look over a real database and real HTTP: who may see what, and what if nobody looks."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Any

import msgspec
import pytest
from msgspec import structs

from kyozon.domain.callers import Caller
from kyozon.domain.errors import InvalidRequest, LimitReached, NotFound
from kyozon.domain.knowledge import LONGEST_QUERY, Collection, Passage, Reader, Search, Share
from kyozon.domain.labels import Label, Level, parse_clearance
from kyozon.domain.models import ModelCard
from kyozon.ports.provider import Ranks, RerankCall
from kyozon.providers import openai
from kyozon.providers.transport import Transport
from kyozon.services.knowledge.searching import Searched, SearchService
from kyozon.storage.database import Database
from kyozon.storage.knowledge.feed import PostgresKnowledgeFeed
from tests.fakes.bookshelf import PUBLIC, person
from tests.fakes.installation import provider
from tests.fakes.library import Library
from tests.fakes.upstream import Behaviour, FakeUpstream

ANN, BEN = person("ann"), person("ben")
NIGHTS, TRAINS, MEALS = "hotel nights", "hotel and trains", "hotel hotel breakfast and other meals paid"
QUERY = "breakfast meals hotel"
Happens = Callable[[], Awaitable[object]]


class InterruptedFeed(PostgresKnowledgeFeed):
    """Lets something happen between finding and confirming."""

    meanwhile: Happens | None = None

    async def passages(self, reader: Reader, keys: Sequence[tuple[str, int]]) -> Mapping[tuple[str, int], Passage]:
        happens, self.meanwhile = self.meanwhile, None
        if happens:
            await happens()
        return await super().passages(reader, keys)


class Room:
    """Searches whose second look is a server's over HTTP; something may happen while it looks."""

    def __init__(self, database: Database, upstream: FakeUpstream, transport: Transport) -> None:
        async def endpoint(_: ModelCard) -> str:
            return f"{upstream.url}/v1"

        self.library, self.upstream = Library(database), upstream
        self.library.egress._provenance = self.library.provenance
        self.library.egress._reranking = dict.fromkeys(("local", "bargain"), self)
        self.shelf, self.feed = self.library.shelf, InterruptedFeed(database)
        self._adapter = openai.adapter(provider("local", "host"), endpoint, None, transport)
        self.meanwhile: Happens | None = None
        self.usual: str | None = None

    async def rerank(self, call: RerankCall) -> Ranks:
        happens, self.meanwhile = self.meanwhile, None
        if happens:
            await happens()
        return await self._adapter.rerank(call)

    async def search(
        self, caller: Caller, papers: Collection, reranker: str | None = "reranker", seconds: float = 60.0, **more: Any
    ) -> Searched:
        parts = self.library.embeddings, self.library.provenance, self.shelf.collections
        service = SearchService(self.feed, *parts, self.library.ranking(self.usual, seconds))
        wanted = Search((papers.id,), (QUERY,), dense_weight=0.0, reranker=reranker, **more)
        return await service.search(caller, wanted, PUBLIC)

    async def papers(self, *shares: Share, words: Sequence[str] = (NIGHTS, TRAINS, MEALS)) -> Collection:
        papers = await self.shelf.collection(ANN, *shares)
        for text in words:
            await self.shelf.document(ANN, papers, text)
        return papers

    @property
    def seen(self) -> list[list[str]]:
        """What the server was given to rank, call by call, in an order that tells nothing."""
        return [sorted(one.json["documents"]) for one in self.upstream.received]


@pytest.fixture
async def room(database: Database, upstream: FakeUpstream, transport: Transport) -> AsyncIterator[Room]:
    room = Room(database, upstream, transport)
    yield room
    await room.library.drain()
    room.library.assert_settled()


def texts(found: Searched) -> list[str]:
    return [one.chunk.text for one in found.passages]


async def test_the_order_and_the_scores_are_the_reranker_s_and_that_it_was_asked_is_on_record(room: Room) -> None:
    papers = await room.papers()
    without = await room.search(ANN, papers, "")
    found = await room.search(ANN, papers)

    assert (without.reranked, found.reranked) == (False, True)
    assert [(one.chunk.text, one.score) for one in found.passages] == [(MEALS, 1.0), (NIGHTS, 1 / 3), (TRAINS, 1 / 3)]
    assert room.seen == [sorted((NIGHTS, TRAINS, MEALS))]
    assert room.upstream.received[0].json["query"] == QUERY
    (decision,) = room.library.book.decisions_by_id.values()
    assert (decision.kind, decision.purpose, decision.chosen) == ("reranking", "search", "reranker")
    assert decision.sources == tuple(sorted(one.document for one in found.passages))


async def test_bounds_hold_for_what_the_reranker_says(room: Room) -> None:
    papers = await room.papers()
    assert texts(await room.search(ANN, papers, score=0.5)) == [MEALS]
    assert len(texts(await room.search(ANN, papers, most=2))) == 2
    assert [len(one) for one in room.seen] == [3, 3]  # more than is wanted is looked at: the best may lie further behind


@pytest.mark.parametrize(
    "trouble", [Behaviour(status=500), Behaviour(status=400), Behaviour(hang=True), Behaviour(raw_body=b"{}")]
)
async def test_where_nobody_takes_a_second_look_the_order_stays(room: Room, trouble: Behaviour) -> None:
    papers = await room.papers()
    without = await room.search(ANN, papers, "", most=2, score=0.1)
    room.upstream.default = trouble
    found = await room.search(ANN, papers, seconds=0.2 if trouble.hang else 60.0, most=2, score=0.1)
    assert found == without
    (outcome,) = room.library.book.outcomes.values()
    assert outcome.status == "failed"  # whoever is too slow has failed, too, and is not charged for
    assert (outcome.error == "provider_unreachable") is trouble.hang
    assert not outcome.charge.amount


async def test_a_passage_longer_than_the_reranker_reads_is_judged_by_its_beginning(room: Room) -> None:
    installation = room.library.registry.installation
    small = tuple(structs.replace(card, context=40) if card.id == "reranker" else card for card in installation.cards)
    room.library.registry.installation = structs.replace(installation, cards=small)
    papers = await room.papers(words=(NIGHTS, "旅費" * 200, "hotel " * 100))
    assert (await room.search(ANN, papers)).reranked
    short, *cut = sorted(room.seen[0], key=len)
    assert short == NIGHTS
    assert all(10 < len(one) < 130 for one in cut)


async def test_the_label_of_what_was_found_decides_who_may_look(room: Room) -> None:
    papers = await room.papers()
    assert (await room.search(ANN, papers, "far-reranker")).reranked
    secret = await room.shelf.document(ANN, papers, "hotel meals of the board", label=Label(Level.CONFIDENTIAL))
    found = await room.search(ANN, papers, "far-reranker")
    assert not found.reranked
    assert secret.id in {one.document for one in found.passages}
    assert len(room.seen) == 1
    refused = [one.status for one in room.library.book.outcomes.values()]
    assert refused == ["answered", "refused"]
    assert (await room.search(ANN, papers, "reranker")).reranked
    low = person("ben", clearance=parse_clearance("internal"))
    await room.shelf.collections.share(ANN, papers.id, Share("user", "ben"))
    assert (await room.search(low, papers, "far-reranker")).reranked  # he has no such passage


async def test_what_goes_before_it_is_confirmed_is_not_shown_to_a_reranker(room: Room) -> None:
    papers = await room.papers(words=(NIGHTS, TRAINS))
    best = await room.shelf.document(ANN, papers, MEALS)
    room.feed.meanwhile = lambda: room.shelf.files.delete(ANN, best.file)
    assert texts(await room.search(ANN, papers)) == [NIGHTS, TRAINS]
    assert room.seen == [sorted((NIGHTS, TRAINS))]


@pytest.mark.parametrize("answers", [True, False])
async def test_what_goes_while_it_looks_is_not_shown_and_leaves_no_empty_seat(room: Room, *, answers: bool) -> None:
    papers = await room.papers(Share("user", "ben"), words=(NIGHTS, TRAINS))
    best = await room.shelf.document(ANN, papers, MEALS)
    shut = {"kyozon:readers": "user:ann"}
    room.meanwhile = lambda: room.shelf.documents.update(ANN, papers.id, best.file, shut)
    room.upstream.default = Behaviour() if answers else Behaviour(status=500)
    found = await room.search(BEN, papers, most=2)
    assert found.reranked is answers
    assert sorted(texts(found)) == sorted((NIGHTS, TRAINS))
    room.meanwhile = lambda: room.shelf.collections.unshare(ANN, papers.id, Share("user", "ben"))
    with pytest.raises(NotFound):
        await room.search(BEN, papers)


async def test_what_others_have_changes_neither_the_order_nor_what_a_reranker_is_asked(room: Room) -> None:
    papers = await room.papers(Share("user", "ben"))
    before = await room.search(BEN, papers)
    await room.shelf.document(ANN, papers, f"{QUERY} for the board", readers="group:board")
    after = await room.search(BEN, papers)
    assert msgspec.json.encode(before) == msgspec.json.encode(after)
    one, other = room.upstream.received
    assert one.raw == other.raw


@pytest.mark.parametrize(
    ("name", "failure"), [("nobody", NotFound), ("in-house", InvalidRequest), ("embedder", InvalidRequest)]
)
async def test_a_reranker_that_is_none_is_refused_before_anything_is_paid(
    room: Room, name: str, failure: type[Exception]
) -> None:
    papers = await room.papers()
    with pytest.raises(failure):
        await room.search(ANN, papers, name)
    assert room.library.book.decisions_by_id == {}


async def test_auto_is_one_that_may_see_what_was_found(room: Room) -> None:
    papers = await room.papers()
    room.usual = "auto"
    await room.shelf.document(ANN, papers, "hotel meals of the board", label=Label(Level.CONFIDENTIAL))
    assert (await room.search(ANN, papers, None)).reranked
    assert [one.json["model"] for one in room.upstream.received] == ["reranker"]


async def test_a_long_question_is_read_with_each_passage_no_longer_than_a_query_may_be(room: Room) -> None:
    papers, long = await room.papers(), "hotel " * 600
    wanted = Search((papers.id,), (long, long), dense_weight=0.0, reranker="reranker")
    parts = room.library.embeddings, room.library.provenance, room.shelf.collections, room.library.ranking(seconds=60.0)
    assert (await SearchService(room.feed, *parts).search(ANN, wanted, PUBLIC)).reranked
    assert [len(one.json["query"]) for one in room.upstream.received] == [LONGEST_QUERY]


async def test_where_the_usual_reranker_is_not_there_the_order_stays(room: Room, caplog: pytest.LogCaptureFixture) -> None:
    papers = await room.papers()
    room.usual = "not-pulled-yet"
    found = await room.search(ANN, papers, None)
    assert (len(found.passages), found.reranked) == (3, False)
    assert "no model not-pulled-yet" in caplog.text


async def test_without_a_passage_nobody_is_asked_and_a_limit_is_told(room: Room) -> None:
    papers = await room.papers(words=())
    found = await room.search(ANN, papers)
    assert (found.passages, found.reranked, room.seen) == ((), False, [])
    await room.shelf.document(ANN, papers, MEALS)
    limits = structs.replace(ANN.key.limits, tokens_per_minute=1)
    small = Caller(structs.replace(ANN.key, limits=limits))
    with pytest.raises(LimitReached):
        await room.search(small, papers)
    room.usual = "reranker"
    found = await room.search(small, papers, None)
    assert (texts(found), found.reranked) == ([MEALS], False)
