"""What must not be trained on goes to nobody who trains, or who does not say that he does not."""

from kyozon.domain.decisions import Objection
from kyozon.domain.language import Text
from kyozon.governance.flow import trains_against
from kyozon.governance.subject import Subject


def rule(subject: Subject) -> Objection | None:
    """Objects where the label has `no-train` and the zone trains or leaves it open."""
    if subject.zone is None or not trains_against(subject.label, subject.zone):
        return None
    zone = subject.zone
    have = "trains" if zone.trains else "not stated"
    en = "trains on what it receives" if zone.trains else "does not state that it never trains"
    ja = "受け取った内容を学習に使います" if zone.trains else "学習に使わないと明示していません"
    return Objection(
        rule="training",
        need="trains = false",
        have=have,
        text=Text(
            f"the request is labelled no-train, and zone {zone.id} {en}. Set trains = false in [zones.{zone.id}] once a "
            "contract says so.",
            f"要求のラベルに no-train がありますが、ゾーン {zone.id} は{ja}。契約で確認できたら [zones.{zone.id}] に "
            "trains = false と書いてください。",
        ),
    )
