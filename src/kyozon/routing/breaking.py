"""Circuit breakers: a deployment that keeps failing rests, then is tried with few calls (Nygard, "Release It!", 2007).

A breaker is a value; each function gives the one that follows. Times are seconds of any clock that is never set back.
"""

from typing import Literal

from msgspec import Struct, structs

State = Literal["closed", "open", "half_open"]


class Breaking(Struct, frozen=True):
    """When a breaker opens, and for how long. Times are in seconds.

    It opens after `in_row` failures without a success between them, or once `share` percent of at least `calls` calls
    within `window` have failed. It rests for `rest`, twice as long each time that its probes fail, never longer than
    `longest`; then `probes` calls at once are let through.
    """

    in_row: int = 5
    share: int = 50
    calls: int = 20
    window: float = 30.0
    rest: float = 15.0
    longest: float = 300.0
    probes: int = 1


class Breaker(Struct, frozen=True):
    """What is known of one deployment. `era` counts the changes of state: what a call of an earlier one tells is old."""

    state: State = "closed"
    era: int = 0
    in_row: int = 0
    calls: int = 0
    failures: int = 0
    window_began: float = 0.0
    until: float = 0.0
    trips: int = 0
    probes: int = 0


def state_at(breaker: Breaker, now: float) -> State:
    """The state as of `now`: one that has rested enough is half open."""
    return "half_open" if breaker.state == "open" and now >= breaker.until else breaker.state


def admit(breaker: Breaker, policy: Breaking, now: float) -> Breaker | None:
    """The breaker with one more call under way, of the era that it then has; None where the call may not be made."""
    state = state_at(breaker, now)
    if state == "closed":
        return breaker
    if state == "open":
        return None
    if breaker.state == "open":
        return structs.replace(breaker, state="half_open", era=breaker.era + 1, probes=1)
    return structs.replace(breaker, probes=breaker.probes + 1) if breaker.probes < policy.probes else None


def succeeded(breaker: Breaker, policy: Breaking, era: int, now: float) -> Breaker:
    """The breaker after a call of `era` was answered: a probe closes it."""
    if era != breaker.era:
        return breaker
    if breaker.state == "half_open":
        return Breaker(era=breaker.era + 1, window_began=now)
    counted = _in_window(breaker, policy, now)
    return structs.replace(counted, in_row=0, calls=counted.calls + 1)


def failed(breaker: Breaker, policy: Breaking, era: int, now: float, told: float = 0.0, *, begun: bool = False) -> Breaker:
    """The breaker after a call of `era` failed; it rests no shorter than the provider `told` callers to wait.

    `begun` is for an answer that had begun well and then broke off: as a call it is counted already.
    """
    if era != breaker.era or breaker.state == "open":
        return breaker
    if breaker.state == "half_open":
        return _opened(breaker, policy, now, told)
    counted = _in_window(breaker, policy, now)
    after = structs.replace(
        counted, in_row=counted.in_row + 1, calls=counted.calls + (not begun), failures=counted.failures + 1
    )
    too_many = after.calls >= policy.calls and 100 * after.failures >= policy.share * after.calls
    return _opened(after, policy, now, told) if after.in_row >= policy.in_row or too_many else after


def given_up(breaker: Breaker, era: int) -> Breaker:
    """The breaker after a call of `era` that tells nothing: the caller left, or nothing was sent."""
    if era != breaker.era or breaker.state != "half_open":
        return breaker
    return structs.replace(breaker, probes=breaker.probes - 1)


def _opened(breaker: Breaker, policy: Breaking, now: float, told: float) -> Breaker:
    rest = min(policy.longest, max(told, policy.rest * 2 ** min(breaker.trips, 16)))
    return Breaker("open", breaker.era + 1, until=now + rest, trips=breaker.trips + 1)


def _in_window(breaker: Breaker, policy: Breaking, now: float) -> Breaker:
    if now - breaker.window_began < policy.window:
        return breaker
    return structs.replace(breaker, calls=0, failures=0, window_began=now)
