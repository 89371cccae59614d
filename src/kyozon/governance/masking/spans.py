"""What every detector family gives back, and which of two finds that overlap is kept."""

from collections.abc import Callable, Iterable, Iterator

from msgspec import Struct

from kyozon.domain.masking import Kind
from kyozon.governance.masking.folding import View


class Find(Struct, frozen=True):
    """Characters of the folded text, from `start` up to `end`."""

    start: int
    end: int
    kind: Kind


Family = Callable[[View], Iterator[Find]]

# Who is sure wins: what has a form or a check digit of its own before what is read from its surroundings.
_ORDER: tuple[Kind, ...] = (
    "SECRET",
    "EMAIL",
    "IBAN",
    "CREDIT_CARD",
    "BANK_ACCOUNT",
    "RESIDENCE_CARD",
    "HEALTH_INSURANCE",
    "PENSION_NUMBER",
    "DRIVERS_LICENSE",
    "MY_NUMBER",
    "CORPORATE_NUMBER",
    "PASSPORT",
    "SSN",
    "DATE_OF_BIRTH",
    "PHONE",
    "ADDRESS",
    "POSTAL_CODE",
    "IP_ADDRESS",
    "PERSON",
)
_RANK = {kind: rank for rank, kind in enumerate(_ORDER)}


def resolved(finds: Iterable[Find]) -> list[Find]:
    """Finds that do not overlap, in their order: of two the surer kind, of one kind the longer.

    Whatever a dropped find covers beyond the kept one is covered by it, too: what was found is never half hidden.
    """
    kept: list[Find] = []
    for find in sorted(finds, key=lambda one: (_RANK[one.kind], one.start - one.end, one.start)):
        if find.end > find.start and not any(find.start < one.end and one.start < find.end for one in kept):
            kept.append(find)
        elif find.end > find.start:
            kept += _uncovered(find, kept)
    return sorted(kept, key=lambda one: one.start)


def _uncovered(find: Find, kept: list[Find]) -> list[Find]:
    """The parts of a find that stand outside those kept, where they say anything."""
    left, at = [], find.start
    for one in sorted(kept, key=lambda other: other.start):
        if one.end <= at or one.start >= find.end:
            continue
        if one.start > at:
            left.append(Find(at, one.start, find.kind))
        at = max(at, one.end)
    if at < find.end:
        left.append(Find(at, find.end, find.kind))
    return [part for part in left if part.end - part.start > 1]
