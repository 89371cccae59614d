"""A request must fit into the model's context."""

from kyozon.domain.decisions import Objection
from kyozon.domain.language import Text
from kyozon.governance.subject import Subject

MARGIN = 1.25
"""The estimate of input tokens may be off by this much before we refuse on its word alone: the model counts exactly."""


def rule(subject: Subject) -> Objection | None:
    """Objects where even an estimate a quarter too high would not fit. An unknown context does not object."""
    context, needs = subject.card.context, subject.needs
    tokens = needs.input_tokens if needs.at_once is None else needs.at_once
    if context is None or tokens / MARGIN <= context:
        return None
    return Objection(
        rule="context",
        need=f"about {tokens} tokens",
        have=f"{context} tokens",
        text=Text(
            f"the request has about {tokens} tokens, and {subject.card.id} reads {context}. Shorten it or use a model "
            "with a longer context.",
            f"要求は約 {tokens} トークンですが、{subject.card.id} が読めるのは {context} トークンです。"
            "短くするか、より長い文脈を扱えるモデルを使ってください。",
        ),
    )
