"""The AI inventory: every model that answered, was called, or could have answered."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct, field

from kyozon.domain.decisions import Decision
from kyozon.domain.reports import InventoryModel
from kyozon.services.reporting.calls import Made
from kyozon.services.reporting.consuming import Consuming
from kyozon.services.reporting.places import Places

Where = tuple[str, str, str]
"""(provider, model, zone)."""


class _Row(Struct):
    permitted: int = 0
    excluded: int = 0
    chosen: int = 0
    calls: int = 0
    answered: int = 0
    failed: int = 0
    first: datetime | None = None
    last: datetime | None = None
    consuming: Consuming = field(default_factory=Consuming)


class Inventory:
    """Told of each decision with its calls."""

    def __init__(self) -> None:
        self._rows: dict[Where, _Row] = {}

    def take(self, decision: Decision, calls: Sequence[Made], places: Places) -> None:
        """Count one decision."""
        for candidate in decision.candidates:
            row = self._row((candidate.provider, candidate.model, candidate.zone))
            row.permitted += candidate.permitted
            row.excluded += not candidate.permitted
            row.chosen += candidate.rank == 1 and decision.chosen is not None
        for made in calls:
            row = self._row((made.provider, made.model, places.zone_of((made.provider, made.model), made.zone)))
            row.calls += 1
            row.answered += made.status == "answered"
            row.failed += made.status == "failed"
            row.first = row.first or decision.at
            row.last = decision.at
            row.consuming.take(made)

    def models(self, places: Places) -> tuple[InventoryModel, ...]:
        """The rows of what was used or could have been, those that answered first."""
        found = [_model(where, row, places) for where, row in self._rows.items() if row.calls or row.permitted]
        order = ("answered", "called", "permitted")
        return tuple(sorted(found, key=lambda one: (order.index(one.use), one.provider, one.model, one.zone)))

    def _row(self, where: Where) -> _Row:
        return self._rows.setdefault(where, _Row())


def _model(where: Where, row: _Row, places: Places) -> InventoryModel:
    provider, model, zone = where
    card, serves, stands = places.card((provider, model)), places.provider(provider), places.zone(zone)
    return InventoryModel(
        model=model,
        provider=provider,
        zone=zone,
        use="answered" if row.answered else "called" if row.calls else "permitted",
        kind=None if card is None else card.kind,
        embedder=None if card is None else card.kind == "embedding",
        zone_kind=stands.kind if stands else None,
        region=places.region(provider, zone),
        jurisdiction=serves.jurisdiction if serves else None,
        licence=card.licence if card else None,
        open_weights=card.open_weights if card else None,
        retains=places.retains(provider, zone),
        trains=places.trains(provider, zone),
        verified=serves.verified if serves else None,
        permitted=row.permitted,
        excluded=row.excluded,
        chosen=row.chosen,
        calls=row.calls,
        answered=row.answered,
        failed=row.failed,
        first_used=row.first,
        last_used=row.last,
        consumption=row.consuming.sum(),
    )
