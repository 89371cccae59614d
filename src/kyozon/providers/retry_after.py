"""When a provider says to come back: `retry-after-ms`, or `retry-after` in seconds or as a date (RFC 9110 §10.2.3)."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_LONGEST_S = 86_400.0


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds from `now`, which is aware; None where the provider says none, or nothing that is a time to wait.

    A date is read against the provider's own clock where the answer tells it: the two clocks may differ.
    """
    for seconds in (_number(headers, "retry-after-ms", 1000.0), _number(headers, "retry-after", 1.0)):
        if seconds is not None and 0 <= seconds <= _LONGEST_S:
            return seconds
    moment = _date(headers, "retry-after")
    if moment is None:
        return None
    seconds = (moment - (_date(headers, "date") or now)).total_seconds()
    return max(0.0, seconds) if seconds <= _LONGEST_S else None


def _number(headers: Mapping[str, str], name: str, unit: float) -> float | None:
    try:
        return float(headers[name]) / unit
    except (KeyError, ValueError):
        return None


def _date(headers: Mapping[str, str], name: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(headers[name])
    except (KeyError, ValueError, OverflowError):
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found
