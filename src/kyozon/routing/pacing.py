"""Running means of how fast a deployment answers. Times are seconds of any clock that is never set back.

Each new answer counts for an eighth, as in TCP's round-trip time (Jacobson, "Congestion Avoidance and Control", 1988), and
for more after a pause: what was measured a minute ago keeps little more than a third of its weight.
"""

import math

from msgspec import Struct

from kyozon.domain.pace import Pace

_KEPT = 7 / 8
_FORGETS_S = 60.0
_KNOWN_S = 600.0
"""So long a measurement counts: what is never asked would else be thought slow for ever, after one slow answer."""
_DIGITS, _DIGITS_OF_A_TOKEN = 3, 6


class Timed(Struct, frozen=True):
    """What was measured: `first` as of `first_at`, `whole` and `tokens` as of `whole_at`."""

    first: float | None = None
    first_at: float = 0.0
    whole: float | None = None
    tokens: float = 0.0
    whole_at: float = 0.0


def began(timed: Timed, seconds: float, now: float) -> Timed:
    """The means after a streamed answer whose first words took so many seconds."""
    old = timed.first
    first = seconds if old is None else _mean(old, seconds, now - timed.first_at)
    return Timed(first, now, timed.whole, timed.tokens, timed.whole_at)


def ended(timed: Timed, seconds: float, tokens: int, now: float) -> Timed:
    """The means after a whole answer of so many output tokens, at least one."""
    if timed.whole is None:
        return Timed(timed.first, timed.first_at, seconds, tokens, now)
    since = now - timed.whole_at
    whole, length = _mean(timed.whole, seconds, since), _mean(timed.tokens, tokens, since)
    return Timed(timed.first, timed.first_at, whole, length, now)


def pace_at(timed: Timed, now: float, *, busy: bool) -> Pace | None:
    """What is known as of `now`, None where nothing is.

    A measurement is good for ten minutes, and for as long again while a call is under way (`busy`): so one request tries
    out who has not been heard of, and not all that come meanwhile.
    """
    known = _KNOWN_S * (2 if busy else 1)
    first = None if timed.first is None or now - timed.first_at > known else round(timed.first, _DIGITS)
    token = None
    if timed.whole is not None and now - timed.whole_at <= known:
        token = round(max(0.0, timed.whole - (first or 0.0)) / timed.tokens, _DIGITS_OF_A_TOKEN)
    return None if first is None and token is None else Pace(first, token)


def _mean(old: float, new: float, since: float) -> float:
    kept = min(_KEPT, math.exp(-max(0.0, since) / _FORGETS_S))
    return old * kept + new * (1 - kept)
