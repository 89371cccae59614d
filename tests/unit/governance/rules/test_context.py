"""Objects where even an estimate a quarter too high would not fit."""

import pytest
from msgspec import structs

from kyozon.domain.requests import Needs
from kyozon.governance.rules.context import rule
from tests.fakes.installation import IN_HOUSE
from tests.unit.governance.subjects import subject


@pytest.mark.parametrize(
    ("context", "tokens", "objects"),
    [(1000, 0, False), (1000, 1000, False), (1000, 1250, False), (1000, 1251, True), (None, 10**9, False)],
)
def test_by_tokens(context: int | None, tokens: int, objects: bool) -> None:  # noqa: FBT001 - a parameter of pytest
    asked = subject(card=structs.replace(IN_HOUSE, context=context), needs=Needs("chat", input_tokens=tokens))
    assert (rule(asked) is not None) == objects
