"""Limits, replayed from the books: what was let through against the buckets and budgets as they are documented."""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import chain

from msgspec import Struct

from bench.reliability.books import Booked
from bench.reliability.checks.accounts import NOT_SENT
from bench.reliability.evidence import Evidence
from bench.reliability.parties import Ceilings, keys, models, tenants, users

_MINUTE = 60.0
_SLACK = 0.25
"""Seconds of refill: a decision is dated when its request has been read, a moment before its tokens are taken."""


class Scope(Struct, frozen=True):
    """Somebody with ceilings, and the decisions that count against them."""

    name: str
    ceilings: Ceilings
    decisions: Sequence[Booked]
    model: str | None = None


class _Change(Struct, frozen=True, order=True):
    """At a moment tokens or requests come back (0) before any are taken (1)."""

    at: float
    taken: bool
    amount: float = 0.0
    decision: str = ""


def too_many_requests(evidence: Evidence) -> Iterator[str]:
    """Requests let through never exceed one bucket that holds a minute's worth and refills at the limit's pace.

    It is one for the whole installation: neither a restart fills it, nor do two processes that serve at once have two.
    """
    for scope in scopes(evidence):
        if scope.ceilings.requests is not None:
            changes = chain.from_iterable(_requests(scope, booked) for booked in scope.decisions)
            yield from _overdrawn(scope.name, scope.ceilings.requests, changes)


def too_many_tokens(evidence: Evidence) -> Iterator[str]:
    """So with tokens: what was reserved is taken, and what was not used comes back when the request has ended."""
    for scope in scopes(evidence):
        if scope.ceilings.tokens is not None:
            changes = chain.from_iterable(_tokens(scope, booked) for booked in scope.decisions)
            yield from _overdrawn(scope.name, scope.ceilings.tokens, changes)


def too_much_money(evidence: Evidence) -> Iterator[str]:
    """A budget is never overspent, but for what an upstream reports beyond what was reserved: it is billed as reported."""
    for scope in scopes(evidence):
        budget = scope.ceilings.money
        if budget is not None:
            paid, beyond = spent(scope), sum((beyond_reservation(booked) for booked in scope.decisions), Decimal(0))
            if paid > budget + beyond:
                yield f"{scope.name}: {paid} spent of {budget}, {beyond} of it beyond reservations"


def scopes(evidence: Evidence) -> Iterator[Scope]:
    """Everybody with ceilings of this run."""
    count, names = evidence.setting.requests, evidence.setting.keys
    admitted = [booked for booked in evidence.books.decisions if booked.chosen is not None]
    known = keys(count)
    for id_, name in names.items():
        yield Scope(f"key {name}", known[name].ceilings, [one for one in admitted if one.key_id == id_])
    for name, ceilings in users(count).items():
        yield Scope(f"user {name}", ceilings, [one for one in admitted if one.user == name])
    for name, ceilings in tenants(count).items():
        yield Scope(f"tenant {name}", ceilings, [one for one in admitted if one.tenant == name])
    for name, ceilings in models(count).items():
        yield Scope(f"model {name}", ceilings, [one for one in admitted if name in one.tried], name)


def spent(scope: Scope) -> Decimal:
    """What was charged for its decisions, of a model what its own calls were."""
    return sum((_charged(scope, booked) for booked in scope.decisions), Decimal(0))


def beyond_reservation(booked: Booked) -> Decimal:
    """What a request cost beyond what was held for it."""
    return max(Decimal(0), _all_charges(booked) - booked.held)


def _overdrawn(name: str, limit: int, changes: Iterable[_Change]) -> Iterator[str]:
    """Replay one bucket for the whole installation, full at the beginning, whichever processes come and go."""
    pace, level, now = limit / _MINUTE, float(limit), 0.0
    for change in sorted(changes):
        level = min(level + (change.at - now) * pace, float(limit))
        now = change.at
        if not change.taken:
            level = min(level + change.amount, float(limit))
        else:
            if level + pace * _SLACK < change.amount:
                yield f"{name}: {change.decision} took {change.amount:.0f} of {level:.1f}, limit {limit}"
            level -= change.amount


def _requests(scope: Scope, booked: Booked) -> Iterator[_Change]:
    if _withdrawn(booked):
        return
    yield _Change(booked.at, taken=True, amount=1.0, decision=booked.id)
    if scope.model is not None and not _called(scope.model, booked) and booked.ended is not None:
        yield _Change(booked.ended, taken=False, amount=1.0, decision=booked.id)


def _tokens(scope: Scope, booked: Booked) -> Iterator[_Change]:
    if _withdrawn(booked):
        return
    reserved = booked.estimated + booked.ceiling
    yield _Change(booked.at, taken=True, amount=reserved, decision=booked.id)
    if booked.ended is not None:
        yield _Change(booked.ended, taken=False, amount=reserved - _used(scope, booked), decision=booked.id)


def _withdrawn(booked: Booked) -> bool:
    """Given back before its end could be recorded: the client left while the decision was being written."""
    return booked.status == "left" and booked.model is None and not booked.attempts


def _called(model: str, booked: Booked) -> bool:
    return booked.model == model or any(one.model == model and one.error not in NOT_SENT for one in booked.attempts)


def _used(scope: Scope, booked: Booked) -> int:
    own = scope.model is None or booked.model == scope.model
    tried = [one.usage for one in booked.attempts if one.usage is not None and scope.model in (None, one.model)]
    return (booked.used.all if own else 0) + sum(usage.all for usage in tried)


def _charged(scope: Scope, booked: Booked) -> Decimal:
    if scope.model is None:
        return _all_charges(booked)
    own = booked.amount if booked.model == scope.model else Decimal(0)
    return own + sum((one.charge.amount for one in booked.attempts if one.charge and one.model == scope.model), Decimal(0))


def _all_charges(booked: Booked) -> Decimal:
    return booked.amount + sum((one.charge.amount for one in booked.attempts if one.charge is not None), Decimal(0))
