"""Every check by its name: what must hold, and the function that finds where it does not."""

from collections.abc import Callable, Iterator, Mapping

from bench.reliability.checks.accounts import (
    refused_but_sent,
    unbalanced,
    unrecorded_calls,
    wrong_attempts,
    wrong_charges,
    wrong_usage,
)
from bench.reliability.checks.answers import answered_twice, billed_twice, lost_answers, mixed_answers, open_decisions
from bench.reliability.checks.callers import (
    failed_connections,
    unclean_stops,
    unclear_failures,
    unexplained_failures,
    wrong_401,
    wrong_refusals,
)
from bench.reliability.checks.ceilings import too_many_requests, too_many_tokens, too_much_money
from bench.reliability.evidence import Evidence

CHECKS: Mapping[str, Callable[[Evidence], Iterator[str]]] = {
    check.__name__: check
    for check in (
        unbalanced,
        wrong_usage,
        wrong_attempts,
        wrong_charges,
        lost_answers,
        open_decisions,
        mixed_answers,
        answered_twice,
        billed_twice,
        unrecorded_calls,
        refused_but_sent,
        too_many_requests,
        too_many_tokens,
        too_much_money,
        wrong_401,
        unclear_failures,
        wrong_refusals,
        failed_connections,
        unexplained_failures,
        unclean_stops,
    )
}


def violations(evidence: Evidence) -> dict[str, list[str]]:
    """What each check found: nothing, where its rule was kept."""
    return {name: list(check(evidence)) for name, check in CHECKS.items()}
