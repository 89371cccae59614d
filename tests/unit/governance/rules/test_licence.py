"""Objects to a model that comes under none of the licences asked for; what is unknown is none of them."""

import pytest
from msgspec import structs

from kyozon.domain.requests import Needs
from kyozon.governance.rules.licence import rule
from tests.fakes.installation import IN_HOUSE
from tests.unit.governance.subjects import subject

MIT, ANY_OPEN = frozenset({"mit", "apache-2.0"}), frozenset({"open"})


@pytest.mark.parametrize(
    ("licence", "weights", "wanted", "objects"),
    [
        ("MIT", True, (), False),
        (None, None, (), False),
        ("MIT", True, (MIT,), False),
        ("Apache-2.0", None, (MIT,), False),
        ("Llama 3.1 Community License", True, (MIT,), True),
        ("Llama 3.1 Community License", True, (ANY_OPEN,), False),
        ("MIT", True, (MIT, ANY_OPEN), False),
        ("MIT", False, (MIT, ANY_OPEN), True),
        (None, None, (ANY_OPEN,), True),
        (None, True, (MIT,), True),
    ],
)
def test_each_licence_asked_for_is_met(
    licence: str | None,
    weights: bool | None,  # noqa: FBT001 - a table
    wanted: tuple[frozenset[str], ...],
    objects: bool,  # noqa: FBT001 - a table
) -> None:
    card = structs.replace(IN_HOUSE, licence=licence, open_weights=weights)
    found = rule(subject(card=card, needs=Needs("chat", licences=wanted)))
    assert (found is not None) == objects


def test_it_says_what_was_asked_for() -> None:
    card = structs.replace(IN_HOUSE, licence=None, open_weights=None)
    found = rule(subject(card=card, needs=Needs("chat", licences=(MIT, ANY_OPEN))))
    assert found is not None
    assert (found.need, found.have) == ("apache-2.0 or mit and open", "unknown")
    assert card.id in found.text.en
    assert card.id in found.text.ja
