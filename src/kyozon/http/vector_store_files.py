"""`/v1/vector_stores/{id}/files`, as OpenAI's SDKs speak it: put in, followed, read, taken out."""

from typing import cast, get_args

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kyozon.domain.errors import InvalidRequest
from kyozon.domain.knowledge import Document, DocumentStatus
from kyozon.domain.language import Text
from kyozon.http.answering import json_response, label_header, plain
from kyozon.http.context import language, services
from kyozon.http.knowledge_requests import AttachShape, AttributesShape, attaching_of
from kyozon.http.knowledge_shapes import POLL_AFTER, document_shape
from kyozon.http.paging import listed, page_of
from kyozon.http.reading import body_of, caller_of, checked, decode
from kyozon.ports.knowledge import Chosen


async def create_vector_store_file(request: Request) -> Response:
    """Put a file of the caller's into a vector store; `replaces` names the one there that goes when this one is ready."""
    caller = await caller_of(request)
    shape = checked(decode(await body_of(request)), AttachShape)
    documents = services(request).knowledge.documents
    found = await documents.attach(caller, request.path_params["id"], shape.file_id, attaching_of(shape))
    return _answered(request, found)


async def list_vector_store_files(request: Request) -> Response:
    """The files in a vector store that the caller may see, by their status (`filter`) or all."""
    caller = await caller_of(request)
    chosen = Chosen(request.path_params["id"], status_of(request))
    found, more = await services(request).knowledge.documents.list(caller, chosen, page_of(request))
    return listed([document_shape(document, language(request)) for document in found], more=more)


async def retrieve_vector_store_file(request: Request) -> Response:
    """A file in a vector store: whether it can be found yet, or why not."""
    caller = await caller_of(request)
    return _answered(request, await services(request).knowledge.documents.get(caller, *_named(request)))


async def update_vector_store_file(request: Request) -> Response:
    """Give a file in a vector store other attributes; `kyozon:readers` among them says who may read it."""
    caller = await caller_of(request)
    shape = checked(decode(await body_of(request)), AttributesShape)
    documents = services(request).knowledge.documents
    return _answered(request, await documents.update(caller, *_named(request), shape.attributes or {}))


async def delete_vector_store_file(request: Request) -> Response:
    """Take a file out of a vector store, with all that was made of it there; the file itself stays."""
    caller = await caller_of(request)
    store, file = _named(request)
    await services(request).knowledge.documents.detach(caller, store, file)
    return json_response(msgspec.json.encode({"id": file, "object": "vector_store.file.deleted", "deleted": True}))


async def retrieve_vector_store_file_content(request: Request) -> Response:
    """The text of a file in a vector store, chunk by chunk with its place, and its label."""
    caller = await caller_of(request)
    documents = services(request).knowledge.documents
    document = await documents.get(caller, *_named(request))
    chunks = await documents.chunks(caller, *_named(request))
    page = {
        "object": "vector_store.file_content.page",
        "data": [{"type": "text", "text": chunk.text, "anchor": plain(chunk.anchor)} for chunk in chunks],
        "has_more": False,
        "next_page": None,
    }
    return json_response(msgspec.json.encode(page), label_header(document.label))


def status_of(request: Request) -> DocumentStatus | None:
    """The state in the query's `filter`; raises `InvalidRequest`."""
    stated = request.query_params.get("filter") or None
    if stated is not None and stated not in get_args(DocumentStatus):
        known = ", ".join(get_args(DocumentStatus))
        raise InvalidRequest(
            Text(f"filter must be one of {known}.", f"filter は {known} のいずれかを指定してください。"), "filter"
        )
    return cast(DocumentStatus | None, stated)


def _named(request: Request) -> tuple[str, str]:
    return request.path_params["id"], request.path_params["file_id"]


def _answered(request: Request, document: Document) -> Response:
    shape = document_shape(document, language(request))
    return json_response(msgspec.json.encode(shape), POLL_AFTER if document.status == "in_progress" else None)


routes = [
    Route("/v1/vector_stores/{id}/files", create_vector_store_file, methods=["POST"]),
    Route("/v1/vector_stores/{id}/files", list_vector_store_files, methods=["GET"]),
    Route("/v1/vector_stores/{id}/files/{file_id}", retrieve_vector_store_file, methods=["GET"]),
    Route("/v1/vector_stores/{id}/files/{file_id}", update_vector_store_file, methods=["POST"]),
    Route("/v1/vector_stores/{id}/files/{file_id}", delete_vector_store_file, methods=["DELETE"]),
    Route("/v1/vector_stores/{id}/files/{file_id}/content", retrieve_vector_store_file_content, methods=["GET"]),
]
