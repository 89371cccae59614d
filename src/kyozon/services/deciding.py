"""From a question to a recorded decision: label, permit, route, reserve, record. Nothing has left when it returns."""

import asyncio
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Literal

from msgspec import Struct, structs

from kyozon.domain.callers import Caller
from kyozon.domain.decisions import Candidate, Decision, Exclusion, Objection, Outcome, OutcomeStatus
from kyozon.domain.errors import NotPermitted, Refusal
from kyozon.domain.labels import Label
from kyozon.domain.language import Text
from kyozon.domain.models import AUTO, ModelCard
from kyozon.domain.requests import Needs
from kyozon.domain.usage import Usage
from kyozon.governance.labelling import request_label
from kyozon.governance.permit import permit
from kyozon.governance.subject import Rule, Subject
from kyozon.metering.posting import hold, release
from kyozon.metering.pricing import charge, price_at
from kyozon.ports.records import Journal
from kyozon.ports.telemetry import SILENT, Telemetry
from kyozon.routing.breaking import Breaking
from kyozon.routing.option import Option, Ranking
from kyozon.services.health import Health
from kyozon.services.lasting import Lasting
from kyozon.services.limiter import Limiter, Reservation
from kyozon.services.registry import Registry
from kyozon.services.world import World

MAX_ATTEMPTS = 3
"""How many candidates are tried before a request fails."""

_UNSTATED_CEILING = 4096
"""Output tokens held for where neither the caller nor the card states a ceiling."""

Verdict = list[tuple[Subject, tuple[Objection, ...]]]


class Question(Struct, frozen=True):
    """What is to be decided: who asks, for which model, what the request needs, how its words are labelled."""

    caller: Caller
    kind: Literal["chat", "embedding", "count"]
    model: str
    needs: Needs
    declared: Label | None
    body_sha256: str


class Decided(Struct, frozen=True):
    """A recorded decision, the cards to try in order, and what is reserved for it.

    `capped` says that the caller states no ceiling while somebody's money is limited: the answer is then held to
    `output_ceiling`, for which the money is held, so that no answer costs more than its reservation.
    """

    decision: Decision
    order: tuple[ModelCard, ...]
    reservation: Reservation
    began: float
    needs: Needs
    capped: bool = False


