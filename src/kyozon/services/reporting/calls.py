"""The calls that one decision led to, with what each has used and cost: read from its record alone."""

from collections.abc import Iterator

from msgspec import Struct, structs

from kyozon.domain.decisions import Attempt, Candidate, Decision, Outcome
from kyozon.domain.errors import NOT_SENT
from kyozon.domain.labels import Label
from kyozon.domain.provenance import COLLECTOR
from kyozon.domain.usage import Charge, Usage


class Made(Struct, frozen=True, kw_only=True):
    """A call that reached a provider, with words of that label; in `masked` ones tokens stood for what was found in them.

    `status` is `answered`, or what became of it. `zone` is None where no record names it. `aside` marks the embedding of a
    question for the answer cache, which is no attempt at an answer.
    """

    provider: str
    model: str
    zone: str | None
    label: Label
    masked: bool
    status: str
    usage: Usage = Usage()
    charge: Charge | None = None
    error: str | None = None
    aside: bool = False


def calls_of(decision: Decision, outcome: Outcome | None) -> tuple[Made, ...]:
    """Every call, in order.

    Without an outcome, and where the process died or the caller left during a model's first words, no call is on record:
    the model that was chosen, or stands in the outcome, counts as called, since it may have been.
    """
    if outcome is None:
        chosen = (Attempt(c.model, c.provider) for c in decision.candidates if c.rank == 1)
        return tuple(_made(decision, attempt, "open") for attempt in chosen)
    found = list(_attempts(decision, outcome))
    if outcome.model is not None and not any(one.error is None and _served(one, outcome) for one in outcome.attempts):
        found += _unrecorded(decision, outcome)
    if outcome.cache is not None and outcome.cache.embedding is not None:
        asked = outcome.cache.embedding
        found.append(structs.replace(_made(decision, asked, "failed" if asked.error else "answered"), aside=True))
    return tuple(found)


def told_of(decision: Decision, outcome: Outcome | None) -> tuple[Made, ...]:
    """The words of the request and of its answer, as they are, where they were told to a collector of spans."""
    if outcome is None or not outcome.heard:
        return ()
    place = Attempt("", COLLECTOR, error=outcome.error)
    return (structs.replace(_made(decision, place, outcome.status), zone=COLLECTOR),)


def _attempts(decision: Decision, outcome: Outcome) -> Iterator[Made]:
    """An attempt with an error has what it cost on itself; the last one without has it in the outcome."""
    last = max((n for n, one in enumerate(outcome.attempts) if one.error is None), default=None)
    for place, attempt in enumerate(outcome.attempts):
        if attempt.error in NOT_SENT:
            continue
        if place == last and _served(attempt, outcome):
            yield _answer(decision, attempt, outcome)
        else:
            whole = "answered" if attempt.usage is not None else "broken"  # set aside in a cascade
            yield _made(decision, attempt, "failed" if attempt.error else whole)


def _unrecorded(decision: Decision, outcome: Outcome) -> Iterator[Made]:
    ranked = sorted((c for c in decision.candidates if _served(c, outcome)), key=_rank)
    for candidate in ranked[:1]:
        yield _answer(decision, Attempt(candidate.model, candidate.provider), outcome)


def _served(one: Attempt | Candidate, outcome: Outcome) -> bool:
    """Whether it is the model in the outcome, at the provider there if one is named."""
    return one.model == outcome.model and outcome.provider in (None, one.provider)


def _answer(decision: Decision, attempt: Attempt, outcome: Outcome) -> Made:
    made = _made(decision, attempt, outcome.status)
    return structs.replace(made, usage=outcome.usage, charge=outcome.charge, error=outcome.error)


def _made(decision: Decision, attempt: Attempt, status: str) -> Made:
    place = (attempt.provider, attempt.model)
    found = next((c for c in decision.candidates if (c.provider, c.model) == place), None)
    masked = found is not None and found.masked
    return Made(
        provider=attempt.provider,
        model=attempt.model,
        zone=found.zone if found else None,
        label=decision.masked_label if masked and decision.masked_label else decision.label,
        masked=masked,
        status=status,
        usage=attempt.usage or Usage(),
        charge=attempt.charge,
        error=attempt.error,
    )


def _rank(candidate: Candidate) -> float:
    return float("inf") if candidate.rank is None else candidate.rank
