"""Groups that collections can be shared with, under `/kyozon/v1/groups`: for admin keys."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kyozon.http.answering import json_response
from kyozon.http.context import services
from kyozon.http.reading import caller_of


async def list_groups(request: Request) -> Response:
    """The groups of the key's tenant and who is in them."""
    caller = await caller_of(request)
    found = await services(request).knowledge.groups.all(caller)
    data = [{"object": "kyozon.group", "name": name, "members": members} for name, members in found.items()]
    return json_response(msgspec.json.encode({"object": "list", "data": data}))


async def add_group_member(request: Request) -> Response:
    """Put a user into a group, which is there with its first member; `added` is false where he was in it."""
    caller = await caller_of(request)
    added = await services(request).knowledge.groups.add(caller, *_named(request))
    return json_response(msgspec.json.encode({"added": added}))


async def remove_group_member(request: Request) -> Response:
    """Take a user out of a group; from the next request on he reads nothing by way of it."""
    caller = await caller_of(request)
    await services(request).knowledge.groups.remove(caller, *_named(request))
    return json_response(msgspec.json.encode({"removed": True}))


def _named(request: Request) -> tuple[str, str]:
    return request.path_params["group"], request.path_params["member"]


routes = [
    Route("/kyozon/v1/groups", list_groups, methods=["GET"]),
    Route("/kyozon/v1/groups/{group}/members/{member:path}", add_group_member, methods=["PUT"]),
    Route("/kyozon/v1/groups/{group}/members/{member:path}", remove_group_member, methods=["DELETE"]),
]
