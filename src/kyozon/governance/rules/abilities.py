"""A model must be known to do what the request asks of it."""

from kyozon.domain.decisions import Objection
from kyozon.domain.language import Text
from kyozon.governance.subject import Subject


def rule(subject: Subject) -> Objection | None:
    """Objects to missing abilities, and to unknown ones unless the caller named the model himself."""
    card, needs = subject.card, subject.needs
    lacking = sorted(
        name for name in needs.abilities if not card.abilities.get(name, subject.named and name not in card.abilities)
    )
    lacking += sorted(needs.modalities - card.modalities)
    if not lacking:
        return None
    have = ", ".join(sorted([*(name for name, has in card.abilities.items() if has), *card.modalities])) or "unknown"
    wanted = ", ".join(lacking)
    return Objection(
        rule="abilities",
        need=wanted,
        have=have,
        text=Text(
            f'the request needs {wanted}, which {card.id} is not known to have. If it has, say so in [models."{card.id}"].',
            f"要求には {wanted} が必要ですが、{card.id} にあるとは確認されていません。"
            f'使えるなら [models."{card.id}"] に書いてください。',
        ),
    )
