"""What every answer of a model carries besides its body."""

from datetime import timedelta
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from kyozon.domain.callers import Caller
from kyozon.domain.decisions import CacheUse
from kyozon.http.context import services


def headers(request: Request, caller: Caller, decision_id: str, model: str, *, replayed: bool = False) -> dict[str, str]:
    """The decision's id, the model, and what is left of the caller's ceilings."""
    found = {"x-kyozon-decision": decision_id}
    if model:
        found["x-kyozon-model"] = quote(model, safe="/:@+,")  # headers carry ASCII
    if replayed:
        found["x-kyozon-replayed"] = "true"
    return found | left_of_limits(request, caller)


def left_of_limits(request: Request, caller: Caller) -> dict[str, str]:
    """The ceilings that bind the caller, in the form both SDKs' users read; empty without any."""
    found: dict[str, str] = {}
    now = services(request).world.now()
    for name, remaining in services(request).limiter.remaining(caller.key).items():
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


def json_response(payload: bytes, headers: dict[str, str] | None = None, status: int = 200) -> Response:
    """A JSON body that is encoded already."""
    return Response(payload, status, headers, media_type="application/json")


def is_anthropic(request: Request) -> bool:
    """Whether the caller speaks Anthropic's dialect: by the path, or as its SDK always names the version."""
    return request.scope["path"].startswith("/v1/messages") or "anthropic-version" in request.headers


def _duration(seconds: float) -> str:
    """`6m0s`, `1s`, `250ms`: as OpenAI writes it."""
    if seconds < 1:
        return f"{round(seconds * 1000)}ms"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}m{rest}s" if minutes else f"{rest}s"
