"""The one table from errors to statuses, in the OpenAI and the Anthropic shape."""

import math
from typing import Any

import msgspec
from starlette.responses import Response

from kyozon.domain import errors
from kyozon.domain.language import Language

STATUS: dict[type[errors.KyozonError], tuple[int, str, str]] = {
    # error: status, OpenAI's `type`, Anthropic's `type`
    errors.InvalidRequest: (400, "invalid_request_error", "invalid_request_error"),
    errors.Unauthenticated: (401, "authentication_error", "authentication_error"),
    errors.NotAllowed: (403, "permission_error", "permission_error"),
    errors.NotFound: (404, "not_found_error", "not_found_error"),
    errors.TooLarge: (413, "invalid_request_error", "request_too_large"),
    errors.UnsupportedFile: (400, "invalid_request_error", "invalid_request_error"),
    errors.InvalidFile: (400, "invalid_request_error", "invalid_request_error"),
    errors.IdempotencyConflict: (409, "idempotency_error", "invalid_request_error"),
    errors.SettingsError: (500, "server_error", "api_error"),
    errors.NotPermitted: (403, "permission_error", "permission_error"),
    errors.HeldForReview: (403, "permission_error", "permission_error"),
    errors.LimitReached: (429, "rate_limit_error", "rate_limit_error"),
    errors.BudgetReached: (429, "insufficient_quota", "rate_limit_error"),
    errors.UpstreamUnreachable: (502, "server_error", "api_error"),
    errors.UpstreamFailed: (502, "server_error", "api_error"),
    errors.StreamBroken: (502, "server_error", "api_error"),
    errors.ModelNotReady: (503, "server_error", "overloaded_error"),
    errors.StorageUnavailable: (503, "server_error", "overloaded_error"),
    errors.Busy: (503, "server_error", "overloaded_error"),
    errors.CircuitOpen: (503, "server_error", "overloaded_error"),
    errors.MissingPiece: (503, "server_error", "api_error"),
}

_ANTHROPIC_BY_STATUS = {400: "invalid_request_error", 404: "not_found_error", 413: "request_too_large"}
_UNFIT = frozenset({"context", "abilities", "kind"})
_LIMITED = 429


def status_of(error: errors.KyozonError) -> tuple[int, str, str]:
    """Status and both `type`s. What the provider says of the caller's request keeps the provider's status."""
    if isinstance(error, errors.RejectedUpstream):
        return (
            error.status,
            "invalid_request_error",
            _ANTHROPIC_BY_STATUS.get(error.status, "invalid_request_error"),
        )
    if isinstance(error, errors.UpstreamFailed) and error.status == _LIMITED:
        return _LIMITED, "rate_limit_error", "rate_limit_error"
    if isinstance(error, errors.NotPermitted) and error.rules and error.rules <= _UNFIT:
        return 400, "invalid_request_error", "invalid_request_error"
    for kind in type(error).__mro__:
        if kind in STATUS:
            return STATUS[kind]
    return 500, "server_error", "api_error"


def openai_error(error: errors.KyozonError, language: Language, decision: str | None = None) -> dict[str, Any]:
    """`{"error": {message, type, param, code}}`, with the objections and the recorded decision beside them."""
    body: dict[str, Any] = {
        "message": error.message(language),
        "type": status_of(error)[1],
        "param": getattr(error, "param", None),
        "code": _code(error),
    }
    if isinstance(error, errors.NotPermitted):
        body["objections"] = [
            {"model": model, "rule": o.rule, "need": o.need, "have": o.have, "message": o.text.to(language)}
            for model, objections in error.objections.items()
            for o in objections
        ]
    if decision is not None:
        body["decision"] = decision
    if (review := getattr(error, "review", None)) is not None:
        body["review"] = review
    return {"error": body}


def _code(error: errors.KyozonError) -> str:
    """The error's own, and OpenAI's word where clients look for it: they shorten the conversation and ask again."""
    too_long = isinstance(error, errors.NotPermitted) and error.rules == {"context"}
    return "context_length_exceeded" if too_long else error.code


def anthropic_error(
    error: errors.KyozonError, language: Language, request_id: str, decision: str | None = None
) -> dict[str, Any]:
    """`{"type": "error", "error": {type, message}, "request_id"}`."""
    inner = openai_error(error, language, decision)["error"]
    inner["type"] = status_of(error)[2]
    return {"type": "error", "error": inner, "request_id": request_id}


def headers_of(error: errors.KyozonError, seconds_left: float | None) -> dict[str, str]:
    """`retry-after` where waiting helps, `x-should-retry: false` where the SDKs would try again in vain.

    A budget has both: waiting helps, but nobody waits for the first of the month.
    """
    headers = {}
    if isinstance(error, errors.WorldFailure) and error.retry_after is not None:
        seconds_left = error.retry_after
    in_vain = _in_vain(error)
    if in_vain:
        headers["x-should-retry"] = "false"
    if seconds_left is not None and (not in_vain or isinstance(error, errors.BudgetReached)):
        milliseconds = max(1, round(seconds_left * 1000))
        headers["retry-after"] = str(math.ceil(milliseconds / 1000))  # who comes any earlier is refused again
        headers["retry-after-ms"] = str(milliseconds)
    return headers


def _in_vain(error: errors.KyozonError) -> bool:
    """Whether the same request would fail again, although its status is one that the SDKs retry."""
    if isinstance(error, errors.LimitReached):
        return error.resets_at is None
    retryable = getattr(error, "retryable", None)  # conflicts and failures of the world know it
    return isinstance(error, errors.BudgetReached) or retryable is False


def render(
    error: errors.KyozonError,
    language: Language,
    *,
    anthropic: bool,
    request_id: str,
    now: float,
    decision: str | None = None,
) -> Response:
    """The response for an error.

    `now` is the time in seconds since the epoch, for `retry-after`; `decision` is the one that the request has on record.
    """
    resets_at = error.resets_at if isinstance(error, errors.LimitReached | errors.BudgetReached) else None
    seconds_left = resets_at.timestamp() - now if resets_at is not None else None
    said = anthropic_error(error, language, request_id, decision) if anthropic else openai_error(error, language, decision)
    headers = headers_of(error, seconds_left)
    if decision is not None:
        headers["x-kyozon-decision"] = decision
    return Response(msgspec.json.encode(said), status_of(error)[0], headers, media_type="application/json")
