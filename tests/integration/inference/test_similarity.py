"""The threshold of the answer cache, with the real embedder on `tests/samples/questions.jsonl`."""

from kyozon.domain.requests import EmbeddingRequest
from kyozon.governance.same_question import essence
from kyozon.inference.embedder import CARD, E5Embedder
from kyozon.ports.provider import EmbeddingCall
from kyozon.services.cache import CacheOptions
from tests.samples.questions import PAIRS, Pair


async def similarity(embedder: E5Embedder, pair: Pair) -> float:
    asked = EmbeddingRequest({}, CARD.id, (pair.first, pair.second), purpose="query")
    first, second = (await embedder.embed(EmbeddingCall(CARD, asked))).vectors
    return sum(one * other for one, other in zip(first, second, strict=True))


async def test_above_it_are_the_paraphrases_with_the_same_words() -> None:
    embedder = E5Embedder()
    alike = [pair for pair in PAIRS if essence(pair.first) is not None and essence(pair.first) == essence(pair.second)]
    found = [pair for pair in alike if await similarity(embedder, pair) >= CacheOptions().similarity]
    embedder.close()
    assert all(pair.same for pair in found)
    assert len(found) >= 45


async def test_no_threshold_alone_would_do() -> None:
    """Why words are compared, too: opposite directions are nearer to each other than most paraphrases."""
    embedder = E5Embedder()
    turned = [pair for pair in PAIRS if pair.first.startswith(("How do I fly", "How do I convert", "What did Ann"))]
    found = [await similarity(embedder, pair) for pair in turned]
    embedder.close()
    assert len(found) == 3
    assert not any(pair.same for pair in turned)
    assert min(found) > 0.99
