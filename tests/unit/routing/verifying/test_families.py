"""Features of one kind are reasons together: alone, their weights are large and of opposite signs."""

from kyozon.cli.mattered import JA
from kyozon.routing.verifying.families import FAMILIES, family, together
from kyozon.routing.verifying.features import NAMES


def test_every_feature_is_of_a_family_that_has_a_name_in_both_languages() -> None:
    assert {family(name) for name in NAMES} == FAMILIES
    assert set(JA) >= FAMILIES


def test_effects_of_one_kind_are_summed() -> None:
    effects = [("share of wrong calculations", 1.26), ("any wrong calculation", -1.0), ("prompt length", 0.75)]
    assert together(effects) == {"wrong calculations": 0.26, "length": 0.75}
