"""The answer cache: asked after the decision is recorded and before anything is sent, filled when an answer is settled.

It can do without: where the store or the embedder fails or is slow, a model answers as if there were no cache.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from msgspec import Struct, structs

from kyozon.domain.cache import CachedAnswer, Partition, Wanted
from kyozon.domain.decisions import Attempt, CacheUse, Decision, Outcome
from kyozon.domain.errors import KyozonError
from kyozon.domain.models import ModelCard
from kyozon.domain.requests import CacheWish, ChatRequest, EmbeddingRequest
from kyozon.domain.usage import Usage
from kyozon.governance.partition import (
    PartitionOf,
    partition_of,
    question_sha256,
    question_text,
    why_not_cached,
    worth_keeping,
)
from kyozon.governance.same_question import essence
from kyozon.metering.estimate import text_tokens
from kyozon.ports.cache import AnswerStore
from kyozon.ports.provider import EmbeddingCall
from kyozon.services.deciding import Decided
from kyozon.services.egress import Egress
from kyozon.services.lasting import Lasting
from kyozon.services.registry import Registry
from kyozon.services.settling import Ending, charge_for
from kyozon.services.world import World

LARGEST_ANSWER = 1 << 20
_PATIENCE_SECONDS = 2.0
_TIDY_EVERY = timedelta(minutes=1)


class CacheOptions(Struct, frozen=True):
    """`exact` and `semantic` hold for requests that say nothing; `enabled` is whether any may use the cache.

    `similarity` is the least cosine at which `embedder` (a card's id) finds two questions alike; at most `most` answers are
    kept, each for `keep_for`.
    """

    enabled: bool = True
    exact: bool = False
    semantic: bool = False
    similarity: float = 0.95
    keep_for: timedelta = timedelta(hours=1)
    most: int = 100_000
    embedder: str = "multilingual-e5-small"


class Place(Struct):
    """Where a request's answer is looked for, and kept when it is new. `found` is a hit."""

    decision: Decision
    request: ChatRequest
    question_sha256: str
    essence: str | None = None
    vector: tuple[float, ...] | None = None
    found: CachedAnswer | None = None


class Said(Struct, frozen=True):
    """A whole answer in the form it is given again in, and the pieces of JSON it consists of."""

    content_type: str
    payload: bytes
    pieces: Sequence[bytes]


class AnswerCache:
    """Finds and keeps answers, each within its partition (`partition_of`)."""

    def __init__(
        self,
        store: AnswerStore,
        registry: Registry,
        egress: Egress,
        world: World,
        options: CacheOptions,
        partition_of: PartitionOf = partition_of,
    ) -> None:
        self._store = store
        self._registry = registry
        self._egress = egress
        self._world = world
        self._options = options
        self._partition_of = partition_of
        self._lasting = Lasting()
        self._tidy_at = datetime.min.replace(tzinfo=world.now().tzinfo)

    async def look(self, decided: Decided, request: ChatRequest, wish: CacheWish | None, ending: Ending) -> Place | None:
        """Look for an answer; None where this request passes the cache by. `ending.cache` tells what was done."""
        mode = self._mode(wish)
        if mode == "off":
            return None
        reason = why_not_cached(request)
        if reason is not None:
            ending.cache = CacheUse("bypass", reason=reason)
            return None
        place = Place(decided.decision, request, question_sha256(request))
        first = decided.order[0]
        partition = self._partition_of(decided.decision, request, first.id)
        ending.cache = CacheUse("refresh" if mode == "refresh" else "miss", partition.sha256)
        semantic = mode == "semantic" or (mode == "refresh" and self._options.semantic)
        with suppress(KyozonError, TimeoutError):
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await self._search(place, ending, _wanted(decided, partition, self._world.now()), semantic=semantic)
        return place

    async def keep(self, place: Place | None, card: ModelCard | None, outcome: Outcome, said: Said) -> None:
        """Keep what `card` has answered, if it is whole; returns when others can find it."""
        if place is None or card is None or outcome.status != "answered" or len(said.payload) > LARGEST_ANSWER:
            return
        pieced = any(attempt.error and attempt.usage is not None for attempt in outcome.attempts)  # by two models
        if pieced or not worth_keeping(outcome.finish, said.pieces):
            return
        now = self._world.now()
        answer = CachedAnswer(
            partition=self._partition_of(place.decision, place.request, card.id),
            question_sha256=place.question_sha256,
            deployment=card.address,
            source=outcome.decision_id,
            content_type=said.content_type,
            payload=said.payload,
            charge=outcome.charge,
            expires_at=now + self._options.keep_for,
            essence=place.essence,
            vector=place.vector,
        )
        with suppress(KyozonError, TimeoutError):
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await self._store.keep(answer)
        if now >= self._tidy_at:
            self._tidy_at = now + _TIDY_EVERY
            self._lasting.begin(self._tidy(now, place.decision.policy_version))

    async def forget(self, tenant: str, user: str | None) -> int:
        """Delete what was kept for a tenant, or for one of its users; how many answers there were."""
        return await self._store.forget(tenant, user)

    async def drain(self) -> None:
        """Wait for what goes on in the background."""
        await self._lasting.drain()

    def _mode(self, wish: CacheWish | None) -> CacheWish:
        if not self._options.enabled:
            return "off"
        if wish is not None:
            return wish
        return "semantic" if self._options.semantic else "exact" if self._options.exact else "off"

    async def _search(self, place: Place, ending: Ending, wanted: Wanted, *, semantic: bool) -> None:
        """The same question first; a similar one only where the words that matter are the same, too."""
        fresh = ending.cache is not None and ending.cache.result == "refresh"
        if not fresh:
            place.found = await self._store.same(wanted, place.question_sha256)
        if place.found is not None:
            _hit(ending, place.found, None)
        elif semantic:
            await self._embed(place, ending)
            if place.essence is None or place.vector is None or fresh:
                return
            near = await self._store.nearest(wanted, place.essence, place.vector)
            if near is not None and near[1] >= self._options.similarity:
                place.found = near[0]
                _hit(ending, *near)

    async def _embed(self, place: Place, ending: Ending) -> None:
        """The vector of the question, by a model that its label may go to."""
        text = question_text(place.request)
        words = None if text is None else essence(text)
        if text is None or words is None or ending.cache is None:
            return
        card = self._registry.candidates(self._options.embedder, "embedding")[0]
        asked = EmbeddingRequest({}, card.id, (text,), purpose="query")
        found = await self._egress.embed(EmbeddingCall(card, asked), place.decision.label, place.decision)
        usage = found.usage or Usage(uncached=text_tokens(text), estimated=True)
        paid = Attempt(card.id, card.provider, usage=usage, charge=charge_for(place.decision, card, usage))
        ending.cache = structs.replace(ending.cache, embedding=paid)
        place.essence, place.vector = words, found.vectors[0]

    async def _tidy(self, now: datetime, policy_version: str) -> None:
        with suppress(KyozonError):
            await self._store.tidy(now, policy_version, self._options.most)


def _hit(ending: Ending, found: CachedAnswer, similarity: float | None) -> None:
    if ending.cache is not None:
        ending.cache = structs.replace(
            ending.cache,
            result="hit-exact" if similarity is None else "hit-semantic",
            similarity=similarity,
            source=found.source,
            saved=found.charge,
        )


def _wanted(decided: Decided, partition: Partition, now: datetime) -> Wanted:
    """Of the models that may answer now those that go by the name of the first choice."""
    first = decided.order[0].id
    return Wanted(partition, tuple(card.address for card in decided.order if card.id == first), now)
