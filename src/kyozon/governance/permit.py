"""The permit step: every rule on every card, before any ranking."""

from collections.abc import Iterable, Sequence

from kyozon.domain.decisions import Objection
from kyozon.governance.subject import Rule, Subject


def objections(subject: Subject, rules: Iterable[Rule]) -> tuple[Objection, ...]:
    """What the rules have against sending this request to this card; empty means permitted."""
    return tuple(objection for rule in rules if (objection := rule(subject)) is not None)


def permit(subjects: Sequence[Subject], rules: Sequence[Rule]) -> list[tuple[Subject, tuple[Objection, ...]]]:
    """Each subject with its objections, in the order given."""
    return [(subject, objections(subject, rules)) for subject in subjects]
