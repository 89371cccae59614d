"""Objects to an unknown zone, and to one whose clearance does not cover the label."""

from hypothesis import given

from kyozon.domain.labels import Clearance, Label, Level, Zone
from kyozon.governance.rules.clearance import rule
from tests.fakes.strategies import labels, zones
from tests.unit.governance.subjects import subject


@given(labels, zones)
def test_objects_exactly_when_the_clearance_does_not_cover(label: Label, zone: Zone) -> None:
    assert (rule(subject(label=label, zone=zone)) is None) == label.within(zone.clearance)


def test_an_unknown_zone_is_cleared_for_nothing() -> None:
    found = rule(subject(label=Label(Level.PUBLIC), zone=None))
    assert found is not None
    assert (found.need, found.have) == ("public", "unknown")


def test_says_what_was_needed_and_found() -> None:
    zone = Zone("cloud", "external", Clearance(Level.INTERNAL))
    found = rule(subject(label=Label(Level.CONFIDENTIAL, frozenset({"pii"})), zone=zone))
    assert found is not None
    assert (found.need, found.have) == ("confidential+pii", "internal")
    assert "x-kyozon-label" in found.text.en
    assert "x-kyozon-label" in found.text.ja
