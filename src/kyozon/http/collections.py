"""Whose a collection (vector store) is and with whom it is shared, under `/kyozon/v1/collections`."""

from typing import Annotated, Any, get_args

import msgspec
from msgspec import Meta, Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kyozon.domain.errors import InvalidRequest
from kyozon.domain.knowledge import Collection, Right, Share, ShareKind
from kyozon.domain.language import Text
from kyozon.http.answering import json_response, plain
from kyozon.http.context import services
from kyozon.http.reading import body_of, caller_of, checked, decode
from kyozon.ports.knowledge import Access


class ShareShape(Struct, frozen=True, forbid_unknown_fields=True):
    """Who may `read` a collection, or `write` to it: a `user`, `group` or `role` of that name, or `everyone`."""

    kind: ShareKind
    name: Annotated[str, Meta(max_length=255)] = ""
    right: Right = "read"


async def get_collection(request: Request) -> Response:
    """Whose a collection is, and the caller's own right to it: `read`, `write`, or `own`, which includes sharing.

    `shares` is null for those who may not share it.
    """
    caller = await caller_of(request)
    held = await services(request).knowledge.collections.held(caller, request.path_params["id"])
    return _answered(held.collection, held.access)


async def share_collection(request: Request) -> Response:
    """Share a collection, or change what a share permits; from the next request on."""
    caller = await caller_of(request)
    shape = checked(decode(await body_of(request)), ShareShape)
    share = Share(shape.kind, shape.name, shape.right)
    return _answered(await services(request).knowledge.collections.share(caller, request.path_params["id"], share))


async def unshare_collection(request: Request) -> Response:
    """End the share with `kind` and `name`; from the next request on."""
    caller = await caller_of(request)
    asked = request.query_params
    kind = asked.get("kind", "")
    if kind not in get_args(ShareKind):
        known = ", ".join(get_args(ShareKind))
        raise InvalidRequest(
            Text(f"kind must be one of {known}.", f"kind は {known} のいずれかを指定してください。"), "kind"
        )
    share = Share(msgspec.convert(kind, ShareKind), asked.get("name", ""))
    return _answered(await services(request).knowledge.collections.unshare(caller, request.path_params["id"], share))


def _answered(collection: Collection, access: Access = "own") -> Response:
    shape: dict[str, Any] = {
        "object": "kyozon.collection",
        "id": collection.id,
        "owner": collection.owner,
        "access": access,
        "shares": [plain(share) for share in collection.shares] if access == "own" else None,
    }
    return json_response(msgspec.json.encode(shape))


routes = [
    Route("/kyozon/v1/collections/{id}", get_collection, methods=["GET"]),
    Route("/kyozon/v1/collections/{id}/shares", share_collection, methods=["PUT"]),
    Route("/kyozon/v1/collections/{id}/shares", unshare_collection, methods=["DELETE"]),
]
