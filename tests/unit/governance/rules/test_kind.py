"""Objects to a card of another kind."""

import pytest
from msgspec import structs

from kyozon.domain.models import CardKind
from kyozon.domain.requests import Needs
from kyozon.governance.rules.kind import rule
from tests.fakes.installation import IN_HOUSE
from tests.unit.governance.subjects import subject

KINDS: tuple[CardKind, ...] = ("chat", "embedding")


@pytest.mark.parametrize("have", KINDS)
@pytest.mark.parametrize("wanted", KINDS)
def test_objects_to_another_kind(have: CardKind, wanted: CardKind) -> None:
    found = rule(subject(card=structs.replace(IN_HOUSE, kind=have), needs=Needs(wanted)))
    assert (found is None) == (have == wanted)
    if found is not None:
        assert (found.need, found.have) == (wanted, have)