class Decider:
    """The steps 3 to 8 of a request's life."""

    def __init__(
        self,
        registry: Registry,
        limiter: Limiter,
        journal: Journal,
        world: World,
        telemetry: Telemetry = SILENT,
        health: Health | None = None,
    ) -> None:
        self._registry = registry
        self._limiter = limiter
        self._journal = journal
        self._world = world
        self._telemetry = telemetry
        self._health = health or Health(world, Breaking())
        self._lasting = Lasting()

    async def decide(self, question: Question) -> Decided:
        """Decide and record, durably.

        Raises:
            NotFound: no such model.
            Refusal: not permitted, or a limit is reached; the refusal is recorded, and its `decision_id` is set.
            StorageUnavailable: nothing could be recorded, so nothing may leave.
        """
        began = self._world.seconds()
        candidates = self._registry.candidates(question.model, question.needs.kind)
        draft = self._draft(question)
        verdict = permit([self._subject(question, card, draft.label) for card in candidates], self._rules)
        try:
            ranking = await self._with_room(question, draft, self._route(question, verdict))
            decision = self._choose(question, draft, verdict, ranking)
            reservation = await self._reserve(question, decision, ranking)
        except Refusal as refusal:
            await self._lasting.see_through(self._record_refusal(draft, verdict, refusal))
            raise
        opening = self._lasting.begin(self._journal.open(decision, hold(decision, decision.at)))
        try:
            await asyncio.shield(opening)
        except BaseException as stopped:
            self._limiter.settle(reservation, 0, Decimal(0))
            if isinstance(stopped, asyncio.CancelledError):
                await self._lasting.see_through(self._withdraw(decision, opening))
            raise
        self._telemetry.decided(decision)
        capped = reservation.budgeted and not question.needs.bounded
        return Decided(
            decision, tuple(option.card for option in ranking.options), reservation, began, question.needs, capped
        )

    async def drain(self) -> None:
        """Wait for records whose callers have left."""
        await self._lasting.drain()

    async def _withdraw(self, decision: Decision, opening: asyncio.Task[None]) -> None:
        """The caller left while the record was being written: it is closed as soon as it is in; nothing was sent."""
        await opening
        ended = self._ended(decision, "left", "caller_left")
        self._telemetry.ended(decision, ended)
        released = release(decision, ended.at)
        await self._journal.close(ended, () if released is None else (released,))

    @property
    def _rules(self) -> Sequence[Rule]:
        return self._registry.installation.rules

    def _draft(self, question: Question) -> Decision:
        """The decision as far as it stands before anything was weighed."""
        installation = self._registry.installation
        key = question.caller.key
        label, sources = request_label(question.declared, key, installation.default_label)
        return Decision(
            id=self._world.new_id("dec"),
            at=self._world.now(),
            tenant=key.tenant,
            key_id=key.id,
            user=key.user,
            kind=question.kind,
            requested_model=question.model,
            label=label,
            label_sources=sources,
            policy_version=installation.policy_version,
            router=installation.router_name,
            candidates=(),
            chosen=None,
            reason=Text("", ""),
            input_tokens_estimated=question.needs.input_tokens,
            output_tokens_limit=question.needs.output_tokens,
            body_sha256=question.body_sha256,
        )

    def _subject(self, question: Question, card: ModelCard, label: Label) -> Subject:
        installation = self._registry.installation
        return Subject(
            card=card,
            provider=self._registry.provider(card),
            zone=self._registry.zone(card),
            label=label,
            needs=question.needs,
            key=question.caller.key,
            named=question.model != AUTO,
            credential_missing=installation.credentials_missing.get(card.provider),
        )

    def _route(self, question: Question, verdict: Verdict) -> Ranking:
        permitted = [subject for subject, objections in verdict if not objections]
        today, needs = self._world.now().date(), question.needs
        options = [
            Option(subject.card, _cost(subject.card, needs, _expected(subject.card, needs), today)) for subject in permitted
        ]
        if not options:
            raise _not_permitted(question.model, verdict)
        ranking = self._registry.installation.router(options, question.needs)
        return structs.replace(ranking, options=self._health.ordered(ranking.options))

    def _choose(self, question: Question, draft: Decision, verdict: Verdict, ranking: Ranking) -> Decision:
        ranks = {_name(option.card): (place, option.cost) for place, option in enumerate(ranking.options, start=1)}
        best = ranking.options[0]
        reason = ranking.reason
        if draft.requested_model != AUTO and len(ranking.options) == 1:
            reason = Text(f"the caller named {best.card.id}", f"呼び出し側が {best.card.id} を指定しました")
        price = price_at(best.card.prices, draft.at.date(), draft.input_tokens_estimated)
        return structs.replace(
            draft,
            candidates=tuple(self._candidate(subject, objections, ranks) for subject, objections in verdict),
            chosen=best.card.id,
            reason=reason,
            held=_held(question, draft, ranking),
            currency=price.currency if price else "USD",
        )

    async def _with_room(self, question: Question, draft: Decision, ranking: Ranking) -> Ranking:
        """Without the models whose own ceilings are reached; all of them where none is left: the refusal then says why."""
        if not self._limiter.limits_models:
            return ranking
        held = _held(question, draft, ranking)
        options = [
            option for option in ranking.options if await self._limiter.has_room(option.card.id, _tokens(draft), held)
        ]
        return structs.replace(ranking, options=tuple(options)) if options else ranking

    async def _reserve(self, question: Question, decision: Decision, ranking: Ranking) -> Reservation:
        models = dict.fromkeys(option.card.id for option in ranking.options[:MAX_ATTEMPTS])
        return await self._limiter.reserve(question.caller.key, _tokens(decision), decision.held, tuple(models))

    async def _record_refusal(self, draft: Decision, verdict: Verdict, refusal: Refusal) -> None:
        decision = structs.replace(
            draft,
            candidates=tuple(self._candidate(subject, objections, {}) for subject, objections in verdict),
            reason=refusal.text,
        )
        refusal.decision_id = decision.id
        ended = self._ended(decision, "refused", refusal.code)
        self._telemetry.ended(decision, ended)
        await self._journal.open(decision, None)
        await self._journal.close(ended, ())

    def _candidate(
        self, subject: Subject, objections: tuple[Objection, ...], ranks: dict[str, tuple[int, Decimal | None]]
    ) -> Candidate:
        card = subject.card
        rank, cost = ranks.get(_name(card), (None, None))
        found = tuple(Exclusion(o.rule, o.need, o.have) for o in objections)
        state = self._health.state(card)
        health = None if state == "closed" else state
        return Candidate(card.id, card.provider, card.zone, found, predicted_cost=cost, rank=rank, health=health)

    def _ended(self, decision: Decision, status: OutcomeStatus, error: str) -> Outcome:
        return Outcome(decision_id=decision.id, at=self._world.now(), status=status, error=error)


