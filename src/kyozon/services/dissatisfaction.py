"""What asking again says of the answer before: hashes of what was asked are compared, and the prices of models."""

import hashlib
from decimal import Decimal
from typing import Final, NamedTuple

import msgspec
from msgspec import Struct

from kyozon.domain.decisions import Decision
from kyozon.domain.feedback import Source
from kyozon.domain.models import AUTO, ModelCard
from kyozon.domain.requests import Json
from kyozon.domain.usage import Usage
from kyozon.metering.pricing import charge, price_at
from kyozon.services.deciding import Decided

SCORES: Final[dict[Source, float]] = {"retry": 0.0, "edit": 0.25, "escalation": 0.0}
"""Who rewords his question may think that it was the question's fault."""

_OUTPUT_TOKENS = 500


class Names(NamedTuple):
    """Hashes over whose a conversation is and what it says: all of it, up to the last question, up to the answer before."""

    whole: bytes
    place: bytes
    before: bytes


class Given(Struct, frozen=True):
    """An answer, as far as it matters to whoever asks for another one.

    `asked` names the request, `model` is what it asked for; `share` is that of its goal, where it had one.
    """

    decision_id: str
    tenant: str
    at: float
    asked: bytes
    model: str
    share: float | None
    cost: Decimal


def names_of(decision: Decision, chat: Json) -> Names:
    """What a chat is compared by, in one pass.

    Whoever the caller says that he asks for is part of it: two who say the same are two.
    """
    messages = chat["messages"]
    whose = [decision.tenant, decision.key_id, decision.session, chat.get("user"), chat.get("safety_identifier")]
    said = hashlib.blake2b(msgspec.json.encode(whose), digest_size=16)
    before = place = b""
    for at, message in enumerate(messages):
        if at == len(messages) - 2:
            before = said.digest()
        if at == len(messages) - 1:
            place = said.digest()
        said.update(msgspec.json.encode(message))
    roles = [message.get("role") for message in messages[-2:]]
    return Names(said.digest(), place, before if roles == ["assistant", "user"] else b"")


def given_by(decision: Decision, names: Names, card: ModelCard, at: float) -> Given:
    """An answer that `card` has given, at a moment of the clock that is never set back."""
    share = None if decision.quality is None else decision.quality.share
    cost = _cost(card, decision)
    return Given(decision.id, decision.tenant, at, names.whole, decision.requested_model, share, cost)


def source_of(decided: Decided, names: Names, given: Given) -> Source | None:
    """What asking again says of the answer that was given; None where it may as well be a comparison."""
    decision = decided.decision
    if given.asked != names.whole:
        return "edit"
    if decision.requested_model == given.model:
        share = None if decision.quality is None else decision.quality.share
        if share is None or given.share is None or share == given.share:
            return "retry"
        return "escalation" if share > given.share else None
    if decision.requested_model == AUTO:
        return None
    return "escalation" if _cost(decided.order[0], decision) > given.cost else None


def _cost(card: ModelCard, decision: Decision) -> Decimal:
    """Of an answer of some length: what decisions expect of models differs in length, too, and is not always there."""
    tokens = decision.input_tokens_estimated
    return charge(Usage(uncached=tokens, output=_OUTPUT_TOKENS), price_at(card.prices, decision.at.date(), tokens)).amount
