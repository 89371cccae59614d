"""`jp-only` and its like: data stays in the named region."""

from kyozon.domain.decisions import Objection
from kyozon.domain.language import Text
from kyozon.governance.flow import in_region, regions
from kyozon.governance.subject import Subject


def rule(subject: Subject) -> Objection | None:
    """Objects where a region compartment does not name the zone's region."""
    if subject.zone is None or in_region(subject.label, subject.zone):
        return None
    need, have = "+".join(sorted(regions(subject.label))).upper(), subject.zone.region or "unknown"
    return Objection(
        rule="region",
        need=need,
        have=have,
        text=Text(
            f"the data must stay in {need}, and zone {subject.zone.id} is in region {have}. Use a model in that region, or "
            f"state the region of the zone in [zones.{subject.zone.id}].",
            f"データは {need} 内に留める必要がありますが、ゾーン {subject.zone.id} の地域は {have} です。"
            f"その地域のモデルを使うか、[zones.{subject.zone.id}] に region を書いてください。",
        ),
    )
