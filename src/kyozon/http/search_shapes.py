"""What a search asks for, in OpenAI's words: filters, ranking options, how many results."""

import re
from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from kyozon.domain.errors import InvalidRequest
from kyozon.domain.knowledge import Comparison, Compound, Filter, Search
from kyozon.domain.language import Text
from kyozon.domain.models import AUTO
from kyozon.http.misfits import misfit

_DEEPEST = 8
_MOST_CONDITIONS = 100
_KEY = 64
_LONGEST_NAME = 500
_DATE = re.compile(r"\d{4}-\d\d(-\d\d([T ].*)?)?")

Weight = Annotated[float, Meta(ge=0, le=1_000_000)]


class HybridShape(Struct):
    """How much the meaning (vectors) and the words (text) count, against each other."""

    embedding_weight: Weight
    text_weight: Weight


class RankingShape(Struct):
    """Results below `score_threshold` (0 to 1) are left out.

    `ranker` names the reranking model that puts what is found in order. With "none" there is no such second look; "auto",
    and OpenAI's names of its own, leave it to the installation, whose default is none.
    """

    ranker: Annotated[str, Meta(min_length=1, max_length=_LONGEST_NAME)] | None = None
    score_threshold: Annotated[float, Meta(ge=0, le=1)] | None = None
    hybrid_search: HybridShape | None = None


class SearchShape(Struct):
    """A search: of one query or several, in which a model finds search words before where `rewrite_query` says so."""

    query: (
        Annotated[str, Meta(min_length=1)]
        | Annotated[list[Annotated[str, Meta(min_length=1)]], Meta(min_length=1, max_length=16)]
    )
    filters: dict[str, Any] | None = None
    max_num_results: Annotated[int, Meta(ge=1, le=50)] | None = None
    ranking_options: RankingShape | None = None
    rewrite_query: bool | None = None

    @property
    def queries(self) -> tuple[str, ...]:
        """All of them."""
        return (self.query,) if isinstance(self.query, str) else tuple(self.query)


class _ComparisonShape(Struct):
    key: Annotated[str, Meta(min_length=1, max_length=_KEY)]
    value: str | float | bool | list[str | float | bool]


def search_of(
    collections: Sequence[str],
    queries: Sequence[str],
    filters: dict[str, Any] | None,
    ranking: RankingShape | None,
    most: int,
) -> Search:
    """What is to be searched; raises `InvalidRequest` for filters or weights that mean nothing."""
    ranking = ranking or RankingShape()
    return Search(
        collections=tuple(collections),
        queries=tuple(queries),
        most=most,
        filter=filter_of(filters),
        dense_weight=_dense_weight(ranking.hybrid_search),
        score=ranking.score_threshold or 0.0,
        reranker=_reranker(ranking.ranker),
    )


def _reranker(ranker: str | None) -> str | None:
    """The model, "" for none, None for what is usual here; OpenAI has `auto`, and versions such as `default-2024-11-15`."""
    if ranker is None or ranker == AUTO or ranker.startswith("default-"):
        return None
    return "" if ranker == "none" else ranker


def filter_of(filters: dict[str, Any] | None) -> Filter | None:
    """A filter over attributes; raises `InvalidRequest` for anything else, and for one of too many conditions."""
    return None if not filters else _filter(filters, 1, [])


def _filter(found: Any, depth: int, seen: list[Comparison]) -> Filter:
    kind = found.get("type") if isinstance(found, dict) else None
    if kind in ("and", "or"):
        parts = found.get("filters")
        if depth > _DEEPEST or not isinstance(parts, list) or not parts:
            raise _wrong(
                f'"{kind}" needs a list "filters" with at least one condition, and {_DEEPEST} levels are the most.',
                f"「{kind}」には条件を 1 つ以上含む配列「filters」が必要です（入れ子は {_DEEPEST} 段まで）。",
            )
        return Compound(kind, tuple(_filter(part, depth + 1, seen) for part in parts))
    comparison = _comparison(kind, found)
    seen.append(comparison)
    if len(seen) > _MOST_CONDITIONS:
        raise _wrong(f"use at most {_MOST_CONDITIONS} conditions.", f"条件は {_MOST_CONDITIONS} 個までです。")
    return comparison


def _comparison(kind: Any, found: Any) -> Comparison:
    if kind not in ("eq", "ne", "gt", "gte", "lt", "lte", "in", "nin"):
        raise _wrong(
            "the type of a condition must be eq, ne, gt, gte, lt, lte, in, nin, and or or.",
            "条件の type は eq・ne・gt・gte・lt・lte・in・nin・and・or のいずれかです。",
        )
    try:
        shape = msgspec.convert(found, _ComparisonShape)
    except msgspec.ValidationError as error:
        field, what = misfit(error)
        raise _wrong(f"{field or 'a condition'}: {what.en}.", f"{field or '条件'}：{what.ja}。") from error
    if (kind in ("in", "nin")) != isinstance(shape.value, list):
        raise _wrong(
            "in and nin need a list of values; the others need a single one.",
            "in と nin には値の配列を、ほかの条件には 1 つの値を指定してください。",
        )
    if kind in ("gt", "gte", "lt", "lte") and not _has_order(shape.value):
        raise _wrong(
            f"{kind} compares with a number (2026, not in quotation marks) or with a date as in 2026-04-01.",
            f"{kind} の value には、数値（引用符なしの 2026 など）か 2026-04-01 形式の日付を指定してください。",
        )
    return Comparison(shape.key, kind, tuple(shape.value) if isinstance(shape.value, list) else shape.value)


def _has_order(value: object) -> bool:
    """Whether attributes can be above or below: numbers, and dates, which attributes have as texts."""
    return _DATE.fullmatch(value) is not None if isinstance(value, str) else not isinstance(value, bool)


def _dense_weight(hybrid: HybridShape | None) -> float | None:
    if hybrid is None:
        return None
    both = hybrid.embedding_weight + hybrid.text_weight
    if both <= 0:
        raise InvalidRequest(
            Text(
                "embedding_weight or text_weight must be greater than 0.",
                "embedding_weight と text_weight の少なくとも一方を 0 より大きくしてください。",
            ),
            "ranking_options.hybrid_search",
        )
    return hybrid.embedding_weight / both


def _wrong(en: str, ja: str) -> InvalidRequest:
    return InvalidRequest(Text(f"filters: {en}", f"filters：{ja}"), "filters")
