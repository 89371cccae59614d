"""Chat goes to chat models, texts to embed go to embedding models."""

from kyozon.domain.decisions import Objection
from kyozon.domain.language import Text
from kyozon.governance.subject import Subject


def rule(subject: Subject) -> Objection | None:
    """Objects to a card of another kind."""
    card, wanted = subject.card, subject.needs.kind
    if card.kind == wanted:
        return None
    return Objection(
        rule="kind",
        need=wanted,
        have=card.kind,
        text=Text(
            f"{card.id} is a model for {card.kind}, not for {wanted}. GET /v1/models lists what there is.",
            f"{card.id} は {card.kind} 用のモデルで、{wanted} には使えません。GET /v1/models で一覧できます。",
        ),
    )
