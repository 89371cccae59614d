"""Search: for each reader as if there were nothing but what he may read."""

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct, structs

from kyozon.domain.callers import Caller
from kyozon.domain.errors import InvalidRequest, NotFound, NotPermitted, StorageUnavailable, WorldFailure
from kyozon.domain.knowledge import LONGEST_QUERY, MOST_QUERIES, Passage, Search
from kyozon.domain.labels import Label
from kyozon.domain.language import Text
from kyozon.domain.requests import EmbeddingRequest, Stated
from kyozon.governance.provenance import LOWEST, joined
from kyozon.ports.knowledge_index import KnowledgeFeed, Reach
from kyozon.services.embeddings import EmbeddingService
from kyozon.services.knowledge.collections import CollectionService
from kyozon.services.knowledge.ranking import CANDIDATES, Ranked, Ranking
from kyozon.services.knowledge.rights import reader_of
from kyozon.services.knowledge.shelves import Shelves
from kyozon.services.provenance import Provenance
from kyozon.services.world import World

if TYPE_CHECKING:
    from kyozon.services.knowledge.shelf import Asked

PURPOSE = Stated(purpose="search")
"""What the decisions on embedding queries say that they are for."""

_TRIES = 4
_MOST = 500
_INDEX_BYTES = 2 << 30


class Searched(Struct, frozen=True):
    """Passages, best first, and the join of their labels. `dense` says whether the vectors had a word.

    They have none where no embedder may see the query's label, or none answers. `reranked` says whether the order is that
    of a reranking model. It is not where none is asked, where it may not see what was found, and where it does not answer.
    """

    passages: tuple[Passage, ...]
    dense: bool
    label: Label = LOWEST
    reranked: bool = False


