"""Whether a failed call is worth another one to the same candidate, and when. No clock, no randomness of its own.

The pause grows exponentially with full jitter (Brooker, "Exponential Backoff And Jitter", 2015), and retries are limited
twice: for each request, and for each provider by a budget (Google SRE book, "Handling Overload"; gRFC A6).
"""

from msgspec import Struct

_CALL = 100
_SAVED_CALLS = 10
_ELSEWHERE_SECONDS = 1.0


class Retrying(Struct, frozen=True):
    """What the operator allows. Times are in seconds.

    `retries` are repeats of one request in all; `base` bounds the first pause and doubles with each further one;
    `longest` bounds every pause; `share` is how many retries a hundred requests to a provider are worth; `total` is how
    long a request may take altogether.
    """

    retries: int = 2
    base: float = 0.25
    longest: float = 10.0
    share: int = 20
    total: float = 600.0


class Failed(Struct, frozen=True):
    """One failed call, and what the request still has: `retries` made so far, time, other candidates (`elsewhere`)."""

    retryable: bool
    retry_after: float | None
    retries: int
    seconds_left: float
    elsewhere: bool


class Budget(Struct, frozen=True):
    """Hundredths of a retry that a provider may still be asked for; it starts with a few, for providers seldom asked."""

    level: int = _SAVED_CALLS * _CALL


def pause(failed: Failed, policy: Retrying, chance: float) -> float | None:
    """Seconds until the same candidate is called again; None where it is not.

    `chance` is between 0 and 1. A provider that says when to come back is not asked earlier; where that is too late,
    another candidate is better, and without one the caller is told the time.
    """
    if not failed.retryable or failed.retries >= policy.retries:
        return None
    jitter = chance * min(policy.longest, policy.base * 2**failed.retries)
    told = failed.retry_after or 0.0
    wait = told + jitter
    if told > (min(policy.longest, _ELSEWHERE_SECONDS) if failed.elsewhere else policy.longest):
        return None
    return wait if wait < failed.seconds_left else None


def deposit(budget: Budget, policy: Retrying) -> Budget:
    """The budget after a request's first call."""
    return Budget(min(_SAVED_CALLS * _CALL, budget.level + policy.share))


def withdraw(budget: Budget) -> Budget | None:
    """The budget after a retry; None where it does not hold one."""
    return Budget(budget.level - _CALL) if budget.level >= _CALL else None
