"""Texts to vectors, by the same steps as a chat: decided, recorded, sent through the choke point, settled."""

import hashlib
from itertools import takewhile

from msgspec import Struct

from kyozon.domain.callers import Caller
from kyozon.domain.labels import Label
from kyozon.domain.models import ModelCard
from kyozon.domain.requests import NOTHING_STATED, EmbeddingRequest, Needs, Stated
from kyozon.domain.usage import Usage
from kyozon.metering.estimate import text_tokens
from kyozon.ports.provider import Embeddings
from kyozon.services.admission import Admission
from kyozon.services.chat import Steps
from kyozon.services.deciding import MAX_ATTEMPTS, Question
from kyozon.services.egress import Egress
from kyozon.services.sending import embedding_sending
from kyozon.services.settling import Ending


class Embedded(Struct, frozen=True):
    """Vectors, in the order of the texts, settled."""

    decision_id: str
    model: str
    embeddings: Embeddings
    usage: Usage


class EmbeddingService:
    """Embeds texts with the first permitted model. Vectors of two do not mix: only its own deployments stand in for it."""

    def __init__(self, steps: Steps, egress: Egress, admission: Admission) -> None:
        self._decider = steps.decider
        self._settler = steps.settler
        self._attempts = steps.attempts
        self._provenance = steps.provenance
        self._masking = steps.masking
        self._egress = egress
        self._admission = admission

    async def embed(
        self,
        caller: Caller,
        request: EmbeddingRequest,
        declared: Label | None,
        body: bytes,
        sources: tuple[str, ...] = (),
        stated: Stated = NOTHING_STATED,
    ) -> Embedded:
        """One vector for each text; `sources` are the stored values that the texts are taken from.

        Raises:
            KyozonError: as `Decider.decide`, then as `ports.provider.EmbeddingAdapter`; every ending is recorded.
        """
        counts = [len(tokens) for tokens in request.tokens] or [text_tokens(text) for text in request.texts]
        tokens = sum(counts)
        needs = Needs(kind="embedding", input_tokens=tokens, at_once=max(counts, default=0))
        sha256 = hashlib.sha256(body).hexdigest()
        stored = await self._provenance.labels(caller.tenant, sources)
        found = await self._masking.embedding(request, caller.key)
        question = Question(caller, "embedding", request.model, needs, declared, sha256, stored, found, stated)
        decided = await self._decider.decide(question)
        ending = Ending()

        async def send(card: ModelCard) -> Embeddings:
            with await ending.turn(self._admission.admit(caller.key, card)):
                call, label = embedding_sending(decided, card, request)
                return await self._egress.embed(call, label, decided.decision)

        alike = len(list(takewhile(lambda card: card.id == decided.order[0].id, decided.order)))
        embedded = await self._attempts.first_answer(decided, ending, send, tries=min(alike, MAX_ATTEMPTS))
        ending.status, ending.usage = "answered", embedded.usage
        outcome = await self._settler.close(decided, ending)
        return Embedded(decided.decision.id, decided.order[0].id, embedded, outcome.usage)
