"""Data stays where its label may be: the zone must be cleared for the level and every compartment."""

from kyozon.domain.decisions import Objection
from kyozon.domain.language import Text
from kyozon.governance.subject import Subject


def rule(subject: Subject) -> Objection | None:
    """Objects to an unknown zone and to one whose clearance does not cover the label."""
    zone, label = subject.zone, subject.label
    if zone is not None and label.within(zone.clearance):
        return None
    have = str(zone.clearance) if zone is not None else "unknown"
    name = subject.card.zone
    return Objection(
        rule="clearance",
        need=str(label),
        have=have,
        text=Text(
            f"the request is labelled {label}, and zone {name} is cleared for {have} only. If the data itself is less "
            f"sensitive than that, declare it (header x-kyozon-label), or raise [zones.{name}] clearance.",
            f"要求のラベルは {label} ですが、ゾーン {name} の許可は {have} までです。"
            "データの機密度が実際にはもっと低い場合は、それを宣言する（ヘッダー x-kyozon-label）か、"
            f"[zones.{name}] の clearance を上げてください。",
        ),
    )
