"""Objects where the key is not cleared for the answer that its question would bring."""

from hypothesis import given
from msgspec import structs

from kyozon.domain.labels import Clearance, Label, Zone
from kyozon.governance.rules.reader import rule
from tests.fakes.installation import api_key
from tests.fakes.strategies import clearances, labels, zones
from tests.unit.governance.subjects import subject


@given(labels, clearances, zones)
def test_objects_exactly_when_the_key_is_not_cleared(label: Label, clearance: Clearance, zone: Zone) -> None:
    key = structs.replace(api_key(), clearance=clearance)
    found = rule(subject(label=label, key=key, zone=zone))
    assert (found is None) == label.within(clearance)
    if found is not None:
        assert (found.need, found.have) == (str(label), str(clearance))
