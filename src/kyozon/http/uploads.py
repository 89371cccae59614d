"""`/v1/uploads`, as OpenAI's SDKs speak it: a large file in parts, which may come in any order."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kyozon.domain.knowledge import StoredFile
from kyozon.domain.uploads import NewUpload, Upload
from kyozon.http.answering import json_response
from kyozon.http.context import services
from kyozon.http.files import checked_purpose, stay_of
from kyozon.http.knowledge_shapes import file_shape, seconds
from kyozon.http.multipart import form_of
from kyozon.http.reading import body_of, caller_of, checked, declared_label, decode

_MOST_PART = 64 << 20  # OpenAI's own


class _StayShape(Struct):
    seconds: int
    anchor: Literal["created_at"]


class UploadShape(Struct):
    """A file to be, in parts of together `bytes`."""

    bytes: Annotated[int, Meta(ge=1)]
    filename: str
    purpose: str
    mime_type: Annotated[str, Meta(max_length=255)] = ""
    expires_after: _StayShape | None = None


class CompletionShape(Struct):
    """The parts in the order in which they stand in the file, and the MD5 of the whole in hexadecimal."""

    part_ids: Annotated[list[str], Meta(min_length=1, max_length=10_000)]
    md5: str | None = None


async def create_upload(request: Request) -> Response:
    """Begin an upload; its parts must come within the hour. `x-kyozon-label` says how sensitive the file is."""
    caller = await caller_of(request)
    body = decode(await body_of(request))
    label, shape = declared_label(request, body), checked(body, UploadShape)
    stay = shape.expires_after
    stays = None if stay is None else stay_of(stay.seconds, stay.anchor)
    new = NewUpload(
        filename=shape.filename,
        bytes=shape.bytes,
        purpose=checked_purpose(shape.purpose),
        mime_type=shape.mime_type,
        label=label,
        keep_seconds=None if stays is None else int(stays.total_seconds()),
    )
    return _answered(await services(request).knowledge.uploads.create(caller, new), None)


async def add_upload_part(request: Request) -> Response:
    """Add a part, `data` of a form, of 64 MiB at most."""
    caller = await caller_of(request)
    async with form_of(request, "data", min(_MOST_PART, services(request).max_file_bytes)) as form:
        size = form.size
        part = await services(request).knowledge.uploads.add_part(caller, request.path_params["id"], size, form.pieces())
    shape = {"id": part.id, "object": "upload.part", "created_at": seconds(part.created_at), "upload_id": part.upload}
    return json_response(msgspec.json.encode(shape))


async def complete_upload(request: Request) -> Response:
    """Make the parts one file; completing once more gives the same file."""
    caller = await caller_of(request)
    shape = checked(decode(await body_of(request)), CompletionShape)
    uploads = services(request).knowledge.uploads
    return _answered(*await uploads.complete(caller, request.path_params["id"], tuple(shape.part_ids), shape.md5))


async def cancel_upload(request: Request) -> Response:
    """Let go of an upload and its parts."""
    caller = await caller_of(request)
    return _answered(await services(request).knowledge.uploads.cancel(caller, request.path_params["id"]), None)


def _answered(upload: Upload, file: StoredFile | None) -> Response:
    shape: dict[str, Any] = {
        "id": upload.id,
        "object": "upload",
        "bytes": upload.new.bytes,
        "created_at": seconds(upload.created_at),
        "filename": upload.new.filename,
        "purpose": upload.new.purpose,
        "mime_type": upload.new.mime_type,
        "status": upload.status,
        "expires_at": seconds(upload.expires_at),
        "file": None if file is None else file_shape(file),
    }
    return json_response(msgspec.json.encode(shape))


routes = [
    Route("/v1/uploads", create_upload, methods=["POST"]),
    Route("/v1/uploads/{id}/parts", add_upload_part, methods=["POST"]),
    Route("/v1/uploads/{id}/complete", complete_upload, methods=["POST"]),
    Route("/v1/uploads/{id}/cancel", cancel_upload, methods=["POST"]),
]
