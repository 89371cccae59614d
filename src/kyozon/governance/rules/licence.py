"""A request, or its key, may say under which licences the model must come."""

from kyozon.domain.decisions import Objection
from kyozon.domain.language import Text
from kyozon.domain.requests import OPEN
from kyozon.governance.subject import Subject


def rule(subject: Subject) -> Objection | None:
    """Objects to a model that comes under none of the licences asked for, and to one whose licence is unknown."""
    card = subject.card
    named = {card.licence.lower()} if card.licence else set[str]()
    names = named | ({OPEN} if card.open_weights else set())
    unmet = [wanted for wanted in subject.needs.licences if not wanted & names]
    if not unmet:
        return None
    need, have = " and ".join(" or ".join(sorted(wanted)) for wanted in unmet), card.licence or "unknown"
    return Objection(
        rule="licence",
        need=need,
        have=have,
        text=Text(
            f"a licence is asked for ({need}), and that of {card.id} is {have}. Where it is another one, say so in "
            f'[models."{card.id}"] (licence, open_weights).',
            f"求められているライセンスは {need} ですが、{card.id} のライセンスは {have} です。"
            f'実際と異なる場合は [models."{card.id}"] の licence と open_weights に書いてください。',
        ),
    )
