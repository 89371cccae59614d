"""What every answer of a model carries besides its body."""

from datetime import timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import quote

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from kyozon.domain.callers import Caller
from kyozon.domain.decisions import CacheUse
from kyozon.domain.labels import Label
from kyozon.http.context import services


def headers(request: Request, caller: Caller, decision_id: str, model: str, *, replayed: bool = False) -> dict[str, str]:
    """The decision's id, the model, and what is left of the caller's ceilings."""
    found = {"x-kyozon-decision": decision_id}
    if model:
        found["x-kyozon-model"] = _ascii(model)
    if replayed:
        found["x-kyozon-replayed"] = "true"
    return found | left_of_limits(request, caller)


def left_of_limits(request: Request, caller: Caller) -> dict[str, str]:
    """The ceilings that bind the caller, in the form both SDKs' users read; empty without any."""
    left = services(request).limiter.remaining(caller.key)
    if not left:
        return {}
    found, now = {}, services(request).world.now()
    for name, remaining in left.items():
        found[f"x-ratelimit-limit-{name}"] = str(remaining.limit)
        found[f"x-ratelimit-remaining-{name}"] = str(remaining.left)
        found[f"x-ratelimit-reset-{name}"] = _duration(remaining.reset_seconds)
        reset = now + timedelta(seconds=remaining.reset_seconds)
        found[f"anthropic-ratelimit-{name}-limit"] = str(remaining.limit)
        found[f"anthropic-ratelimit-{name}-remaining"] = str(remaining.left)
        found[f"anthropic-ratelimit-{name}-reset"] = reset.isoformat(timespec="seconds").replace("+00:00", "Z")
    return found


def cache_header(cache: CacheUse | None) -> dict[str, str]:
    """What the answer cache did, as in `miss`, `hit-semantic; similarity=0.9712` or `bypass; reason=tools`."""
    if cache is None:
        return {}
    similarity = "" if cache.similarity is None else f"; similarity={cache.similarity:.4f}"
    reason = "" if cache.reason is None else f"; reason={cache.reason}"
    return {"x-kyozon-cache": f"{cache.result}{similarity}{reason}"}


def label_header(label: Label | None) -> dict[str, str]:
    """The label of an answer, as in `confidential+pii; integrity=untrusted`; none for one that was given before.

    An answer carries the label of all that its model has read. So an agent that runs the tools it asks for can tell whose
    wish that may be: while the words of a request are untrusted, every answer is.
    """
    return {} if label is None else {"x-kyozon-label": f"{label}; integrity={label.integrity}"}


GENERATED = {"x-kyozon-ai-generated": "true; source-type=trainedAlgorithmicMedia"}
"""Marks an answer as a model's words, in the term of IPTC's digital source types that content credentials use, too."""


def plain(value: Any) -> Any:
    """A domain value as what JSON is made of; sets, such as the compartments of a label, in one order: equal bytes."""
    return msgspec.to_builtins(value, order="deterministic")


def json_response(payload: bytes, headers: dict[str, str] | None = None, status: int = 200) -> Response:
    """A JSON body that is encoded already."""
    return Response(payload, status, headers, media_type="application/json")


def is_anthropic(request: Request) -> bool:
    """Whether the caller speaks Anthropic's dialect: by the path, or as its SDK always names the version."""
    return request.scope["path"].startswith("/v1/messages") or "anthropic-version" in request.headers


@lru_cache(maxsize=1024)
def _ascii(model: str) -> str:
    """Headers carry ASCII."""
    return quote(model, safe="/:@+,")


def _duration(seconds: float) -> str:
    """`6m0s`, `1s`, `250ms`: as OpenAI writes it."""
    if seconds < 1:
        return f"{round(seconds * 1000)}ms"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}m{rest}s" if minutes else f"{rest}s"
