"""`/v1/files`, as OpenAI's SDKs speak it: uploaded, listed, read, deleted. `x-kyozon-label` says how sensitive one is."""

from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import quote

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from kyozon.domain.errors import InvalidRequest
from kyozon.domain.language import Text
from kyozon.http.answering import json_response, label_header
from kyozon.http.context import services
from kyozon.http.knowledge_shapes import file_shape
from kyozon.http.multipart import form_of
from kyozon.http.paging import listed, page_of
from kyozon.http.reading import caller_of, declared_label
from kyozon.services.knowledge.files import NewFile

PURPOSES = ("assistants", "batch", "fine-tune", "vision", "user_data", "evals")
_MOST_LISTED = 10_000  # OpenAI's own, for this list
_ANCHOR, _SECONDS = "expires_after[anchor]", "expires_after[seconds]"
_SHORTEST_STAY, _LONGEST_STAY = 3600, 2_592_000


async def create_file(request: Request) -> Response:
    """Keep a file: `file` and `purpose` of a form; it stays until it is deleted unless `expires_after` says otherwise."""
    caller = await caller_of(request)
    label = declared_label(request, {})
    found = services(request)
    async with form_of(request, "file", found.max_file_bytes) as form:
        stays = stay_of(_stated_stay(form.fields), form.fields.get(_ANCHOR))
        expires_at = None if stays is None else found.world.now() + stays
        new = NewFile(form.filename, checked_purpose(form.fields.get("purpose")), label, expires_at)
        stored = await services(request).knowledge.files.add(caller, new, form.pieces())
    return json_response(msgspec.json.encode(file_shape(stored)))


async def list_files(request: Request) -> Response:
    """The caller's files, of one `purpose` or all."""
    caller = await caller_of(request)
    page, purpose = page_of(request, _MOST_LISTED, _MOST_LISTED), request.query_params.get("purpose") or None
    files, more = await services(request).knowledge.files.list(caller, purpose, page)
    return listed([file_shape(file) for file in files], more=more)


async def retrieve_file(request: Request) -> Response:
    """What is known of a file."""
    caller = await caller_of(request)
    found = await services(request).knowledge.files.get(caller, request.path_params["id"])
    return json_response(msgspec.json.encode(file_shape(found)))


async def retrieve_file_content(request: Request) -> Response:
    """The bytes of a file, with its label."""
    caller = await caller_of(request)
    found = services(request)
    file = await services(request).knowledge.files.get(caller, request.path_params["id"])
    label = await found.provenance.label(caller.tenant, (file.id,))
    headers = {
        "content-length": str(file.bytes),
        "content-disposition": f"attachment; filename*=UTF-8''{quote(file.filename, safe='')}",
        "x-content-type-options": "nosniff",  # a page among the files is none of this server's
    }
    content = await services(request).knowledge.files.content(caller, file.id)
    return StreamingResponse(content, headers=headers | label_header(label), media_type="application/octet-stream")


async def delete_file(request: Request) -> Response:
    """Delete a file, and with it what was made of it in every vector store."""
    caller = await caller_of(request)
    name = request.path_params["id"]
    await services(request).knowledge.files.delete(caller, name)
    return json_response(msgspec.json.encode({"id": name, "object": "file", "deleted": True}))


def checked_purpose(purpose: str | None) -> str:
    """A purpose as OpenAI has them; raises `InvalidRequest`."""
    if purpose not in PURPOSES:
        known = ", ".join(PURPOSES)
        raise InvalidRequest(
            Text(f"purpose must be one of {known}.", f"purpose は {known} のいずれかを指定してください。"), "purpose"
        )
    return purpose


def stay_of(seconds: int | None, anchor: str | None) -> timedelta | None:
    """How long a file stays, None for ever; raises `InvalidRequest`."""
    if seconds is None and anchor is None:
        return None
    if anchor != "created_at" or seconds is None or not _SHORTEST_STAY <= seconds <= _LONGEST_STAY:
        raise InvalidRequest(
            Text(
                f'expires_after needs "anchor": "created_at" and "seconds" from {_SHORTEST_STAY:,} to {_LONGEST_STAY:,}.',
                'expires_after には "anchor": "created_at" と '
                f'"seconds"（{_SHORTEST_STAY:,}〜{_LONGEST_STAY:,}）を指定してください。',
            ),
            "expires_after",
        )
    return timedelta(seconds=seconds)


def _stated_stay(fields: Mapping[str, str]) -> int | None:
    text = fields.get(_SECONDS)
    if text is None:
        return None
    return int(text) if text.isdecimal() and len(text) <= len(str(_LONGEST_STAY)) else 0


routes = [
    Route("/v1/files", create_file, methods=["POST"]),
    Route("/v1/files", list_files, methods=["GET"]),
    Route("/v1/files/{id}", retrieve_file, methods=["GET"]),
    Route("/v1/files/{id}", delete_file, methods=["DELETE"]),
    Route("/v1/files/{id}/content", retrieve_file_content, methods=["GET"]),
]
