"""The choke point: every byte to a model leaves through here, and is checked here again, whoever decided before."""

from collections.abc import AsyncIterator, Mapping

from kyozon.domain.decisions import Objection
from kyozon.domain.errors import NotPermitted
from kyozon.domain.labels import Label
from kyozon.domain.language import Text
from kyozon.domain.models import ModelCard
from kyozon.domain.requests import ChatRequest, Dialect
from kyozon.governance.flow import may_flow
from kyozon.ports.provider import Answer, ChatAdapter, ChatCall, EmbeddingAdapter, EmbeddingCall, Embeddings, Piece
from kyozon.services.patience import PatientStream, in_time
from kyozon.services.registry import Registry


class Egress:
    """Holds every adapter, and so every client and credential towards models. Nobody else does."""

    def __init__(
        self, chat: Mapping[str, ChatAdapter], embedding: Mapping[str, EmbeddingAdapter], registry: Registry
    ) -> None:
        self._chat = chat
        self._embedding = embedding
        self._registry = registry

    def dialect_for(self, card: ModelCard, request: ChatRequest) -> Dialect:
        """The dialect in which this card will answer this request; nothing leaves."""
        return self._chat[card.provider].dialect_for(request)

    async def answer(self, call: ChatCall, label: Label) -> Answer:
        """A whole answer, if the label may go there."""
        self._check(call.card, label)
        return await in_time(self._registry.provider(call.card), self._chat[call.card.provider].answer(call))

    def stream(self, call: ChatCall, label: Label) -> AsyncIterator[Piece]:
        """A streamed answer, if the label may go there."""
        self._check(call.card, label)
        return PatientStream(self._registry.provider(call.card), self._chat[call.card.provider].stream(call))

    async def count_tokens(self, call: ChatCall, label: Label) -> int | None:
        """The provider's own count, if the label may go there: counting shows it the text, too."""
        self._check(call.card, label)
        return await in_time(self._registry.provider(call.card), self._chat[call.card.provider].count_tokens(call))

    async def embed(self, call: EmbeddingCall, label: Label) -> Embeddings:
        """Vectors, if the label may go there."""
        self._check(call.card, label)
        return await in_time(self._registry.provider(call.card), self._embedding[call.card.provider].embed(call))

    def _check(self, card: ModelCard, label: Label) -> None:
        zone = self._registry.zone(card)
        if not may_flow(label, zone):
            have = str(zone.clearance) if zone else "unknown"
            text = Text(
                f"data labelled {label} may not leave for zone {card.zone}.",
                f"ラベル {label} のデータはゾーン {card.zone} に送れません。",
            )
            raise NotPermitted(text, {card.id: (Objection("egress", str(label), have, text),)})
