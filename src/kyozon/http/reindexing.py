"""Another embedder for a collection (vector store), under `/kyozon/v1/collections`: for its owner and admin keys."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kyozon.domain.language import Text
from kyozon.http.answering import json_response
from kyozon.http.context import language, services
from kyozon.http.reading import body_of, caller_of, checked, decode
from kyozon.ports.knowledge_ingestion import Reindex


class EmbedderShape(Struct, frozen=True, forbid_unknown_fields=True):
    """The model whose vectors the collection is to be searched with."""

    embedder: Annotated[str, Meta(min_length=1, max_length=255)]


async def reindex_collection(request: Request) -> Response:
    """Embed the documents of a collection with another model, in the background; searches go on meanwhile."""
    caller = await caller_of(request)
    shape = checked(decode(await body_of(request)), EmbedderShape)
    begun = await services(request).knowledge.reindexing.begin(caller, request.path_params["id"], shape.embedder)
    return _answered(request, begun)


async def reindexing_of_collection(request: Request) -> Response:
    """Which model a collection is searched with, which one comes next, and how many documents have its vectors."""
    caller = await caller_of(request)
    return _answered(request, await services(request).knowledge.reindexing.progress(caller, request.path_params["id"]))


def _answered(request: Request, found: Reindex) -> Response:
    failure = found.failure
    shape: dict[str, Any] = {
        "object": "kyozon.reindexing",
        "id": request.path_params["id"],
        "embedder": found.embedder,
        "next_embedder": found.next_embedder,
        "documents": {"done": found.done, "total": found.total},
        "failure": None if failure is None else Text(failure.en, failure.ja).to(language(request)),
    }
    return json_response(msgspec.json.encode(shape))


routes = [
    Route("/kyozon/v1/collections/{id}/embedder", reindex_collection, methods=["PUT"]),
    Route("/kyozon/v1/collections/{id}/embedder", reindexing_of_collection, methods=["GET"]),
]
