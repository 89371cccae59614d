"""The transfer ledger: every delivery to a place outside, summed by provider, zone, label, kind and purpose."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct, field

from kyozon.domain.decisions import Decision
from kyozon.domain.reports import Transfer
from kyozon.services.reporting.calls import Made
from kyozon.services.reporting.consuming import Consuming
from kyozon.services.reporting.places import Places

_Lane = tuple[str, str, str, str, str]


class _Row(Struct):
    first: datetime
    last: datetime
    models: set[str] = field(default_factory=set)
    request: str = ""
    requests: int = 0
    deliveries: int = 0
    masked: int = 0
    persons: set[tuple[str, str]] = field(default_factory=set)
    consuming: Consuming = field(default_factory=Consuming)


class Transfers:
    """Told of each decision with its calls."""

    def __init__(self) -> None:
        self._rows: dict[_Lane, _Row] = {}

    def take(self, decision: Decision, calls: Sequence[Made], places: Places) -> None:
        """Count what left for outside for one decision."""
        for made in calls:
            zone = places.zone_of((made.provider, made.model), made.zone)
            if not places.outside(zone):
                continue
            kind = "embedding" if made.aside else decision.kind
            lane = (made.provider, zone, str(made.label), kind, decision.purpose)
            row = self._rows.setdefault(lane, _Row(decision.at, decision.at))
            row.last = decision.at
            row.models |= {made.model} - {""}
            row.requests += row.request != decision.id
            row.request = decision.id
            row.deliveries += 1
            row.masked += made.masked
            row.persons.add((decision.tenant, decision.user))
            row.consuming.take(made)

    def rows(self, places: Places) -> tuple[Transfer, ...]:
        """The sums, by provider, zone, label, kind and purpose."""
        return tuple(_transfer(lane, row, places) for lane, row in sorted(self._rows.items(), key=lambda item: item[0]))


def _transfer(lane: _Lane, row: _Row, places: Places) -> Transfer:
    name, zone, label, kind, purpose = lane
    provider = places.provider(name)
    return Transfer(
        provider=name,
        jurisdiction=provider.jurisdiction if provider else None,
        zone=zone,
        region=places.region(name, zone),
        retains=places.retains(name, zone),
        trains=places.trains(name, zone),
        label=label,
        kind=kind,
        purpose=purpose,
        models=tuple(sorted(row.models)),
        requests=row.requests,
        deliveries=row.deliveries,
        masked=row.masked,
        persons=len(row.persons),
        first=row.first,
        last=row.last,
        consumption=row.consuming.sum(),
    )
