"""What clients were told when there was no answer, and when there should have been one."""

import math
from collections.abc import Iterator

from bench.reliability.evidence import AWAY, DOWN, Evidence
from bench.reliability.journals import Heard
from bench.reliability.plan import MISTAKES

_OK = 200
_LIMITED = 429
_MINUTE = 60.0
_WAIT = {
    (429, "rate_limit_exceeded"),
    (429, "insufficient_quota"),
    (503, "storage_unavailable"),
    (503, "server_busy"),
    (503, "circuit_open"),
}
"""What says when to come back."""
_AS_TOLD = {(429, "provider_failed"), (502, "provider_failed")}
"""What says when to come back where the upstream has said so."""
_PLAIN = {
    (400, "invalid_request"),
    (400, "rejected_by_provider"),
    (401, "invalid_api_key"),
    (403, "not_permitted"),
    (404, "not_found"),
    (409, "idempotency_conflict"),
    (502, "provider_unreachable"),
    (502, "stream_broken"),
}
_IN_A_STREAM = {
    "stream_broken",
    "provider_failed",
    "rejected_by_provider",
    "api_error",
    "rate_limit_error",
    "overloaded_error",
}
_KEYLESS = ("no key", "unknown key")


def wrong_401(evidence: Evidence) -> Iterator[str]:
    """Nobody with a valid key is ever told that it is unknown, the database being away or not."""
    for heard in evidence.notes.heard:
        if heard.status == MISTAKES["no key"] and evidence.asked(heard.number).mistake not in _KEYLESS:
            yield f"request {heard.number}: {heard.code}"


def unclear_failures(evidence: Evidence) -> Iterator[str]:
    """Each refusal and failure has a known status and code, with `retry-after` just where waiting helps, and the right one.

    Rate limits are a minute's at most; an upstream's own `retry-after` is passed on; an answer that breaks ends with an
    error event.
    """
    for heard in evidence.notes.heard:
        if heard.failure:
            continue
        if heard.status == _OK and not heard.whole and heard.code not in _IN_A_STREAM:
            yield f"request {heard.number}: broken off with {heard.code!r}"
        elif heard.status != _OK and (wrong := _unclear(heard, evidence)):
            yield f"request {heard.number}: {heard.status} {heard.code}, {wrong}"


def wrong_refusals(evidence: Evidence) -> Iterator[str]:
    """A wrong request is told so, whatever else goes on; only a database that is away may come first."""
    for heard in evidence.notes.heard:
        mistake = evidence.asked(heard.number).mistake
        away = heard.code == "storage_unavailable" and evidence.during(heard, AWAY)
        if mistake and not heard.failure and heard.status != MISTAKES[mistake] and not away:
            yield f"request {heard.number}: {mistake} was answered with {heard.status} {heard.code}"


def failed_connections(evidence: Evidence) -> Iterator[str]:
    """No connection fails unless the process was killed, or the request came after it was told to stop without a successor.

    So a restart with `--replace` fails nobody.
    """
    drains = [one for one in evidence.notes.happenings if one.what == "drain"]
    for heard in evidence.notes.heard:
        if heard.failure not in ("refused", "broken", "late") or evidence.during(heard, DOWN):
            continue
        if not any(drain.began <= heard.began <= drain.ended for drain in drains):
            yield f"request {heard.number}: {heard.failure} after {heard.ended - heard.began:.1f} s"


def unexplained_failures(evidence: Evidence) -> Iterator[str]:
    """No error of Kyozon's own, no 503 for a database that was there, no failure where the upstream gave a whole answer."""
    for heard in evidence.notes.heard:
        calls = evidence.calls_of.get(heard.decision, []) if heard.decision else []
        if heard.code in ("internal_error", "unreadable"):
            yield f"request {heard.number}: {heard.status} {heard.code}"
        elif heard.code == "storage_unavailable" and not evidence.during(heard, AWAY):
            yield f"request {heard.number}: the database was there"
        elif heard.code in ("provider_failed", "stream_broken") and calls and calls[-1].how == "whole":
            yield f"request {heard.number}: {heard.code}, but {calls[-1].id} was whole"


def unclean_stops(evidence: Evidence) -> Iterator[str]:
    """A process that is told to stop, or is replaced, ends with status 0."""
    yield from (f"{one.what}: status {one.status}" for one in evidence.notes.happenings if one.status)


def _unclear(heard: Heard, evidence: Evidence) -> str:
    said, headers = (heard.status, heard.code), heard.headers
    if said not in _WAIT | _AS_TOLD | _PLAIN:
        return "which is not known"
    wait = float(headers["retry-after-ms"]) / 1000 if "retry-after-ms" in headers else None
    if wait is not None and headers.get("retry-after") != str(math.ceil(wait)):
        return f"retry-after {headers.get('retry-after')} for {wait} s"
    if said in _WAIT:
        return _unsaid(heard.code, wait, in_vain=headers.get("x-should-retry") == "false")
    told = _told(heard, evidence) if said in _AS_TOLD else {None}
    return "" if wait in told else f"retry-after {wait}, the upstream said {told}"


def _unsaid(code: str, wait: float | None, *, in_vain: bool) -> str:
    """What is wrong with a refusal that is to say when to come back: a budget's is far away and said to be."""
    if code == "insufficient_quota":
        return "" if wait is not None and in_vain else "without retry-after or x-should-retry: false"
    if wait is None:
        return "" if in_vain and code == "rate_limit_exceeded" else "without retry-after"
    return f"retry-after {wait}" if wait > _MINUTE else ""


def _told(heard: Heard, evidence: Evidence) -> set[float | None]:
    """What the upstreams that failed so said of waiting, one of which is passed on; another failure says nothing of it.

    The decision of a failure is known by its time.
    """
    begun = [one for one in evidence.decisions_of.get(heard.number, []) if heard.began <= one.at <= heard.ended]
    calls = [call for booked in begun for call in evidence.calls_of.get(booked.id, [])]
    limited = heard.status == _LIMITED
    return {call.retry_after for call in calls if limited == (call.status == _LIMITED)} or {None}
