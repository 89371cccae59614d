"""`/v1/vector_stores`, as OpenAI's SDKs speak it: collections, made, listed, changed, deleted and searched."""

from typing import Any

import msgspec
from msgspec import UNSET
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kyozon.domain.callers import Caller
from kyozon.domain.knowledge import Chunking, Collection
from kyozon.http.answering import json_response, label_header
from kyozon.http.context import services
from kyozon.http.event_stream import while_connected
from kyozon.http.knowledge_requests import StoreChangeShape, StoreShape, chunking_of
from kyozon.http.knowledge_shapes import passage_shape, store_shape
from kyozon.http.paging import listed, page_of
from kyozon.http.reading import body_of, caller_of, checked, declared_label, decode, repeat_of
from kyozon.http.search_shapes import SearchShape, search_of
from kyozon.ports.knowledge import CollectionChange
from kyozon.services.knowledge.collections import NewCollection
from kyozon.services.knowledge.documents import Attaching

_USUAL_RESULTS = 10


async def create_vector_store(request: Request) -> Response:
    """Make a vector store, with `file_ids` to begin with. `x-kyozon-label` labels all that is in it at least."""
    caller = await caller_of(request)
    body = decode(await body_of(request))
    label, shape = declared_label(request, body), checked(body, StoreShape)
    knowledge, chunking = services(request).knowledge, chunking_of(shape.chunking_strategy)
    files = tuple(dict.fromkeys(shape.file_ids or ()))
    for file in files:  # before there is a store that would stay empty
        await knowledge.files.get(caller, file)
    new = NewCollection(
        name=shape.name or "",
        label=label,
        embedder=shape.embedder,
        chunking=chunking or Chunking(),
        description=shape.description or "",
        metadata=shape.metadata or {},
        expires_days=None if shape.expires_after is None else shape.expires_after.days,
    )
    collection = await knowledge.collections.create(caller, new)
    if files:
        await knowledge.documents.attach_batch(caller, collection.id, [(file, Attaching()) for file in files])
    return await _answered(request, caller, collection)


async def list_vector_stores(request: Request) -> Response:
    """The vector stores that the caller may read."""
    caller = await caller_of(request)
    knowledge = services(request).knowledge
    collections, more = await knowledge.collections.list(caller, page_of(request))
    counts = await knowledge.documents.counts(caller, [one.id for one in collections])
    work = await knowledge.documents.work(caller, counts)
    now = services(request).world.now()
    return listed([store_shape(one, counts[one.id], work.get(one.id), now) for one in collections], more=more)


async def retrieve_vector_store(request: Request) -> Response:
    """A vector store; of its files, only those that the caller may see are counted."""
    caller = await caller_of(request)
    collection = await services(request).knowledge.collections.get(caller, request.path_params["id"])
    return await _answered(request, caller, collection)


async def update_vector_store(request: Request) -> Response:
    """Give a vector store another name, expiry or metadata."""
    caller = await caller_of(request)
    shape = checked(decode(await body_of(request)), StoreChangeShape)
    change = CollectionChange(
        name=shape.name,
        description=shape.description,
        metadata=None if shape.metadata is UNSET else shape.metadata or {},
        expires_days=None if shape.expires_after is UNSET else shape.expires_after.days if shape.expires_after else 0,
    )
    collection = await services(request).knowledge.collections.update(caller, request.path_params["id"], change)
    return await _answered(request, caller, collection)


async def delete_vector_store(request: Request) -> Response:
    """Delete a vector store with all that was made of its files; the files themselves stay."""
    caller = await caller_of(request)
    name = request.path_params["id"]
    await services(request).knowledge.collections.delete(caller, name)
    return json_response(msgspec.json.encode({"id": name, "object": "vector_store.deleted", "deleted": True}))


async def search_vector_store(request: Request) -> Response:
    """Search a vector store for passages that answer one `query` or several; it is on record that they were told.

    `search_query` says what was looked for: with `rewrite_query` also the search words that a model made of each query.
    """
    caller = await caller_of(request)
    raw = await body_of(request)
    body = decode(raw)
    label, shape = declared_label(request, body), checked(body, SearchShape)
    most = shape.max_num_results or _USUAL_RESULTS
    search = search_of((request.path_params["id"],), shape.queries, shape.filters, shape.ranking_options, most)
    knowledge = services(request).knowledge
    if shape.rewrite_query:
        repeat = repeat_of(request, caller, raw, label)
        search = await while_connected(request, knowledge.rewording.reworded(caller, search, label, repeat))
    found = await while_connected(request, knowledge.search.search(caller, search, label))
    page: dict[str, Any] = {
        "object": "vector_store.search_results.page",
        "search_query": search.queries,
        "data": [passage_shape(passage) for passage in found.passages],
        "has_more": False,
        "next_page": None,
        "dense": found.dense,
        "reranked": found.reranked,
    }
    return json_response(msgspec.json.encode(page), label_header(found.label))


async def _answered(request: Request, caller: Caller, collection: Collection) -> Response:
    documents = services(request).knowledge.documents
    counts = await documents.counts(caller, (collection.id,))
    work = await documents.work(caller, counts)
    now = services(request).world.now()
    shape = store_shape(collection, counts[collection.id], work.get(collection.id), now)
    return json_response(msgspec.json.encode(shape))


routes = [
    Route("/v1/vector_stores", create_vector_store, methods=["POST"]),
    Route("/v1/vector_stores", list_vector_stores, methods=["GET"]),
    Route("/v1/vector_stores/{id}", retrieve_vector_store, methods=["GET"]),
    Route("/v1/vector_stores/{id}", update_vector_store, methods=["POST"]),
    Route("/v1/vector_stores/{id}", delete_vector_store, methods=["DELETE"]),
    Route("/v1/vector_stores/{id}/search", search_vector_store, methods=["POST"]),
]
