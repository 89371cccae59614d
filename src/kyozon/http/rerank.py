"""`POST /v1/rerank`, in the form that Jina, vLLM, llama.cpp and others agree on; `/v2/rerank` is Cohere's name for it."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kyozon.domain.requests import Json, RerankRequest
from kyozon.http.answering import headers, json_response
from kyozon.http.context import services
from kyozon.http.event_stream import while_connected
from kyozon.http.reading import body_of, caller_of, checked, declared_label, decode
from kyozon.http.stating import stated_in

_MOST_DOCUMENTS = 1000
_OURS = frozenset({"model", "query", "documents", "top_n", "top_k", "return_documents"})
"""Fields that are read here and go no further: a provider that is not told how many gives all scores."""

Words = Annotated[str, Meta(min_length=1)]


class DocumentShape(Struct):
    """A document in the longer form."""

    text: Words


class RerankShape(Struct):
    """The fields of a reranking that Kyozon itself reads. `top_k` is Voyage's name for `top_n`."""

    model: Words
    query: Words
    documents: Annotated[list[Words | DocumentShape], Meta(min_length=1, max_length=_MOST_DOCUMENTS)]
    top_n: Annotated[int, Meta(ge=1)] | None = None
    top_k: Annotated[int, Meta(ge=1)] | None = None
    return_documents: bool | None = None


async def rerank(request: Request) -> Response:
    """Put documents in order by how well they answer a query. Scores are the model's own; the higher the better."""
    caller = await caller_of(request)
    raw = await body_of(request)
    body = decode(raw)
    label, stated = declared_label(request, body), stated_in(request, body)
    shape = checked(body, RerankShape)
    wanted = _wanted(body, shape)
    found = await while_connected(request, services(request).reranking.rerank(caller, wanted, label, raw, stated=stated))
    payload = {
        "object": "list",
        "id": found.decision_id,
        "model": found.model,
        "results": _results(wanted, shape, found.scores),
        "usage": {"prompt_tokens": found.usage.input, "total_tokens": found.usage.input},
    }
    return json_response(msgspec.json.encode(payload), headers(request, caller, found.decision_id, found.model))


def _wanted(body: Json, shape: RerankShape) -> RerankRequest:
    documents = tuple(one if isinstance(one, str) else one.text for one in shape.documents)
    more = {name: value for name, value in body.items() if name not in _OURS}
    return RerankRequest(more, shape.model, shape.query, documents)


def _results(wanted: RerankRequest, shape: RerankShape, scores: tuple[float, ...]) -> list[dict[str, Any]]:
    """The best first, equals in the order in which they came; the caller's own words, never what a provider echoes."""
    order = sorted(range(len(scores)), key=lambda index: (-scores[index], index))[: shape.top_n or shape.top_k]
    results: list[dict[str, Any]] = [{"index": index, "relevance_score": scores[index]} for index in order]
    if shape.return_documents:
        for result in results:
            result["document"] = {"text": wanted.documents[result["index"]]}
    return results


routes = [
    Route("/v1/rerank", rerank, methods=["POST"]),
    Route("/v2/rerank", rerank, methods=["POST"]),
]
