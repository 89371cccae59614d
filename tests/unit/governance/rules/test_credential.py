"""Objects where the variable that should hold the provider's key is empty."""

from kyozon.governance.rules.credential import rule
from tests.unit.governance.subjects import subject


def test_names_the_variable() -> None:
    found = rule(subject(credential_missing="BARGAIN_API_KEY"))
    assert found is not None
    assert found.need == "BARGAIN_API_KEY"
    assert "BARGAIN_API_KEY" in found.text.en
    assert "BARGAIN_API_KEY" in found.text.ja


def test_says_nothing_where_nothing_is_missing() -> None:
    assert rule(subject()) is None
