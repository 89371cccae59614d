"""The answer to a reranking, read with no trust in it: a score for each document, whatever a provider sends."""

from typing import Any

import msgspec
from msgspec import Struct

from kyozon.domain.errors import UpstreamFailed
from kyozon.domain.language import Text
from kyozon.metering.normalise import from_rerank
from kyozon.ports.provider import Ranks
from kyozon.providers.openai_answer import reported_failure
from kyozon.providers.sse import NOT_JSON

_BAD_GATEWAY = 502


class _Row(Struct):
    index: int
    relevance_score: float | None = None
    score: float | None = None


class _Answer(Struct):
    results: list[_Row] | None = None
    data: list[_Row] | None = None
    usage: dict[str, Any] | None = None
    meta: dict[str, Any] | None = None
    error: Any = None


def ranks(provider: str, payload: bytes, documents: int) -> Ranks:
    """The scores of so many documents, in the documents' order.

    Results stand under `results` (Jina, Cohere, vLLM, llama.cpp, Infinity, LocalAI), under `data` (Voyage) or are the whole
    answer (Text Embeddings Inference, which says `score` for `relevance_score`).

    Raises:
        UpstreamFailed: a document has no score, or more than one; a score is no finite number, which JSON cannot say; or
            there is no document of an index.
    """
    try:
        found = msgspec.json.decode(payload, type=_Answer | list[_Row])
    except NOT_JSON as error:
        raise _wrong(provider, f"its answer has an unknown shape: {error}", f"応答の形式が不明です（{error}）") from error
    if isinstance(found, list):
        found = _Answer(results=found)
    if found.error is not None:
        raise reported_failure(provider, found.error)
    rows = found.results if found.results is not None else found.data or []
    usage = from_rerank({"usage": found.usage, "meta": found.meta})
    return Ranks(_scores(provider, rows, documents), usage)


def _scores(provider: str, rows: list[_Row], documents: int) -> tuple[float, ...]:
    scores: dict[int, float] = {}
    for row in rows:
        score = row.score if row.relevance_score is None else row.relevance_score
        if not 0 <= row.index < documents:
            raise _wrong(
                provider,
                f"it ranks document {row.index} of {documents}",
                f"{documents} 件の文書に対し、存在しない番号 {row.index} が返されました",
            )
        if row.index in scores:
            raise _wrong(provider, f"it ranks document {row.index} twice", f"文書 {row.index} が二重に返されました")
        if score is None:
            raise _wrong(provider, f"it gives document {row.index} no score", f"文書 {row.index} にスコアがありません")
        scores[row.index] = score
    if len(scores) < documents:
        found = len(scores)
        raise _wrong(
            provider,
            f"it ranks {found} of {documents} documents",
            f"文書 {documents} 件のうち {found} 件しか順位付けされませんでした",
        )
    return tuple(scores[index] for index in range(documents))


def _wrong(provider: str, en: str, ja: str) -> UpstreamFailed:
    return UpstreamFailed(provider, _BAD_GATEWAY, Text(en, ja))
