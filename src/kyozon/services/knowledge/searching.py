"""Search: for each reader as if there were nothing but what he may read."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct, structs

from kyozon.domain.callers import Caller
from kyozon.domain.errors import InvalidRequest, NotFound, NotPermitted, StorageUnavailable, WorldFailure
from kyozon.domain.knowledge import Passage, Search
from kyozon.domain.labels import Label
from kyozon.domain.language import Text
from kyozon.domain.requests import EmbeddingRequest, Stated
from kyozon.governance.provenance import LOWEST, joined
from kyozon.ports.knowledge_index import KnowledgeFeed, Reach
from kyozon.services.embeddings import EmbeddingService
from kyozon.services.knowledge.collections import CollectionService
from kyozon.services.knowledge.rights import no_collection, reader_of
from kyozon.services.provenance import Provenance

if TYPE_CHECKING:
    from kyozon.services.knowledge.shelf import Asked, Shelf

PURPOSE = Stated(purpose="search")
"""What the decisions on embedding queries say that they are for."""

_TRIES = 4
_MOST = 500


class Searched(Struct, frozen=True):
    """Passages, best first, and the join of their labels. `dense` says whether the vectors had a word.

    They have none where no embedder may see the query's label, or none answers.
    """

    passages: tuple[Passage, ...]
    dense: bool
    label: Label = LOWEST


class SearchService:
    """Searches collections. What a reader may not read does not exist: no passage, score, order or error tells of it."""

    def __init__(
        self, feed: KnowledgeFeed, embeddings: EmbeddingService, provenance: Provenance, collections: CollectionService
    ) -> None:
        self._feed = feed
        self._embeddings = embeddings
        self._provenance = provenance
        self._collections = collections
        self._shelves: dict[str, Shelf] = {}

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
            NotFound: a collection that is not there, or that he may not read.
            InvalidRequest: nothing is looked for, or too much at once.
            KyozonError: as `EmbeddingService.embed`, when a limit or a budget is reached.
        """
        _check(search)
        reach = await self._reach(caller, search)
        vectors = await self._vectors(caller, search, reach, declared, sources)
        passages = await self._passages(caller, search, reach, vectors)
        if passages and not for_answer:
            await self._provenance.hand_over(caller, tuple(sorted({passage.document for passage in passages})))
        await self._collections.used(caller, search.collections)
        label = joined(passage.label for passage in passages) or LOWEST
        return Searched(passages, any(vectors.values()), label)

    async def _passages(
        self, caller: Caller, search: Search, reach: Reach, vectors: Mapping[str, tuple[tuple[float, ...], ...]]
    ) -> tuple[Passage, ...]:
        """What the index finds and the truth confirms; what changed in between is looked for again."""
        from kyozon.retrieval.directory import Scope  # noqa: PLC0415 - numpy is loaded by the first search
        from kyozon.services.knowledge.shelf import Asked, Shelf  # noqa: PLC0415 - so is it here

        asked = _asked(Asked, search, vectors)
        if caller.tenant not in self._shelves:
            self._shelves[caller.tenant] = Shelf(caller.tenant, self._feed)
        shelf = self._shelves[caller.tenant]
        for tried in range(_TRIES):
            scope = Scope(reach.reader, frozenset(reach.collections), search.filter)
            found = await shelf.search(reach.version, asked, scope)
            good = [one for one in found if one.score >= search.score]
            keys = [(one.document, one.ordinal) for one in good]
            confirmed = await self._feed.passages(reach.reader, keys) if keys else {}
            if len(confirmed) == len(keys) or tried == _TRIES - 1:
                break
            reach = await self._reach(caller, search)
        scored = ((confirmed.get(key), one.score) for key, one in zip(keys, good, strict=True))
        return tuple(structs.replace(passage, score=score) for passage, score in scored if passage is not None)

    async def _reach(self, caller: Caller, search: Search) -> Reach:
        reach = await self._feed.reach(reader_of(caller), search.collections)
        for name in search.collections:
            if name not in reach.collections:
                raise no_collection(name)
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
    if not 1 <= search.most <= _MOST:
        raise InvalidRequest(
            Text(
                f"a search finds from 1 to {_MOST} passages: ask for that many.",
                f"一度に検索できるのは 1～{_MOST} 件です。件数をその範囲で指定してください。",
            ),
            "max_num_results",
        )
