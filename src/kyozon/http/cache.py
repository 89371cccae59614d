"""`DELETE /kyozon/v1/cache`: kept answers are deleted before they expire."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kyozon.domain.audit import AuditEvent
from kyozon.domain.errors import NotAllowed
from kyozon.domain.language import Text
from kyozon.http.answering import json_response
from kyozon.http.context import services
from kyozon.http.reading import caller_of


async def forget(request: Request) -> Response:
    """Delete the answers kept for the key's own user; an admin key may name another `user` of its tenant, `*` is all."""
    caller = await caller_of(request)
    user = request.query_params.get("user", caller.key.user)
    if user != caller.key.user and not caller.key.admin:
        raise NotAllowed(
            Text(
                "only an admin key may delete the answers kept for others. Leave `user` out to delete your own.",
                "他の利用者の応答を削除できるのは管理者キーだけです。ご自分の分は `user` を省いて削除できます。",
            )
        )
    whose = "own" if user == caller.key.user else "all" if user == "*" else "another's"
    parts, key = services(request), caller.key
    new, now = parts.world.new_id("evt"), parts.world.now()
    await parts.trail.record(AuditEvent(new, now, "cache:forgotten", key.tenant, key.user, key.id, {"whose": whose}))
    deleted = await parts.chat.forget(caller, None if user == "*" else user)
    return json_response(msgspec.json.encode({"deleted": deleted}))


routes = [Route("/kyozon/v1/cache", forget, methods=["DELETE"])]