class SearchService:
    """Searches collections. What a reader may not read does not exist: no passage, score, order or error tells of it.

    Indexes are held in memory up to `index_bytes`, see `Shelves`.
    """

    def __init__(
        self,
        feed: KnowledgeFeed,
        embeddings: EmbeddingService,
        provenance: Provenance,
        collections: CollectionService,
        ranking: Ranking,
        index_bytes: int = _INDEX_BYTES,
    ) -> None:
        self._feed = feed
        self._embeddings = embeddings
        self._provenance = provenance
        self._collections = collections
        self._ranking = ranking
        self._shelves = Shelves(feed, index_bytes)

    async def search(
        self,
        caller: Caller,
        search: Search,
        declared: Label | None = None,
        *,
        sources: tuple[str, ...] = (),
        for_answer: bool = False,
    ) -> Searched:
        """The passages that fit best, of those that the caller may read at this moment.

        `declared` labels the query, and `sources` are the stored values that its words are taken from.

        That they went to the caller is durable when they are returned, unless they are `for_answer`: then the decision on
        the answer is the record.

        Raises:
            NotFound: a collection that is not there, or that he may not read; a reranker that is not there.
            InvalidRequest: a collection has expired; nothing is looked for, or too much at once: more than 16 queries, one
                of more than `LONGEST_QUERY` characters, more than 500 passages; or the reranker is none.
            KyozonError: as `EmbeddingService.embed`, when a limit or a budget is reached.
        """
        _check(search)
        model = self._ranking.model(search)
        reach = await self._reach(caller, search)
        vectors = await self._vectors(caller, search, reach, declared, sources)
        wide = search if model is None else structs.replace(search, most=max(search.most, CANDIDATES), score=0.0)
        passages, reranked = await self._passages(caller, wide, reach, vectors), False
        if model is not None and passages:
            passages, reranked = await self._ranked(caller, model, Ranked(search, passages, declared, sources))
        await self._handed(caller, search, passages, for_answer=for_answer)
        label = joined(passage.label for passage in passages) or LOWEST
        return Searched(passages, any(vectors.values()), label, reranked)

    async def warm(self, known: asyncio.Event) -> None:
        """Once `known` is set, read ahead what those who searched of late look in: their first search need not wait."""
        await known.wait()
        await self._shelves.warm()

    async def tend(self, world: World, seconds: float = 120.0) -> None:
        """Take out of the indexes, again and again, what has been deleted; runs until cancelled."""
        while True:
            await world.sleep(seconds)
            try:
                await self._shelves.erase()
            except StorageUnavailable:
                continue

    async def check(self, caller: Caller, search: Search) -> None:
        """Raises as `search` does of what is asked for, before anything is paid for; the queries may still be missing."""
        if search.queries:
            _check(search)
        self._ranking.model(search)
        await self._reach(caller, search)

    async def again(
        self, caller: Caller, search: Search, places: Mapping[tuple[str, int], float], *, for_answer: bool = False
    ) -> tuple[Passage, ...] | None:
        """What a search has found before, with its scores; None where the caller may not read all of it any more.

        Raises:
            NotFound: a collection that is not there, or that he may not read.
        """
        reach = await self._reach(caller, search)
        confirmed = await self._feed.passages(reach.reader, list(places)) if places else {}
        if len(confirmed) < len(places):
            return None
        passages = tuple(structs.replace(confirmed[place], score=score) for place, score in places.items())
        await self._handed(caller, search, passages, for_answer=for_answer)
        return passages

    async def _handed(self, caller: Caller, search: Search, passages: tuple[Passage, ...], *, for_answer: bool) -> None:
        if passages and not for_answer:
            await self._provenance.hand_over(caller, tuple(sorted({passage.document for passage in passages})))
        await self._collections.used(caller, search.collections)

    async def _passages(
        self, caller: Caller, search: Search, reach: Reach, vectors: Mapping[str, tuple[tuple[float, ...], ...]]
    ) -> tuple[Passage, ...]:
        """What the index finds and the truth confirms; what changed in between is looked for again."""
        from kyozon.retrieval.directory import Scope  # noqa: PLC0415 - numpy is loaded by the first search
        from kyozon.services.knowledge.shelf import Asked  # noqa: PLC0415 - so is it here

        asked = _asked(Asked, search, vectors)
        for tried in range(_TRIES):
            scope = Scope(reach.reader, frozenset(reach.collections), search.filter)
            found = await self._shelves.search(caller.tenant, reach.version, asked, scope)
            good = [one for one in found if one.score >= search.score]
            keys = [(one.document, one.ordinal) for one in good]
            confirmed = await self._feed.passages(reach.reader, keys) if keys else {}
            if len(confirmed) == len(keys) or tried == _TRIES - 1:
                break
            reach = await self._reach(caller, search)
        scored = ((confirmed.get(key), one.score) for key, one in zip(keys, good, strict=True))
        return tuple(structs.replace(passage, score=score) for passage, score in scored if passage is not None)

    async def _ranked(self, caller: Caller, model: str, found: Ranked) -> tuple[tuple[Passage, ...], bool]:
        """The best in the order of a reranking model, and whether it gave one; else in the order that they were found in.

        That takes a while: rights are asked for once more.
        """
        ranked, search = await self._ranking.ranked(caller, model, found), found.search
        best = found.passages if ranked is None else ranked
        reader = (await self._reach(caller, search)).reader
        still = await self._feed.passages(reader, [one.key for one in best])
        again = [structs.replace(still[one.key], score=one.score) for one in best if one.key in still]
        return tuple(one for one in again if one.score >= search.score)[: search.most], ranked is not None

    async def _reach(self, caller: Caller, search: Search) -> Reach:
        reach = await self._feed.reach(reader_of(caller), search.collections)
        for name in search.collections:
            if name not in reach.collections:
                raise await self._collections.unsearchable(caller, name)
        return reach

    async def _vectors(
        self, caller: Caller, search: Search, reach: Reach, declared: Label | None, sources: tuple[str, ...]
    ) -> dict[str, tuple[tuple[float, ...], ...]]:
        """The queries' vectors by each embedder, in their order; none by one that may not see them or does not answer."""
        if search.dense_weight == 0:
            return {}
        found = {}
        for embedder in sorted(set(reach.collections.values())):
            body = msgspec.json.encode({"model": embedder, "input": search.queries})
            request = EmbeddingRequest({}, embedder, search.queries, purpose="query")
            try:
                embedded = await self._embeddings.embed(caller, request, declared, body, sources, PURPOSE)
            except StorageUnavailable:
                raise
            except (NotPermitted, NotFound, WorldFailure):
                continue  # Its refusal or failure is on record. The words still find what they find.
            found[embedder] = embedded.embeddings.vectors
        return found


def _asked(kind: type["Asked"], search: Search, vectors: Mapping[str, tuple[tuple[float, ...], ...]]) -> "Asked":
    queries = tuple(
        (text, {embedder: several[at] for embedder, several in vectors.items()}) for at, text in enumerate(search.queries)
    )
    return kind(queries, search.most, search.dense_weight)


def _check(search: Search) -> None:
    if not search.collections or not search.queries or not all(query.strip() for query in search.queries):
        raise InvalidRequest(
            Text(
                "a search needs a query and a collection to look in: name both.",
                "検索には、検索語と検索先のコレクションが必要です。両方を指定してください。",
            ),
            "query",
        )
    if len(search.queries) > MOST_QUERIES:
        raise InvalidRequest(
            Text(
                f"a search takes at most {MOST_QUERIES} queries at once: send the others in a search of their own.",
                f"一度に検索できる検索語は {MOST_QUERIES} 個までです。残りは別の検索として送信してください。",
            ),
            "query",
        )
    if max(map(len, search.queries)) > LONGEST_QUERY:
        raise InvalidRequest(
            Text(
                f"a query has at most {LONGEST_QUERY:,} characters: shorten it to what shall be found.",
                f"検索語は {LONGEST_QUERY:,} 文字までです。探したい内容に絞って短くしてください。",
            ),
            "query",
        )
    if not 1 <= search.most <= _MOST:
        raise InvalidRequest(
            Text(
                f"a search finds from 1 to {_MOST} passages: ask for that many.",
                f"一度に検索できるのは 1～{_MOST} 件です。件数をその範囲で指定してください。",
            ),
            "max_num_results",
        )
