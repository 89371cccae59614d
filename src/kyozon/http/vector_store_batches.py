"""`/v1/vector_stores/{id}/file_batches`, as OpenAI's SDKs speak it: many files put in at once."""

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kyozon.http.answering import json_response
from kyozon.http.context import language, services
from kyozon.http.knowledge_requests import BatchShape, attaching_of
from kyozon.http.knowledge_shapes import POLL_AFTER, counts_shape, document_shape, seconds, work_shape
from kyozon.http.paging import listed, page_of
from kyozon.http.reading import body_of, caller_of, checked, decode
from kyozon.http.vector_store_files import status_of
from kyozon.ports.knowledge import Chosen
from kyozon.services.knowledge.documents import Batch


async def create_file_batch(request: Request) -> Response:
    """Put several files of the caller's into a vector store, all or none: `file_ids`, or `files` with own attributes."""
    caller = await caller_of(request)
    shape = checked(decode(await body_of(request)), BatchShape)
    wanted = [(one.file_id, attaching_of(one)) for one in shape.each()]
    return _answered(await services(request).knowledge.documents.attach_batch(caller, request.path_params["id"], wanted))


async def retrieve_file_batch(request: Request) -> Response:
    """How far a batch has come, as far as the caller may see its files; `progress` says when the rest should be there."""
    caller = await caller_of(request)
    return _answered(await services(request).knowledge.documents.batch(caller, *_named(request)))


async def cancel_file_batch(request: Request) -> Response:
    """Stop taking in what of a batch is not ready yet."""
    caller = await caller_of(request)
    return _answered(await services(request).knowledge.documents.cancel(caller, *_named(request)))


async def list_file_batch_files(request: Request) -> Response:
    """The files of a batch that the caller may see, by their status (`filter`) or all."""
    caller = await caller_of(request)
    store, batch = _named(request)
    documents = services(request).knowledge.documents
    await documents.batch(caller, store, batch)
    found, more = await documents.list(caller, Chosen(store, status_of(request), batch), page_of(request))
    return listed([document_shape(document, language(request)) for document in found], more=more)


def _named(request: Request) -> tuple[str, str]:
    return request.path_params["id"], request.path_params["batch_id"]


def _answered(batch: Batch) -> Response:
    counts = batch.counts
    if counts.in_progress:
        status = "in_progress"
    elif counts.cancelled:
        status = "cancelled"
    else:
        status = "failed" if counts.failed == counts.total else "completed"
    shape: dict[str, Any] = {
        "id": batch.id,
        "object": "vector_store.files_batch",
        "created_at": seconds(batch.created_at),
        "vector_store_id": batch.collection,
        "status": status,
        "file_counts": counts_shape(counts),
    }
    if batch.work is not None:
        shape["progress"] = work_shape(batch.work)
    return json_response(msgspec.json.encode(shape), POLL_AFTER if counts.in_progress else None)


routes = [
    Route("/v1/vector_stores/{id}/file_batches", create_file_batch, methods=["POST"]),
    Route("/v1/vector_stores/{id}/file_batches/{batch_id}", retrieve_file_batch, methods=["GET"]),
    Route("/v1/vector_stores/{id}/file_batches/{batch_id}/cancel", cancel_file_batch, methods=["POST"]),
    Route("/v1/vector_stores/{id}/file_batches/{batch_id}/files", list_file_batch_files, methods=["GET"]),
]
