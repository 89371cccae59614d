"""Filters and ranking options in OpenAI's words, read into Kyozon's own."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kyozon.domain.errors import InvalidRequest
from kyozon.domain.knowledge import Comparison, Compound, Filter
from kyozon.http.search_shapes import HybridShape, RankingShape, filter_of, search_of

_SCALARS = st.text(max_size=5) | st.booleans() | st.floats(allow_nan=False, allow_infinity=False)
_KEYS = st.text(min_size=1, max_size=64)
_ORDERED = st.floats(allow_nan=False, allow_infinity=False) | st.dates().map(str)
_COMPARISONS = (
    st.builds(Comparison, _KEYS, st.sampled_from(["eq", "ne"]), _SCALARS)
    | st.builds(Comparison, _KEYS, st.sampled_from(["gt", "gte", "lt", "lte"]), _ORDERED)
    | st.builds(Comparison, _KEYS, st.sampled_from(["in", "nin"]), st.lists(_SCALARS, max_size=3).map(tuple))
)
_FILTERS = st.recursive(
    _COMPARISONS,
    lambda inner: st.builds(Compound, st.sampled_from(["and", "or"]), st.lists(inner, min_size=1, max_size=3).map(tuple)),
    max_leaves=6,
)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["type", "key", "value", "filters", "x"]), inner, max_size=4)
    ),
)


def written(wanted: Filter) -> dict[str, Any]:
    """A filter as clients send it."""
    if isinstance(wanted, Compound):
        return {"type": wanted.type, "filters": [written(part) for part in wanted.filters]}
    value = list(wanted.value) if isinstance(wanted.value, tuple) else wanted.value
    return {"type": wanted.type, "key": wanted.key, "value": value}


@given(_FILTERS)
def test_every_filter_is_read_as_it_was_written(wanted: Filter) -> None:
    assert filter_of(written(wanted)) == wanted


@given(st.dictionaries(st.sampled_from(["type", "key", "value", "filters"]), _JSON | st.sampled_from(["and", "eq", "in"])))
def test_anything_else_is_refused_and_never_breaks(found: dict[str, Any]) -> None:
    with suppress(InvalidRequest):
        filter_of(found)


@pytest.mark.parametrize("value", ["2026", "new", "", True, "20260401", "2026-04-01x"])
@pytest.mark.parametrize("kind", ["gt", "gte", "lt", "lte"])
def test_what_has_no_order_is_refused_rather_than_found_nowhere(kind: str, value: object) -> None:
    with pytest.raises(InvalidRequest, match="2026-04-01") as refused:
        filter_of({"type": kind, "key": "year", "value": value})
    assert refused.value.param == "filters"
    for fits in (2026, 0.5, "2026-04", "2026-04-01", "2026-04-01T09:00:00+09:00"):
        assert filter_of({"type": kind, "key": "year", "value": fits}) is not None


def test_how_much_the_vectors_count() -> None:
    def weight(embedding: float, text: float) -> float | None:
        ranking = RankingShape(hybrid_search=HybridShape(embedding, text))
        return search_of(("vs_1",), ("words",), None, ranking, 10).dense_weight

    assert [weight(1, 1), weight(3, 1), weight(0, 2), weight(2, 0)] == [0.5, 0.75, 0.0, 1.0]
    assert search_of(("vs_1",), ("words",), None, None, 10).dense_weight is None
    with pytest.raises(InvalidRequest):
        weight(0, 0)


@pytest.mark.parametrize(
    ("ranker", "reranker"),
    [(None, None), ("auto", None), ("default-2024-11-15", None), ("none", ""), ("bge-reranker", "bge-reranker")],
)
def test_a_ranker_is_a_model_or_none_or_what_is_usual(ranker: str | None, reranker: str | None) -> None:
    assert search_of(("vs_1",), ("words",), None, RankingShape(ranker), 10).reranker == reranker
