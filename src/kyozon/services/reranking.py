"""Documents put in order by a query, by the same steps as a chat: decided, recorded, sent, settled."""

import hashlib

from msgspec import Struct, structs

from kyozon.domain.callers import Caller
from kyozon.domain.decisions import Decision
from kyozon.domain.labels import Label
from kyozon.domain.models import ModelCard
from kyozon.domain.requests import NOTHING_STATED, Needs, RerankRequest, Stated
from kyozon.domain.usage import Usage
from kyozon.metering import estimate
from kyozon.metering.pricing import price_at
from kyozon.ports.provider import Ranks
from kyozon.services.admission import Admission
from kyozon.services.chat import Steps
from kyozon.services.deciding import Question
from kyozon.services.egress import Egress
from kyozon.services.sending import rerank_sending
from kyozon.services.settling import Ending


class Reranked(Struct, frozen=True):
    """A score for each document, in the documents' order and on the model's own scale, settled.

    `logits` says that they are logits, else they are meant to lie between 0 and 1.
    """

    decision_id: str
    model: str
    scores: tuple[float, ...]
    usage: Usage
    logits: bool = False


class RerankingService:
    """Asks the first permitted model. All scores of an answer are one model's, so another permitted one may stand in."""

    def __init__(self, steps: Steps, egress: Egress, admission: Admission) -> None:
        self._decider = steps.decider
        self._settler = steps.settler
        self._attempts = steps.attempts
        self._provenance = steps.provenance
        self._masking = steps.masking
        self._egress = egress
        self._admission = admission

    async def rerank(
        self,
        caller: Caller,
        request: RerankRequest,
        declared: Label | None,
        body: bytes,
        sources: tuple[str, ...] = (),
        stated: Stated = NOTHING_STATED,
    ) -> Reranked:
        """A score for each document; `sources` are the stored values that query and documents are taken from.

        Raises:
            KyozonError: as `Decider.decide`, then as `ports.provider.RerankAdapter`; every ending is recorded.
        """
        size = estimate.reranking(request.query, request.documents)
        needs = Needs(kind="reranking", input_tokens=size.tokens, at_once=size.at_once, searches=size.searches)
        sha256 = hashlib.sha256(body).hexdigest()
        stored = await self._provenance.labels(caller.tenant, sources)
        found = await self._masking.reranking(request, caller.key)
        question = Question(caller, "reranking", request.model, needs, declared, sha256, stored, found, stated)
        decided = structs.replace(await self._decider.decide(question), patience=request.seconds)
        ending = Ending()

        async def send(card: ModelCard) -> Ranks:
            with await ending.turn(self._admission.admit(caller.key, card)):
                call, label = rerank_sending(decided, card, request)
                return await self._egress.rerank(call, label, decided.decision)

        ranks = await self._attempts.first_answer(decided, ending, send)
        ending.status, ending.usage = "answered", _completed(ranks.usage, size, decided.decision, ending.card)
        outcome = await self._settler.close(decided, ending)
        return Reranked(decided.decision.id, outcome.model or "", ranks.scores, outcome.usage, ranks.logits)


def _completed(told: Usage | None, size: estimate.Reranking, decision: Decision, card: ModelCard | None) -> Usage:
    """As reported; what a provider bills and does not tell of, or cannot have counted, as estimated.

    Searches it cannot have counted are more than one for each part of each document.
    """
    told, price = told or Usage(), None if card is None else price_at(card.prices, decision.at.date(), size.tokens)
    by_search = price is not None and price.thousand_searches is not None
    by_token = price is None or price.input > 0
    believed = told.searches if told.searches <= size.parts else 0
    return structs.replace(
        told,
        uncached=told.uncached or size.tokens,
        searches=believed or (size.searches if by_search else 0),
        estimated=(by_token and not told.uncached) or (by_search and not believed),
    )
