"""A subject to which no rule objects, to be changed in one place at a time."""

from msgspec import structs

from kyozon.domain.requests import Needs
from kyozon.governance.subject import Subject
from tests.fakes.installation import IN_HOUSE, INTERNAL, ZONES, api_key, provider


def subject(**changes: object) -> Subject:
    """The subject after `changes` to its fields."""
    base = Subject(
        card=IN_HOUSE,
        provider=provider("local", "host"),
        zone=ZONES["host"],
        label=INTERNAL,
        needs=Needs("chat"),
        key=api_key(),
    )
    return structs.replace(base, **changes)
