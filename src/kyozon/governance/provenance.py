"""What a stored value is labelled now: the join of its own label and of everything that it was made from."""

from collections.abc import Callable, Iterable, Mapping

from msgspec import structs

from kyozon.domain.decisions import Candidate, Decision, Outcome
from kyozon.domain.errors import NOT_SENT
from kyozon.domain.labels import Integrity, Label, LabelSource, Level
from kyozon.domain.language import Text
from kyozon.domain.provenance import CALLER, COLLECTOR, Delivery, StoredValue

LOWEST = Label(Level.PUBLIC, integrity=Integrity.TRUSTED)
"""Joined to any label it changes nothing."""


def joined(labels: Iterable[Label | None]) -> Label | None:
    """The join of labels; None where one of them is unknown, or where there is none at all: unknown is not public."""
    found: Label | None = None
    for label in labels:
        if label is None:
            return None
        found = label if found is None else found.join(label)
    return found


def covers(above: Label, below: Label) -> bool:
    """Whether whoever is bound by `above` is bound by `below` as well."""
    return above.join(below) == above


def closure(start: str, step: Callable[[str], Iterable[str]]) -> set[str]:
    """`start` and all that can be reached from it."""
    seen, left = {start}, [start]
    while left:
        more = set(step(left.pop())) - seen
        seen |= more
        left += more
    return seen


def effective(value: str, values: Mapping[str, StoredValue]) -> Label | None:
    """The effective label of a value; None where it, or something that it was made from, is not there."""

    def sources(name: str) -> tuple[str, ...]:
        return values[name].sources if name in values else ()

    every = sorted(closure(value, sources))
    return joined(values[name].label if name in values else None for name in every)


def carried(label: Label, decided: Label, now: Label | None) -> Label | None:
    """The label of what is about to leave, which was `label` when its request was `decided`; None is unknown.

    `now` joins the stored values in the request as they are labelled now. What has been raised since then binds.
    """
    if now is None:
        return None
    return label if covers(decided, now) else label.join(now)


def with_stored(
    label: Label, sources: tuple[LabelSource, ...], stored: Mapping[str, Label]
) -> tuple[Label, tuple[LabelSource, ...]]:
    """A request's label and where it comes from, with the stored values in the request (P1). Its integrity is its own."""
    for name, found in stored.items():
        label = label.join(found)
        sources = (*sources, LabelSource(Text(f"stored value {name}", f"保存値 {name}"), found))
    return label, sources


def deliveries_of(decision: Decision, outcome: Outcome | None) -> tuple[Delivery, ...]:
    """Where a request went, by its record: one delivery for each model that was called.

    Without an outcome the chosen model counts as called: whoever died may have sent the request before. An answer that was
    given from the cache went to its caller alone. The words of either may have been told to a collector of spans.
    """
    called = _called(decision, outcome)
    found = [
        structs.replace(_delivery(decision, at.zone), model=at.model, provider=at.provider, label=_shown(decision, at))
        for at in decision.candidates
        if (at.provider, at.model) in called
    ]
    if outcome is not None and outcome.cache is not None and outcome.cache.hit:
        found.append(_delivery(decision, CALLER))
    if outcome is not None and outcome.heard:
        found.append(_delivery(decision, COLLECTOR))
    return tuple(found)


def _called(decision: Decision, outcome: Outcome | None) -> set[tuple[str, str]]:
    """Provider and model of every call, whether or not it brought an answer."""
    if outcome is None:
        return {(found.provider, found.model) for found in decision.candidates if found.rank == 1}
    called = {(call.provider, call.model) for call in outcome.calls if call.error not in NOT_SENT}
    if outcome.model is not None and outcome.provider is not None:
        called.add((outcome.provider, outcome.model))  # no attempt names it where the caller left during its first words
    elif outcome.model is not None and all(model != outcome.model for _, model in called):
        # A record of an earlier version, which does not say at which provider.
        called |= {(found.provider, found.model) for found in decision.candidates if found.model == outcome.model}
    return called


def _shown(decision: Decision, place: Candidate) -> Label:
    """The label of the words that a model was sent, which may have been masked."""
    return decision.masked_label or decision.label if place.masked else decision.label


def _delivery(decision: Decision, zone: str) -> Delivery:
    return Delivery(
        id=decision.id,
        at=decision.at,
        tenant=decision.tenant,
        values=decision.sources,
        zone=zone,
        label=decision.label,
        user=decision.user,
        key_id=decision.key_id,
        sha256=decision.body_sha256,
        decision_id=decision.id,
    )
