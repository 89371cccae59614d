"""The test behind the choke point says the same as the rules behind the permit step."""

from hypothesis import given
from msgspec import structs

from kyozon.domain.labels import Clearance, Label, Level, Zone
from kyozon.governance.flow import may_flow, regions
from kyozon.governance.permit import objections
from kyozon.governance.rules import clearance, region, training
from kyozon.governance.subject import Subject
from tests.fakes.strategies import labels, zones
from tests.unit.governance.subjects import subject

WIDE = Clearance(Level.RESTRICTED, frozenset({"*"}))


def _objects(asked: Subject) -> bool:
    return bool(objections(asked, (clearance.rule, training.rule, region.rule)))


@given(labels, zones)
def test_may_flow_is_no_objection_by_clearance_training_region(label: Label, zone: Zone) -> None:
    assert may_flow(label, zone) != _objects(subject(label=label, zone=zone))


@given(labels)
def test_nothing_flows_to_an_unknown_zone(label: Label) -> None:
    assert not may_flow(label, None)
    assert _objects(subject(label=label, zone=None))


@given(labels, labels, zones)
def test_a_heavier_label_never_flows_further(label: Label, other: Label, zone: Zone) -> None:
    assert may_flow(label, zone) or not may_flow(label.join(other), zone)


@given(labels, zones)
def test_stating_the_better_fact_never_shuts_out(label: Label, zone: Zone) -> None:
    better = structs.replace(zone, trains=False, clearance=WIDE)
    assert may_flow(label, better) or not may_flow(label, zone)


@given(labels, zones)
def test_unstated_reads_as_the_worse(label: Label, zone: Zone) -> None:
    unstated = structs.replace(zone, trains=None, region=None)
    assert may_flow(label, zone) or not may_flow(label, unstated) or zone.trains is True


def test_two_regions_fit_no_zone_but_this_machine() -> None:
    label = Label(Level.PUBLIC, frozenset({"jp-only", "eu-only"}))
    assert regions(label) == {"jp", "eu"}
    assert not may_flow(label, Zone("z", "external", WIDE, region="JP"))
    assert may_flow(label, Zone("z", "host", WIDE))
