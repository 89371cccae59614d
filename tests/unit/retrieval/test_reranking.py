"""A reranker's scores: brought between 0 and 1, and never out of the order that it has given."""

import math

from hypothesis import given
from hypothesis import strategies as st

from kyozon.domain.knowledge import Anchor, Chunk, Passage
from kyozon.domain.labels import Label
from kyozon.retrieval.reranking import reordered

_SCORE = st.floats(allow_nan=False, allow_infinity=False)
_SCORES = st.lists(_SCORE, max_size=20)


def _passages(count: int) -> list[Passage]:
    chunks = [Chunk(place, "words", Anchor(0, 5)) for place in range(count)]
    return [Passage("doc", "vs", "file", "a.txt", chunk, 0.5, {}, Label()) for chunk in chunks]


def _told(*scores: float, logits: bool = False) -> list[tuple[int, float]]:
    return [(one.chunk.ordinal, one.score) for one in reordered(_passages(len(scores)), scores, logits=logits)]


def test_probabilities_are_told_as_they_are_and_equals_keep_their_order() -> None:
    assert _told(0.2, 0.9, 0.2, 0.0) == [(1, 0.9), (0, 0.2), (2, 0.2), (3, 0.0)]
    assert _told(1.5, -0.25, 2.0) == [(2, 1.0), (0, 1.0), (1, 0.0)]


def test_logits_are_made_probabilities() -> None:
    (best, first), (other, second), (worst, last) = _told(-2.0, 7.5, 0.5, logits=True)
    assert (best, other, worst) == (1, 2, 0)
    assert (first, second, last) == (1 / (1 + math.exp(-7.5)), 1 / (1 + math.exp(-0.5)), 1 / (1 + math.exp(2.0)))


@given(some=_SCORES, others=_SCORES, own=_SCORE, logits=st.booleans())
def test_a_passage_s_score_is_the_same_in_any_company(
    some: list[float], others: list[float], own: float, *, logits: bool
) -> None:
    assert dict(_told(own, *some, logits=logits))[0] == dict(_told(own, *others, logits=logits))[0]


@given(scores=_SCORES, logits=st.booleans())
def test_whatever_a_model_says_the_order_is_its_own(scores: list[float], *, logits: bool) -> None:
    told = _told(*scores, logits=logits)
    assert [place for place, _ in told] == sorted(range(len(scores)), key=lambda place: -scores[place])
    assert all(0 <= score <= 1 for _, score in told)
    assert [score for _, score in told] == sorted((score for _, score in told), reverse=True)