def _tokens(decision: Decision) -> int:
    """What is reserved; counting is free."""
    return 0 if decision.kind == "count" else decision.input_tokens_estimated + decision.output_tokens_limit


def _held(question: Question, draft: Decision, ranking: Ranking) -> Decimal:
    """Money at most, whichever candidate ends up answering, so that a budget cannot be overspent; counting is free."""
    if question.kind == "count":
        return Decimal(0)
    tried, day = ranking.options[:MAX_ATTEMPTS], draft.at.date()
    return max(cost_at_most(option.card, question.needs, day) or Decimal(0) for option in tried)


def cost_at_most(card: ModelCard, needs: Needs, day: date) -> Decimal | None:
    """Money that no answer of `card` exceeds on `day`; None where no price is known."""
    if needs.bounded:
        return _cost(card, needs, _expected(card, needs), day)
    return _cost(card, needs, output_ceiling(card, needs.input_tokens) * needs.choices, day)


def _cost(card: ModelCard, needs: Needs, output: int, day: date) -> Decimal | None:
    """Money for the estimated input and so many output tokens."""
    usage = Usage(uncached=needs.input_tokens, output=output)
    found = charge(usage, price_at(card.prices, day, usage.input))
    return found.amount if found.priced else None


def _expected(card: ModelCard, needs: Needs) -> int:
    ceiling = card.max_output
    return needs.output_tokens if ceiling is None else min(needs.output_tokens, ceiling * needs.choices)


def output_ceiling(card: ModelCard, input_tokens: int) -> int:
    """Output tokens of one choice that money is held for where the caller states no ceiling: what the card can give."""
    if card.max_output is not None:
        return card.max_output
    room = _UNSTATED_CEILING if card.context is None else card.context - input_tokens
    return max(1, min(_UNSTATED_CEILING, room))


def _name(card: ModelCard) -> str:
    return f"{card.provider}/{card.id}"


def _not_permitted(model: str, verdict: Verdict) -> NotPermitted:
    found = {subject.card.id: objections for subject, objections in verdict}
    if not found:
        return NotPermitted(
            Text(
                "no model of this kind is installed. Pull one with kyozon models pull, or add a provider to kyozon.toml.",
                "この種類のモデルがありません。kyozon models pull で取得するか、"
                "kyozon.toml にプロバイダーを追加してください。",
            ),
            found,
        )
    en = "; ".join(f"{name}: {o.text.en}" for name, objections in found.items() for o in objections)
    ja = "；".join(f"{name}：{o.text.ja}" for name, objections in found.items() for o in objections)
    return NotPermitted(
        Text(f"no model is permitted for {model!r}: {en}", f"{model!r} に許可されたモデルがありません。{ja}"), found
    )
