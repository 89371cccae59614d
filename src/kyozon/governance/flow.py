"""Whether data with a label may flow to a zone: the one test behind the permit step and the choke point."""

from kyozon.domain.labels import COMPARTMENT_NO_TRAIN, Label, Zone

_REGION_SUFFIX = "-only"


def may_flow(label: Label, zone: Zone | None) -> bool:
    """True where clearance, training and region all allow it. Unknown zone: no. Unstated training or region: the worse."""
    return zone is not None and label.within(zone.clearance) and not trains_against(label, zone) and in_region(label, zone)


def trains_against(label: Label, zone: Zone) -> bool:
    """Whether the label forbids training and the zone trains, or does not say that it does not."""
    return COMPARTMENT_NO_TRAIN in label.compartments and zone.kind != "host" and zone.trains is not False


def in_region(label: Label, zone: Zone) -> bool:
    """Whether every `xx-only` compartment names the zone's region. Data on this machine has not moved."""
    wanted = regions(label)
    return zone.kind == "host" or not wanted or (zone.region is not None and wanted == {zone.region.lower()})


def regions(label: Label) -> set[str]:
    """Regions named by `jp-only`, `eu-only` and the like, in lower case."""
    return {name.removesuffix(_REGION_SUFFIX) for name in label.compartments if name.endswith(_REGION_SUFFIX)}
