"""Bugs with documents that somebody could write, one switch each."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from msgspec import structs

import kyozon.retrieval.bm25
import kyozon.services.knowledge.answering
from kyozon.domain.callers import Caller
from kyozon.domain.errors import NotFound
from kyozon.domain.ingestion import Work
from kyozon.domain.labels import Label, Level, parse_clearance
from kyozon.domain.provenance import StoredValue
from kyozon.ports.knowledge import Attachment, Chosen, Counts, Held, Page
from kyozon.ports.knowledge_index import Reach
from kyozon.retrieval.bm25 import Lexical, scores
from kyozon.retrieval.directory import Directory, Scope
from kyozon.retrieval.index import Index
from kyozon.services.chat import Ask
from kyozon.services.embeddings import EmbeddingService
from kyozon.services.knowledge.answering import _with_sources
from kyozon.services.knowledge.collections import CollectionService
from kyozon.services.knowledge.documents import DocumentService
from kyozon.services.knowledge.ranking import CANDIDATES, Ranked
from kyozon.services.knowledge.rights import no_collection, reader_of, require
from kyozon.services.knowledge.searching import Searched, SearchService
from kyozon.services.knowledge.shelf import Shelf
from kyozon.services.knowledge.taking_in import PURPOSE
from kyozon.services.provenance import Provenance
from kyozon.services.reranking import RerankingService
from tests.fakes.ingestion import MemoryRights
from tests.fakes.knowledge import Knowledge, MemoryDocuments
from tests.noninterference.leaks import Seed

_EVERYTHING = parse_clearance("restricted+*")


def _index_sees(patch: pytest.MonkeyPatch, **more: Any) -> None:
    """The index takes every reader for one who may do more. What was found is still checked before it is shown."""
    real = Directory.permitted

    def permitted(directory: Directory, scope: Scope) -> Any:
        return real(directory, structs.replace(scope, reader=structs.replace(scope.reader, **more)))

    patch.setattr(Directory, "permitted", permitted)


def the_index_forgets_readers(patch: pytest.MonkeyPatch) -> None:
    _index_sees(patch, admin=True)


def the_index_forgets_labels(patch: pytest.MonkeyPatch) -> None:
    _index_sees(patch, clearance=_EVERYTHING)


def a_search_forgets_readers(patch: pytest.MonkeyPatch) -> None:
    """In the index, and where what was found is checked."""
    _index_sees(patch, admin=True)
    real = Knowledge.open_to
    anybody = frozenset[str]()
    patch.setattr(Knowledge, "open_to", lambda k, reader, one: real(k, reader, structs.replace(one, readers=anybody)))


def unsharing_does_not_reach_the_search(patch: pytest.MonkeyPatch) -> None:
    real = SearchService._reach
    known: dict[tuple[int, str, tuple[str, ...]], Reach] = {}

    async def reach(service: SearchService, caller: Caller, search: Any) -> Reach:
        place = (id(service), caller.key.id, search.collections)
        if place not in known:
            known[place] = await real(service, caller, search)
        now = await service._feed.reach(reader_of(caller), ())
        return structs.replace(known[place], version=now.version)

    patch.setattr(SearchService, "_reach", reach)


def who_has_left_a_group_is_remembered(patch: pytest.MonkeyPatch) -> None:
    real = Knowledge.groups
    known: dict[tuple[int, str, str], frozenset[str]] = {}

    def groups(knowledge: Knowledge, reader: Any) -> frozenset[str]:
        place = (id(knowledge), reader.tenant, reader.user)
        known[place] = known.get(place, frozenset()) | real(knowledge, reader)
        return known[place]

    patch.setattr(Knowledge, "groups", groups)


def a_raised_label_does_not_reach_the_index(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Index, "describe", lambda *_: None)


def a_deleted_document_stays_in_the_index(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Shelf, "_remove", lambda *_: None)


def a_document_does_not_name_its_file(patch: pytest.MonkeyPatch) -> None:
    real = MemoryDocuments._value

    def value(store: MemoryDocuments, one: Attachment) -> StoredValue:
        return structs.replace(real(store, one), sources=())

    patch.setattr(MemoryDocuments, "_value", value)


def a_document_forgets_its_collection_s_label(patch: pytest.MonkeyPatch) -> None:
    real = MemoryDocuments._value

    def value(store: MemoryDocuments, one: Attachment) -> StoredValue:
        return structs.replace(real(store, one), label=Label(Level.PUBLIC))

    patch.setattr(MemoryDocuments, "_value", value)


def answers_do_not_name_their_documents(patch: pytest.MonkeyPatch) -> None:
    def leaky(ask: Ask, *rest: Any) -> Ask:
        return structs.replace(_with_sources(ask, *rest), sources=ask.sources)

    patch.setattr(kyozon.services.knowledge.answering, "_with_sources", leaky)


def a_repeated_question_asks_for_no_rights(patch: pytest.MonkeyPatch) -> None:
    """Whatever was found this time: the first answer comes again, also to who may not read its documents any more."""

    async def may_read(rights: MemoryRights, caller: Caller, value: str) -> bool:
        del rights, caller, value
        return True

    patch.setattr(MemoryRights, "may_read", may_read)


def a_question_forgets_what_it_is_made_from(patch: pytest.MonkeyPatch) -> None:
    real = SearchService.search

    async def search(service: SearchService, caller: Caller, wanted: Any, declared: Any = None, **more: Any) -> Searched:
        unmade = {"sources": (), "declared": Label(Level.PUBLIC)} if more.get("sources") else {"declared": declared}
        return await real(service, caller, wanted, **(more | unmade))

    patch.setattr(SearchService, "search", search)


def chunks_are_embedded_without_their_label(patch: pytest.MonkeyPatch) -> None:
    real = EmbeddingService.embed

    async def embed(service: EmbeddingService, caller: Any, request: Any, declared: Any, *rest: Any, **more: Any) -> Any:
        if PURPOSE in rest:
            return await real(service, caller, request, Label(Level.PUBLIC), rest[0], (), PURPOSE)
        return await real(service, caller, request, declared, *rest, **more)

    patch.setattr(EmbeddingService, "embed", embed)


def forbidden_passages_count_in_frequencies(patch: pytest.MonkeyPatch) -> None:
    def leaky(segments: Any, permitted: Any, *rest: Any) -> Lexical:
        found = scores(segments, np.ones_like(permitted), *rest)
        return Lexical(np.where(permitted, found.scores, np.float32(0)), found.ideal)

    patch.setattr(kyozon.retrieval.bm25, "scores", leaky)


def counts_count_what_one_may_not_see(patch: pytest.MonkeyPatch) -> None:
    real = MemoryDocuments.counts

    async def counts(store: MemoryDocuments, reader: Any, collections: Sequence[str], batch: str | None) -> Any:
        mine = [name for name in collections if store._all.access(reader, name) is not None]
        found = await real(store, structs.replace(reader, admin=True, clearance=_EVERYTHING), mine, batch)
        return {name: Counts() for name in collections} | dict(found)

    patch.setattr(MemoryDocuments, "counts", counts)


def estimates_know_what_one_may_not_see(patch: pytest.MonkeyPatch) -> None:
    real = MemoryDocuments.work

    async def work(store: MemoryDocuments, reader: Any, collections: Sequence[str], batch: str | None) -> Any:
        mine = [name for name in collections if store._all.access(reader, name) is not None]
        found = await real(store, structs.replace(reader, admin=True, clearance=_EVERYTHING), mine, batch)
        return {name: Work() for name in collections} | dict(found)

    patch.setattr(MemoryDocuments, "work", work)


def there_is_more_where_one_may_see_none_of_it(patch: pytest.MonkeyPatch) -> None:
    real = DocumentService.list

    async def listed(service: DocumentService, caller: Caller, chosen: Chosen, page: Page) -> Any:
        found, _ = await real(service, caller, chosen, page)
        everybody = structs.replace(reader_of(caller), admin=True, clearance=_EVERYTHING)
        return found, (await service._store.list(everybody, chosen, page))[1]

    patch.setattr(DocumentService, "list", listed)


def errors_tell_what_there_is(patch: pytest.MonkeyPatch) -> None:
    async def held(service: CollectionService, caller: Caller, collection: str, wanted: Any = "read") -> Held:
        everybody = structs.replace(reader_of(caller), admin=True, clearance=_EVERYTHING)
        found = await service._store.get(everybody, collection)
        if found is None:
            raise no_collection(collection)
        mine = await service._store.get(reader_of(caller), collection)
        require(mine or structs.replace(found, access="read"), wanted)
        return found

    patch.setattr(CollectionService, "held", held)


def passages_leave_without_a_record(patch: pytest.MonkeyPatch) -> None:
    async def nothing(*_: Any) -> None:
        return

    patch.setattr(Provenance, "hand_over", nothing)


def a_filter_looks_at_everything(patch: pytest.MonkeyPatch) -> None:
    """Who filters by what a document that he may not read says of itself is told that there is one."""
    real = SearchService._passages

    async def passages(service: SearchService, caller: Caller, search: Any, reach: Reach, vectors: Any) -> Any:
        everybody = structs.replace(reach.reader, admin=True, clearance=_EVERYTHING)
        found = await real(service, caller, search, reach, vectors)
        if search.filter is not None and not found:
            wide = Caller(structs.replace(caller.key, admin=True, clearance=_EVERYTHING))
            if await real(service, wide, search, structs.replace(reach, reader=everybody), vectors):
                raise NotFound(no_collection("nothing that you may read").text)
        return found

    patch.setattr(SearchService, "_passages", passages)


def a_reranker_is_asked_before_the_truth_is(patch: pytest.MonkeyPatch) -> None:
    """It is given what an index finds that knows no rights; whether that may be seen is looked at afterwards."""
    real = SearchService._ranked

    async def ranked(service: SearchService, caller: Caller, model: str, found: Ranked) -> Any:
        everybody = Caller(structs.replace(caller.key, admin=True, clearance=_EVERYTHING))
        reach = await service._reach(everybody, found.search)
        wide = structs.replace(found.search, most=CANDIDATES, score=0.0)
        unconfirmed = await service._passages(everybody, wide, reach, {})
        return await real(service, caller, model, structs.replace(found, passages=unconfirmed))

    patch.setattr(SearchService, "_ranked", ranked)


def a_reranker_is_asked_without_sources(patch: pytest.MonkeyPatch) -> None:
    real = RerankingService.rerank

    async def rerank(service: RerankingService, *rest: Any) -> Any:
        caller, request, declared, body, _, stated = rest
        return await real(service, caller, request, declared, body, (), stated)

    patch.setattr(RerankingService, "rerank", rerank)


LEAKS: dict[str, Seed] = {
    seed.__name__: seed
    for seed in (
        the_index_forgets_readers,
        the_index_forgets_labels,
        a_search_forgets_readers,
        unsharing_does_not_reach_the_search,
        who_has_left_a_group_is_remembered,
        a_raised_label_does_not_reach_the_index,
        a_deleted_document_stays_in_the_index,
        estimates_know_what_one_may_not_see,
        a_document_does_not_name_its_file,
        a_document_forgets_its_collection_s_label,
        answers_do_not_name_their_documents,
        a_repeated_question_asks_for_no_rights,
        a_question_forgets_what_it_is_made_from,
        chunks_are_embedded_without_their_label,
        forbidden_passages_count_in_frequencies,
        counts_count_what_one_may_not_see,
        there_is_more_where_one_may_see_none_of_it,
        errors_tell_what_there_is,
        passages_leave_without_a_record,
        a_filter_looks_at_everything,
        a_reranker_is_asked_before_the_truth_is,
        a_reranker_is_asked_without_sources,
    )
}
