"""Objects to what a model has not; to what nobody knows of it, unless the caller named it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from kyozon.domain.requests import Needs
from kyozon.governance.rules.abilities import rule
from tests.fakes.installation import IN_HOUSE
from tests.unit.governance.subjects import subject

ABILITIES = ("tools", "schema", "n")


@pytest.mark.parametrize(
    ("known", "named", "objects"),
    [
        (True, False, False),
        (True, True, False),
        (False, False, True),
        (False, True, True),
        (None, False, True),
        (None, True, False),
    ],
)
def test_one_ability(known: bool | None, named: bool, objects: bool) -> None:  # noqa: FBT001 - parameters of pytest
    card = structs.replace(IN_HOUSE, abilities={} if known is None else {"tools": known})
    found = rule(subject(card=card, needs=Needs("chat", frozenset({"tools"})), named=named))
    assert (found is not None) == objects


@given(
    st.dictionaries(st.sampled_from(ABILITIES), st.booleans()),
    st.frozensets(st.sampled_from(ABILITIES)),
    st.frozensets(st.sampled_from(("text", "image", "audio"))),
    st.booleans(),
)
def test_objects_exactly_to_what_is_lacking(
    known: dict[str, bool],
    needed: frozenset[str],
    modalities: frozenset[str],
    named: bool,  # noqa: FBT001 - drawn
) -> None:
    card = structs.replace(IN_HOUSE, abilities=known)
    found = rule(subject(card=card, needs=Needs("chat", needed, modalities), named=named))
    lacking = {name for name in needed if not known.get(name, named)} | (modalities - {"text"})
    assert (set(found.need.split(", ")) if found else set()) == lacking


def test_naming_a_model_gives_it_no_eyes() -> None:
    needs = Needs("chat", modalities=frozenset({"text", "image"}))
    found = rule(subject(needs=needs, named=True))
    assert found is not None
    assert found.need == "image"
