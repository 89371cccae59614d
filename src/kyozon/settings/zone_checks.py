"""Zones and labels: each zone is whole and consistent, and the default label has a place to go."""

from collections.abc import Iterator

from kyozon.domain.labels import ALL_COMPARTMENTS, COMPARTMENT_NO_TRAIN, Zone, parse_clearance, parse_label
from kyozon.domain.language import Text
from kyozon.settings import facts
from kyozon.settings.mistakes import Mistake, mend
from kyozon.settings.positions import Path
from kyozon.settings.root import Settings


def check_zones(settings: Settings) -> Iterator[Mistake]:
    """New zones say what they are, and none admits no-train data where something may be trained."""
    for name, table in settings.zone_tables.items():
        if name not in facts.BUILT_IN_ZONES:
            for key, example in (("kind", "external"), ("clearance", "internal")):
                if getattr(table, key) is None:
                    yield Mistake(
                        ("zones", name, key),
                        Text(
                            f'a new zone needs it, as in {key} = "{example}".',
                            f'新しいゾーンには必須です（例：{key} = "{example}"）。',
                        ),
                    )
        if _trains(settings.zones()[name]):
            yield Mistake(
                ("zones", name, "clearance"),
                Text(
                    "admits no-train data, but nobody says that nothing is trained there. If that is so, add "
                    "trains = false; else take no-train (or *) out of the clearance.",
                    "no-train のデータを受け入れますが、学習に使われない保証がありません。使われないなら "
                    "trains = false を加え、"
                    "そうでなければ clearance から no-train（または *）を外してください。",
                ),
            )


def _trains(zone: Zone) -> bool:
    """Whether a zone that admits no-train data may train; silence of any place but this machine is read as the worse."""
    unstated = zone.trains is None and zone.kind != "host"
    return (zone.trains is True or unstated) and admits_no_train(zone)


def admits_no_train(zone: Zone) -> bool:
    """Whether data that must not train models may enter."""
    return bool({ALL_COMPARTMENTS, COMPARTMENT_NO_TRAIN} & zone.clearance.compartments)


def check_labels(settings: Settings) -> Iterator[Mistake]:
    """The default label has a place to go, and compartments are spelled as declared."""
    label = settings.default_label
    if not any(label.within(zone.clearance) for zone in settings.zones().values()):
        yield Mistake(
            ("labels", "default"),
            Text(
                f'no zone may receive "{label}": lower it, or raise the clearance of a zone.',
                f"「{label}」を受け取れるゾーンがありません。レベルを下げるか、いずれかの clearance を上げてください。",
            ),
        )
    if settings.labels.compartments:
        yield from _undeclared(settings)


def _undeclared(settings: Settings) -> Iterator[Mistake]:
    declared = settings.labels.compartments | {COMPARTMENT_NO_TRAIN, ALL_COMPARTMENTS}
    used: list[tuple[Path, frozenset[str]]] = [(("labels", "default"), parse_label(settings.labels.default).compartments)]
    used += [
        (("zones", name, "clearance"), parse_clearance(table.clearance).compartments)
        for name, table in settings.zone_tables.items()
        if table.clearance is not None
    ]
    for path, names in used:
        for name in sorted(names - declared):
            hint = mend(name, declared - {ALL_COMPARTMENTS})
            yield Mistake(
                path,
                Text(
                    f'the compartment "{name}" is not in labels.compartments: add it there, or {hint.en}',
                    f"区分「{name}」が labels.compartments にありません。そこに加えるか、直してください。{hint.ja}",
                ),
            )
