"""Where a stored value, or an exchange, has been; raising its label at once, and asking that it be lowered."""

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kyozon.domain.callers import Caller
from kyozon.domain.errors import InvalidRequest, NotAllowed
from kyozon.domain.labels import Label, parse_label
from kyozon.domain.language import Text
from kyozon.domain.provenance import Exposure
from kyozon.domain.requests import Json
from kyozon.http.answering import json_response, plain
from kyozon.http.context import services
from kyozon.http.reading import body_of, caller_of, decode
from kyozon.http.stating import checked_purpose
from kyozon.services.provenance import Wish, unknown


async def get_exposure(request: Request) -> Response:
    """Every delivery of a stored value or an exchange, and of what was made from it; for admin keys cleared for it."""
    caller = await _admin(request)
    name = await _readable(request, caller)
    return _answered(await services(request).provenance.exposure(caller.tenant, name))


async def raise_label(request: Request) -> Response:
    """Raise the label of a stored value or an exchange, with a reason; answers with its exposure. For admin keys."""
    caller = await _admin(request)
    name = await _readable(request, caller)
    wanted = decode(await body_of(request))
    wish = Wish(caller.tenant, name, _wanted(caller, wanted), caller.key.user, str(wanted.get("reason") or ""))
    return _answered(await services(request).provenance.raise_label(wish))


async def ask_to_lower_label(request: Request) -> Response:
    """Ask for a lower label of a stored value or an exchange, with a purpose; another person approves. For admin keys."""
    caller = await _admin(request)
    name = await _readable(request, caller)
    wanted = decode(await body_of(request))
    purpose = checked_purpose(str(wanted.get("purpose") or "").strip(), "purpose")
    label = _wanted(caller, wanted)
    item = await services(request).reviewing.request_lowering(caller, name, label, purpose)
    return json_response(msgspec.json.encode({"object": "kyozon.review", **plain(item)}))


def _wanted(caller: Caller, body: Json) -> Label:
    """The label in the body, which the caller himself may read."""
    label = _label(body.get("label"))
    if not label.within(caller.key.clearance):
        raise NotAllowed(
            Text(
                f"this key is cleared for {caller.key.clearance}; use one that is cleared for {label}.",
                f"このキーの許可は {caller.key.clearance} までです。{label} まで許可されたキーで変更してください。",
            )
        )
    return label


async def _admin(request: Request) -> Caller:
    caller = await caller_of(request)
    if not caller.key.admin:
        raise NotAllowed(
            Text(
                "exposure reports and labels of stored data need an admin key (kyozon keys create --admin).",
                "漏えい範囲の確認と保存データのラベル変更には管理者キーが必要です（kyozon keys create --admin）。",
            )
        )
    return caller


def _label(text: Any) -> Label:
    try:
        return parse_label(str(text or ""))
    except ValueError as error:
        ja = "label が不正です。public・internal・confidential・restricted のいずれかに、必要なら +区分 を付けてください。"
        raise InvalidRequest(Text(f"label: {error}.", ja), "label") from error


async def _readable(request: Request, caller: Caller) -> str:
    """The name in the path, of something that the caller may know of."""
    name = str(request.path_params["id"])
    label = await services(request).provenance.label(caller.tenant, (name,))
    if not label.within(caller.key.clearance):
        raise unknown(name)
    return name


def _answered(exposure: Exposure) -> Response:
    return json_response(msgspec.json.encode({"object": "kyozon.exposure", **plain(exposure)}))


routes = [
    Route("/kyozon/v1/exposures/{id}", get_exposure, methods=["GET"]),
    Route("/kyozon/v1/exposures/{id}/label", raise_label, methods=["POST"]),
    Route("/kyozon/v1/exposures/{id}/lowering", ask_to_lower_label, methods=["POST"]),
]
