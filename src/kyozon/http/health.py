"""`/health/live` and `/health/ready`: is the process there, and can it do its main job."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kyozon.http.answering import json_response
from kyozon.http.context import services


async def live(request: Request) -> Response:  # noqa: ARG001 - a route's signature
    """200 while the process answers at all."""
    return json_response(b'{"status":"live"}')


async def ready(request: Request) -> Response:
    """200 when every part works; 503 names the part that does not."""
    parts = await services(request).ready()
    whole = all(parts.values())
    body = {"status": "ready" if whole else "not_ready", "parts": parts}
    return json_response(msgspec.json.encode(body), status=200 if whole else 503)


routes = [
    Route("/health/live", live, methods=["GET"]),
    Route("/health/ready", ready, methods=["GET"]),
]
