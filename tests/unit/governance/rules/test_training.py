"""Objects where data that must not be trained on would go to somebody who trains, or who does not say that he does not."""

import pytest
from hypothesis import given
from msgspec import structs

from kyozon.domain.labels import Label, Level, Zone
from kyozon.governance.rules.training import rule
from tests.fakes.installation import ZONES
from tests.fakes.strategies import labels, zones
from tests.unit.governance.subjects import subject

NO_TRAIN = Label(Level.PUBLIC, frozenset({"no-train"}))


@pytest.mark.parametrize(("trains", "have"), [(True, "trains"), (None, "not stated"), (False, None)])
@pytest.mark.parametrize("kind", ["lan", "external"])
def test_by_what_the_zone_states(kind: str, trains: bool | None, have: str | None) -> None:  # noqa: FBT001 - a parameter of pytest
    zone = structs.replace(ZONES["external"], kind=kind, trains=trains)
    found = rule(subject(label=NO_TRAIN, zone=zone))
    assert (found.have if found else None) == have


@given(labels, zones)
def test_objects_to_nothing_else(label: Label, zone: Zone) -> None:
    forbidden = "no-train" in label.compartments and zone.kind != "host" and zone.trains is not False
    assert (rule(subject(label=label, zone=zone)) is not None) == forbidden


def test_leaves_unknown_zones_to_the_clearance() -> None:
    assert rule(subject(label=NO_TRAIN, zone=None)) is None
