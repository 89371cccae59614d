"""The ledger against what the upstreams served, from their own journals and with prices of the checker's own."""

from collections.abc import Iterator
from decimal import Decimal

from bench.reliability.books import Booked, Tokens
from bench.reliability.evidence import Evidence, cost, model_at, spoken, told
from bench.reliability.journals import Served

NOT_SENT = ("server_busy", "circuit_open")
_ENDED_BY_ITSELF = ("answered", "failed", "broken")


def unbalanced(evidence: Evidence) -> Iterator[str]:
    """The ledger sums to zero: each currency, each transaction; and no reservation is left."""
    books = evidence.books
    yield from (f"{currency}: {amount}" for currency, amount in books.balance.items() if amount)
    yield from (f"{entry.id}: {entry.total}" for entry in books.entries if entry.total)
    yield from (f"{account}: {amount} still held" for account, amount in books.held.items())


def wrong_usage(evidence: Evidence) -> Iterator[str]:
    """The recorded tokens are what was served.

    Answered: as reported; where nothing usable was, the input as estimated and every word that was sent. Broken or left:
    the input as reported or estimated, and at least the words that the client saw, at most those that were sent. Cut off
    by a kill: the input as estimated. Refused or failed: nothing.
    """
    for booked in evidence.books.decisions:
        if booked.status is not None:
            calls = evidence.calls_of.get(booked.id, [])
            wrong = _usage(booked, calls, evidence.seen_of.get(booked.id, 0))
            if wrong:
                yield f"{booked.id} ({booked.status}): {wrong}"


def wrong_attempts(evidence: Evidence) -> Iterator[str]:
    """An answer that broke before its first words is charged its input: as often as there were such calls.

    A whole one that was set aside for a stronger model's is charged what it used.
    """
    for booked in evidence.books.decisions:
        calls = evidence.calls_of.get(booked.id, [])
        charged = [tried for tried in booked.attempts if tried.charge is not None]
        for tried in charged:
            due = [Tokens(uncached=booked.estimated)] if tried.error else _whole(booked, calls, tried.model)
            if tried.usage not in due:
                yield f"{booked.id}: attempt charged for {tried.usage}"
        if booked.status not in _ENDED_BY_ITSELF:
            continue
        broken = sum(tried.error is not None for tried in charged)
        own = calls[-1:] if booked.status == "broken" else []
        cut = [call for call in calls if call.how == "cut" and call not in own]
        reached = [call for call in calls if call.how not in ("status", "whole") and call not in own]
        if not len(cut) <= broken <= len(reached):
            yield f"{booked.id}: {broken} broken attempts charged, {len(cut)} to {len(reached)} were begun"


def wrong_charges(evidence: Evidence) -> Iterator[str]:
    """Each charge is its tokens at the model's price, to the last digit, and the ledger holds just these transactions."""
    for booked in evidence.books.decisions:
        due = cost(booked.model, booked.used) if booked.model else Decimal(0)
        if booked.amount != due:
            yield f"{booked.id}: {booked.amount} charged, {due} due"
        expected = dict(_expected(booked))
        found = {entry.id: entry.amount for entry in evidence.entries_of.get(booked.id, [])}
        if found != expected:
            yield f"{booked.id}: the ledger has {found}, expected {expected}"


def refused_but_sent(evidence: Evidence) -> Iterator[str]:
    """Nothing is sent for a request that is refused."""
    for booked in evidence.books.decisions:
        if booked.status == "refused" and evidence.calls_of.get(booked.id):
            yield f"{booked.id}: {evidence.calls_of[booked.id][0].id}"


def unrecorded_calls(evidence: Evidence) -> Iterator[str]:
    """Each call that an upstream got was decided and recorded before, and stands in its outcome."""
    yield from (f"{call.id}: no decision before it" for call in evidence.calls_of.get("", []))
    for booked in evidence.books.decisions:
        calls = len(evidence.calls_of.get(booked.id, []))
        most = sum(tried.error not in NOT_SENT for tried in booked.attempts) + (booked.status == "left")
        if booked.status not in (None, "lost") and calls > most:
            yield f"{booked.id} ({booked.status}): {calls} calls, {most} recorded"


def _usage(booked: Booked, calls: list[Served], seen: int) -> str:
    used, estimated = booked.used, Tokens(uncached=booked.estimated)
    if booked.status == "answered":
        whole = _whole(booked, calls, booked.model)
        if not whole:
            return f"no whole answer of {booked.model} among {[call.id for call in calls]}"
        return "" if used == whole[-1] else f"{used} recorded, {whole[-1]} due"
    if booked.model is None or booked.status in ("failed", "refused"):
        return f"{used} recorded for nothing" if used.all else ""
    if booked.status == "lost":
        return "" if used == estimated else f"{used} recorded, {estimated} due"
    last = calls[-1] if calls else None
    reported = (told(last) if last else None) or Tokens()
    most = max(spoken(last.words) if last else 0, reported.output)
    if used.input not in (booked.estimated, reported.input) or not spoken(seen) <= used.output <= most:
        return f"{used} recorded, {seen} words seen, {last} sent"
    return ""


def _whole(booked: Booked, calls: list[Served], model: str | None) -> list[Tokens]:
    """What each whole answer of a model used: as reported; else the input as estimated and every word that was sent."""
    whole = [call for call in calls if call.how == "whole" and model_at(call.provider) == model]
    return [told(call) or Tokens(uncached=booked.estimated, output=spoken(call.words)) for call in whole]


def _expected(booked: Booked) -> Iterator[tuple[str, Decimal]]:
    if booked.held:
        yield f"hold:{booked.id}", booked.held
        if booked.status is not None:
            yield f"release:{booked.id}", booked.held
    if booked.amount:
        yield f"settle:{booked.id}", booked.amount
    for place, tried in enumerate(booked.attempts, start=1):
        if tried.charge is not None and tried.usage is not None and tried.charge.amount:
            yield f"settle:{booked.id}:attempt-{place}", cost(tried.model, tried.usage)
