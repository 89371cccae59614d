"""What really goes to a model: the request as it is, or in masked words under the label of those, with the way back."""

from collections.abc import AsyncIterator

from msgspec import Struct

from kyozon.domain.callers import ApiKey
from kyozon.domain.decisions import Decision
from kyozon.domain.errors import NotPermitted
from kyozon.domain.labels import Label
from kyozon.domain.language import Text
from kyozon.domain.models import ModelCard
from kyozon.domain.requests import ChatRequest, Dialect, EmbeddingRequest, RerankRequest
from kyozon.ports.provider import Answer, ChatCall, EmbeddingCall, Piece, RerankCall
from kyozon.services.deciding import Decided
from kyozon.services.masking import Found, Masking
from kyozon.services.restoring import Restoring, restoring


class Sending(Struct, frozen=True):
    """One call and the label of its words. Without a way back its answer passes as it comes."""

    call: ChatCall
    label: Label
    way_back: Restoring | None = None

    def answered(self, answer: Answer) -> Answer:
        """A whole answer as the caller may read it."""
        return answer if self.way_back is None else self.way_back.answer(answer)

    def streamed(self, pieces: AsyncIterator[Piece], dialect: Dialect) -> AsyncIterator[Piece]:
        """A streamed answer as the caller may read it."""
        return pieces if self.way_back is None else self.way_back.stream(pieces, dialect)


def sending(decided: Decided, call: ChatCall) -> Sending:
    """A call of the request that was decided on, masked where its card is reached so only."""
    label = masked_for(decided, call.card)
    if label is None:
        return Sending(call, decided.decision.label)
    return _masked(decided.decision, call, label, decided.found)


async def sending_anew(masking: Masking, decided: Decided, key: ApiKey, call: ChatCall) -> Sending:
    """A call with other words than those decided on, as when another model goes on: they are looked through again.

    Raises:
        NotPermitted: the card is reached by masked words only, and these could not be masked.
    """
    label = masked_for(decided, call.card)
    if label is None:
        return Sending(call, decided.decision.label)
    found = await masking.chat(call.request, key)
    if not found.verified:
        text = Text("what was said so far could not be masked.", "これまでの応答をマスクできませんでした。")
        raise NotPermitted(text, {})
    return _masked(decided.decision, call, label, found)


def embedding_sending(decided: Decided, card: ModelCard, request: EmbeddingRequest) -> tuple[EmbeddingCall, Label]:
    """A call that embeds, and the label of its words; vectors hold no tokens, so there is no way back to go."""
    label = masked_for(decided, card)
    if label is None:
        return EmbeddingCall(card, request), decided.decision.label
    return EmbeddingCall(card, decided.found.embedding(request)), label


def rerank_sending(decided: Decided, card: ModelCard, request: RerankRequest) -> tuple[RerankCall, Label]:
    """A call that puts documents in order, and the label of its words; scores hold no tokens either."""
    label = masked_for(decided, card)
    if label is None:
        return RerankCall(card, request), decided.decision.label
    return RerankCall(card, decided.found.reranking(request)), label


def masked_for(decided: Decided, card: ModelCard) -> Label | None:
    """The label under which masked words go to a card; None where the words go as they are."""
    return decided.decision.masked_label if card.place in decided.masked else None


def _masked(decision: Decision, call: ChatCall, label: Label, found: Found) -> Sending:
    """Who is not cleared for what was found reads the answer with its tokens."""
    request: ChatRequest = found.chat(call.request)
    cleared = decision.clearance is not None and decision.label.within(decision.clearance)
    return Sending(ChatCall(call.card, request), label, restoring(found.values, request.chat) if cleared else None)
