"""From tables to domain values: zones, providers, model cards."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import msgspec

from kyozon.domain.labels import ALL_COMPARTMENTS, Clearance, Level, Zone, parse_clearance
from kyozon.domain.models import ModelCard, Price, Provider, Timeouts
from kyozon.settings.sections import ModelTable, PriceTable, ProviderTable, TimeoutsTable, ZoneTable

HOST = "host"
NO_CARDS: Mapping[str, ModelCard] = MappingProxyType({})
_ALL = frozenset({ALL_COMPARTMENTS})
BUILT_IN_ZONES = {
    zone.id: zone
    for zone in (
        Zone(HOST, "host", Clearance(Level.RESTRICTED, _ALL), retains=False, trains=False),
        Zone("lan", "lan", Clearance(Level.CONFIDENTIAL, _ALL), trains=False),
        Zone("external", "external", Clearance(Level.INTERNAL)),
    )
}


def _stated(table: ZoneTable | ProviderTable | ModelTable, *without: str) -> dict[str, Any]:
    """The keys that the file gives, as the table holds them."""
    return {name: getattr(table, name) for name in table.model_fields_set if name not in without}


def zones(tables: Mapping[str, ZoneTable]) -> dict[str, Zone]:
    """The built-in zones and the file's; a new zone that states no kind is external, no clearance only public."""
    found = dict(BUILT_IN_ZONES)
    for name, table in tables.items():
        changes = _stated(table, "clearance")
        if table.clearance is not None:
            changes["clearance"] = parse_clearance(table.clearance)
        found[name] = msgspec.structs.replace(found.get(name, Zone(name, "external", Clearance())), **changes)
    return found


def provider(name: str, table: ProviderTable, vendors: Mapping[str, Provider]) -> Provider:
    """A vendor's row with what the file states in its place; from nothing where no vendor of that name is known."""
    row = vendors.get(table.vendor or name, Provider(name, name, table.format or "openai", ""))
    changes = _stated(table, "vendor", "models", "quirks", "timeouts", "api_key_env")
    if table.api_key_env is not None:
        changes["key_variable"] = table.api_key_env
    quirks = msgspec.structs.replace(row.quirks, **table.quirks.model_dump(exclude_unset=True))
    return msgspec.structs.replace(row, id=name, name=row.name if row.id == name else name, quirks=quirks, **changes)


def providers(tables: Mapping[str, ProviderTable], vendors: Mapping[str, Provider], *, local: bool) -> dict[str, Provider]:
    """What the file turns on and, with `local`, what runs on this machine: the vendor rows of the zone `host`."""
    ours = {name: row for name, row in vendors.items() if local and row.zone == HOST}
    return ours | {name: provider(name, table, vendors) for name, table in tables.items()}


def timeouts(server: TimeoutsTable, provider: TimeoutsTable) -> Timeouts:
    """What a provider's table states, else what the server's does."""
    return Timeouts(**server.model_dump(exclude_none=True) | provider.model_dump(exclude_none=True))


def model_tables(
    models: Mapping[str, ModelTable], tables: Mapping[str, ProviderTable], known: Mapping[str, ModelCard] = NO_CARDS
) -> dict[str, ModelTable]:
    """The models with a table of their own, those that a provider names and, where it names none, its vendor's known ones.

    A known model at two providers of one vendor is the first one's.
    """
    listed = {model: ModelTable(provider=name) for name, table in tables.items() for model in table.models}
    of_vendor = {
        card.id: ModelTable(provider=name)
        for name, table in reversed(list(tables.items()))
        if "models" not in table.model_fields_set
        for card in known.values()
        if card.provider == (table.vendor or name)
    }
    return of_vendor | listed | dict(models)


def card(name: str, table: ModelTable, served_by: Provider, known: ModelCard | None) -> ModelCard:
    """A card from what the file states over what is `known` of the model at this provider."""
    base = known or ModelCard(id=name, provider=served_by.id, upstream=name, zone=served_by.zone)
    changes = _stated(table, "provider", "also_at", "prices")
    if table.prices is not None:
        changes["prices"] = tuple(
            sorted(map(_price, table.prices), key=lambda price: (price.valid_from, price.above_input))
        )
    return msgspec.structs.replace(base, id=name, provider=served_by.id, zone=served_by.zone, **changes)


def _price(table: PriceTable) -> Price:
    return Price(**dict(table))
