"""The policy in force, in sentences, and another one put in its place, under `/kyozon/v1/policy`."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kyozon.domain.errors import InvalidRequest, NotAllowed, SettingsError
from kyozon.domain.language import Text
from kyozon.governance.policy_words import in_words
from kyozon.http.answering import json_response
from kyozon.http.context import language, services
from kyozon.http.reading import caller_of


async def get_policy(request: Request) -> Response:
    """The policy in force, as sentences in the caller's language; for admin keys."""
    await _admin(request)
    basis, speaks = services(request).registry.basis, language(request)
    sections = [
        {"heading": section.heading.to(speaks), "sentences": [text.to(speaks) for text in section.sentences]}
        for section in in_words(basis)
    ]
    found = {"object": "kyozon.policy", "policy_version": basis.policy_version, "basis": basis.id, "sections": sections}
    return json_response(msgspec.json.encode(found))


async def reload_policy(request: Request) -> Response:
    """Read kyozon.toml again, check it whole and put its policy in place; for admin keys."""
    await _admin(request)
    try:
        found = await services(request).reload()
    except SettingsError as error:
        raise InvalidRequest(error.text) from error
    return json_response(msgspec.json.encode({"object": "kyozon.policy_reload", **msgspec.structs.asdict(found)}))


async def _admin(request: Request) -> None:
    caller = await caller_of(request)
    if not caller.key.admin:
        raise NotAllowed(
            Text(
                "the policy is for admin keys (kyozon keys create --admin).",
                "ポリシーの参照と再読み込みには管理者キーが必要です（kyozon keys create --admin）。",
            )
        )


routes = [
    Route("/kyozon/v1/policy", get_policy, methods=["GET"]),
    Route("/kyozon/v1/policy/reload", reload_policy, methods=["POST"]),
]
