"""An answer carries the label of its question, so the caller must be cleared for it."""

from kyozon.domain.decisions import Objection
from kyozon.domain.language import Text
from kyozon.governance.subject import Subject


def rule(subject: Subject) -> Objection | None:
    """Objects, for every card alike, where the key's clearance does not cover the request's label."""
    key, label = subject.key, subject.label
    if label.within(key.clearance):
        return None
    return Objection(
        rule="reader",
        need=str(label),
        have=str(key.clearance),
        text=Text(
            f"the request is labelled {label}, and key {key.name} is cleared for {key.clearance} only. Use a key with "
            "that clearance (kyozon keys create --clearance); or, if the data is less sensitive, say so (x-kyozon-label).",
            f"要求のラベルは {label} ですが、キー {key.name} の許可は {key.clearance} までです。"
            "その許可を持つキーを使うか（kyozon keys create --clearance）、データの機密度がそれより低ければ"
            "ラベルを指定してください（x-kyozon-label）。",
        ),
    )
