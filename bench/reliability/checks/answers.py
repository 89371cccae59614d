"""What clients were given: whole, their own, once, on record."""

from collections.abc import Iterator

from bench.reliability.evidence import Evidence, replayed


def lost_answers(evidence: Evidence) -> Iterator[str]:
    """Each answer that a client got whole has a decision, an outcome `answered` and its settlement."""
    for heard in evidence.notes.heard:
        if not heard.whole:
            continue
        booked = evidence.decisions.get(heard.decision)
        if booked is None or booked.status != "answered":
            yield f"request {heard.number}: {heard.decision} is {booked.status if booked else 'not on record'}"
        elif booked.amount and f"settle:{booked.id}" not in {entry.id for entry in evidence.entries_of.get(booked.id, [])}:
            yield f"request {heard.number}: {heard.decision} is not settled"


def open_decisions(evidence: Evidence) -> Iterator[str]:
    """In the end every decision has an outcome."""
    yield from (booked.id for booked in evidence.books.decisions if booked.status is None)


def mixed_answers(evidence: Evidence) -> Iterator[str]:
    """What came are the words of that request, in order, without a gap; and all of them where the answer was whole."""
    for heard in evidence.notes.heard:
        if not heard.intact:
            yield f"request {heard.number}: words of another, or not in order"
        elif heard.whole and heard.words != evidence.asked(heard.number).words:
            yield f"request {heard.number}: {heard.words} words, {evidence.asked(heard.number).words} were said"


def answered_twice(evidence: Evidence) -> Iterator[str]:
    """A request with an Idempotency-Key is answered once: repeats get the very same answer."""
    for number, turns in evidence.heard_of.items():
        if not evidence.asked(number).repeats:
            continue
        answers = {(heard.answer, heard.digest, heard.decision) for heard in turns if heard.whole}
        if len(answers) > 1:
            yield f"request {number}: {len(answers)} different answers"
        again = [heard for heard in turns if heard.whole][1:]
        yield from (f"request {number}: not given again but bought again" for heard in again if not replayed(heard))


def billed_twice(evidence: Evidence) -> Iterator[str]:
    """No more decisions than requests that were sent, none for a request nobody sent; an idempotent one is billed once."""
    yield from (f"{booked.id}: of no request" for booked in evidence.decisions_of.get(-1, []))
    for number, turns in evidence.heard_of.items():
        decisions = evidence.decisions_of.get(number, [])
        sent = sum(heard.failure != "refused" and not replayed(heard) for heard in turns)
        if len(decisions) > sent:
            yield f"request {number}: sent {sent} times, decided {len(decisions)} times"
        answered = sum(booked.status == "answered" for booked in decisions)
        if evidence.asked(number).repeats and answered > 1:
            yield f"request {number}: billed {answered} times under one Idempotency-Key"
