from collections.abc import Iterator

import pytest

from kyozon.domain.errors import InvalidRequest
from kyozon.domain.requests import EmbeddingRequest
from kyozon.inference.embedder import CARD, E5Embedder
from kyozon.ports.provider import EmbeddingAdapter, EmbeddingCall, Embeddings


@pytest.fixture(scope="module")
def embedder() -> Iterator[E5Embedder]:
    found = E5Embedder()
    yield found
    found.close()


async def _embed(adapter: EmbeddingAdapter, *texts: str, query: bool = False, dimensions: int | None = None) -> Embeddings:
    request = EmbeddingRequest({}, CARD.id, texts, dimensions, "query" if query else "passage")
    return await adapter.embed(EmbeddingCall(CARD, request))


def _near(left: tuple[float, ...], right: tuple[float, ...]) -> float:
    return sum(a * b for a, b in zip(left, right, strict=True))


async def test_japanese_and_english_of_one_meaning_lie_near(embedder: E5Embedder) -> None:
    passages = (
        await _embed(embedder, "猫はソファで眠っている。", "The cat sleeps on the sofa.", "株価が急落した。")
    ).vectors
    query = (await _embed(embedder, "猫はどこで寝ていますか", query=True)).vectors[0]
    scores = [_near(query, passage) for passage in passages]
    assert min(scores[:2]) > scores[2]
    assert _near(passages[0], passages[1]) > _near(passages[0], passages[2])


async def test_vectors_are_384_normalised_floats_in_order(embedder: E5Embedder) -> None:
    both = (await _embed(embedder, "one", "two")).vectors
    assert [len(vector) for vector in both] == [384, 384]
    assert both[1] == pytest.approx((await _embed(embedder, "two")).vectors[0], abs=1e-5)
    assert _near(both[0], both[0]) == pytest.approx(1.0, abs=1e-4)


async def test_queries_and_passages_differ(embedder: E5Embedder) -> None:
    assert (await _embed(embedder, "x", query=True)).vectors != (await _embed(embedder, "x")).vectors


async def test_usage_counts_every_token_read_also_of_long_texts(embedder: E5Embedder) -> None:
    short, long = await _embed(embedder, "hello world"), await _embed(embedder, "hello world " * 180)
    assert short.usage is not None
    assert long.usage is not None
    assert (short.usage.input, short.usage.estimated) == (7, False)
    assert long.usage.input > 512


async def test_the_end_of_a_long_text_counts(embedder: E5Embedder) -> None:
    start = "hello world " * 170
    plain, other = (await _embed(embedder, start, start + "株価が急落した。" * 20)).vectors
    assert _near(plain, other) < 0.999


async def test_a_zero_character_does_not_hide_the_rest(embedder: E5Embedder) -> None:
    cut, whole = (await _embed(embedder, "safe", "safe\0 but then the stock market fell")).vectors
    assert _near(cut, whole) < 0.99


async def test_fewer_dimensions_are_refused(embedder: E5Embedder) -> None:
    assert (await _embed(embedder, "x", dimensions=384)).vectors
    with pytest.raises(InvalidRequest, match="384") as caught:
        await _embed(embedder, "x", dimensions=128)
    assert caught.value.param == "dimensions"


async def test_tokens_of_another_model_are_refused(embedder: E5Embedder) -> None:
    with pytest.raises(InvalidRequest, match="multilingual-e5-small takes texts") as caught:
        await embedder.embed(EmbeddingCall(CARD, EmbeddingRequest({}, CARD.id, tokens=((9906, 1917),))))
    assert caught.value.param == "input"
