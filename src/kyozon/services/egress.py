"""The choke point: every byte to a model leaves through here, and is checked here again, whoever decided before."""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from functools import partial
from typing import TypeVar

from msgspec import Struct

from kyozon.domain.decisions import Decision, Objection
from kyozon.domain.errors import MissingPiece, NotPermitted
from kyozon.domain.labels import Label, Zone
from kyozon.domain.language import Text
from kyozon.domain.models import ModelCard
from kyozon.domain.requests import ChatRequest, Dialect
from kyozon.governance.flow import may_flow
from kyozon.governance.provenance import covers
from kyozon.ports.provider import (
    Answer,
    ChatAdapter,
    ChatCall,
    EmbeddingAdapter,
    EmbeddingCall,
    Embeddings,
    Piece,
    Ranks,
    RerankAdapter,
    RerankCall,
)
from kyozon.services.canaries import CanaryWatch
from kyozon.services.granting import Granting
from kyozon.services.patience import PatientStream, in_time
from kyozon.services.pieces import close_pieces
from kyozon.services.provenance import Provenance
from kyozon.services.registry import Registry

T = TypeVar("T")


class Adapters(Struct, frozen=True):
    """The adapter of each provider, by what it can do."""

    chat: Mapping[str, ChatAdapter]
    embedding: Mapping[str, EmbeddingAdapter] = {}
    reranking: Mapping[str, RerankAdapter] = {}


class Egress:
    """Holds every adapter, and so every client and credential towards models. Nobody else does.

    What leaves has a `label`, and a `decision` that it leaves for. Where stored values are in the request, their labels are
    looked up again for every call: one that was raised since binds a retry, a fallback and a stream that goes on.
    """

    def __init__(
        self,
        adapters: Adapters,
        registry: Registry,
        provenance: Provenance,
        canaries: CanaryWatch,
        granting: Granting,
    ) -> None:
        self._chat = adapters.chat
        self._embedding = adapters.embedding
        self._reranking = adapters.reranking
        self._registry = registry
        self._provenance = provenance
        self._canaries = canaries
        self._granting = granting

    def dialect_for(self, card: ModelCard, request: ChatRequest) -> Dialect:
        """The dialect in which this card will answer this request; nothing leaves."""
        return _able(self._chat, card).dialect_for(request)

    async def answer(self, call: ChatCall, label: Label, decision: Decision) -> Answer:
        """A whole answer, if the label may go there."""
        await self._check_now(call, label, decision)
        self._look_through(call, decision)
        return await in_time(self._registry.provider(call.card), _able(self._chat, call.card).answer(call))

    def stream(self, call: ChatCall, label: Label, decision: Decision) -> AsyncIterator[Piece]:
        """A streamed answer, if the label may go there."""
        granted = self._by_grant(call.card, label, decision)
        if not granted:
            self._check(call.card, label, decision)
        self._look_through(call, decision)
        pieces = _able(self._chat, call.card).stream(call)
        if decision.sources or granted:
            pieces = self._checked(pieces, call, label, decision)
        allow = _checked_later if granted else partial(self._check, call.card, label, decision)
        return PatientStream(self._registry.provider(call.card), pieces, allow)

    async def count_tokens(self, call: ChatCall, label: Label, decision: Decision) -> int | None:
        """The provider's own count, if the label may go there: counting shows it the text, too."""
        await self._check_now(call, label, decision)
        self._look_through(call, decision)
        return await in_time(self._registry.provider(call.card), _able(self._chat, call.card).count_tokens(call))

    async def embed(self, call: EmbeddingCall, label: Label, decision: Decision) -> Embeddings:
        """Vectors, if the label may go there."""
        await self._check_now(call, label, decision)
        self._look_through(call, decision)
        return await in_time(self._registry.provider(call.card), _able(self._embedding, call.card).embed(call))

    async def rerank(self, call: RerankCall, label: Label, decision: Decision) -> Ranks:
        """Scores, if the label may go there."""
        await self._check_now(call, label, decision)
        self._look_through(call, decision)
        return await in_time(self._registry.provider(call.card), _able(self._reranking, call.card).rerank(call))

    def _look_through(self, call: ChatCall | EmbeddingCall | RerankCall, decision: Decision) -> None:
        self._canaries.leaving(call, self._registry.zone(call.card), decision)

    async def _checked(
        self, pieces: AsyncIterator[Piece], call: ChatCall, label: Label, decision: Decision
    ) -> AsyncGenerator[Piece, None]:
        """The pieces, which are asked for only when the first of them is wanted: a call may have waited for its turn."""
        await self._check_now(call, label, decision)
        try:
            async for piece in pieces:
                yield piece
        finally:
            await close_pieces(pieces)

    async def _check_now(self, call: ChatCall | EmbeddingCall | RerankCall, label: Label, decision: Decision) -> None:
        """As `_check`, for the labels of this moment; what only a grant lets through uses that up."""
        card, now = call.card, await self._provenance.now(label, decision) if decision.sources else label
        granted = self._by_grant(card, now, decision)
        if not granted or not await self._granting.use(decision, card, call.request.body):
            self._check(card, now, decision)

    def _by_grant(self, card: ModelCard, label: Label | None, decision: Decision) -> bool:
        """Whether nothing but the decision's grant may let these words through, labelled as when it was given."""
        grant, current = decision.grant, self._registry.current(card)
        if grant is None or current is None or label != decision.label or may_flow(label, self._registry.zone(card)):
            return False
        return grant.zone == card.zone == current.zone and self._registry.zone(card) is not None

    def _check(self, card: ModelCard, label: Label | None, decision: Decision) -> None:
        """Under the policy of this moment, whichever the decision was made under: the card may stand elsewhere by now."""
        current = self._registry.current(card)
        zone = self._registry.zone(card)
        if current is not None and current.zone != card.zone and _may_receive(label, zone, decision):
            zone = self._registry.zone(current)
        if current is None or not _may_receive(label, zone, decision):
            have = str(zone.clearance) if zone else "unknown"
            text = Text(
                f"data labelled {label} may not leave for zone {card.zone}.",
                f"ラベル {label} のデータはゾーン {card.zone} に送れません。",
            )
            raise NotPermitted(text, {card.id: (Objection("egress", str(label), have, text),)})


def _able(adapters: Mapping[str, T], card: ModelCard) -> T:
    """The adapter of the card's provider; raises `MissingPiece` where that has no such call."""
    found = adapters.get(card.provider)
    if found is None:
        raise MissingPiece(
            Text(
                f"{card.provider} has no call for {card.kind}: name another model, or correct the kind of {card.id}.",
                f"{card.provider} には {card.kind} の呼び出しがありません。別のモデルを指定するか、{card.id} の kind を"
                "直してください。",
            )
        )
    return found


def _may_receive(label: Label | None, zone: Zone | None, decision: Decision) -> bool:
    """Whether words may go to a zone; those whose label masking has lowered, only where masked words are taken."""
    if label is None or zone is None or not may_flow(label, zone):
        return False
    return zone.masked or label == decision.label or covers(label, decision.label)


def _checked_later() -> None:
    """What a grant lets through is checked with the grant, when the first piece is wanted."""
