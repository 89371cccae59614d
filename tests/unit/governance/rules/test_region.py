"""Objects where data would leave its region."""

import pytest
from hypothesis import given
from msgspec import structs

from kyozon.domain.labels import Label, Level, Zone
from kyozon.governance.rules.region import rule
from tests.fakes.installation import ZONES
from tests.fakes.strategies import labels, zones
from tests.unit.governance.subjects import subject


def _label(*compartments: str) -> Label:
    return Label(Level.PUBLIC, frozenset(compartments))


@pytest.mark.parametrize(
    ("compartments", "region", "objects"),
    [
        ((), None, False),
        (("pii",), None, False),
        (("jp-only",), "JP", False),
        (("jp-only",), "jp", False),
        (("jp-only",), "EU", True),
        (("jp-only",), None, True),
        (("jp-only", "eu-only"), "JP", True),
        (("jp-only", "pii"), "JP", False),
    ],
)
def test_by_region(compartments: tuple[str, ...], region: str | None, objects: bool) -> None:  # noqa: FBT001 - a parameter of pytest
    zone = structs.replace(ZONES["external"], region=region)
    found = rule(subject(label=_label(*compartments), zone=zone))
    assert (found is not None) == objects


@given(labels, zones)
def test_data_on_this_machine_has_not_moved(label: Label, zone: Zone) -> None:
    assert rule(subject(label=label, zone=structs.replace(zone, kind="host"))) is None


def test_says_where_it_must_stay() -> None:
    found = rule(subject(label=_label("jp-only"), zone=structs.replace(ZONES["external"], region="US")))
    assert found is not None
    assert (found.need, found.have) == ("JP", "US")


def test_leaves_unknown_zones_to_the_clearance() -> None:
    assert rule(subject(label=_label("jp-only"), zone=None)) is None
