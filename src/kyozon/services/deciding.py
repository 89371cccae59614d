"""From a question to a recorded decision: label, permit, route, reserve, record. Nothing has left when it returns."""

import asyncio
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from datetime import date
from decimal import Decimal
from typing import Literal

from msgspec import Struct, structs

from kyozon.domain.callers import Caller
from kyozon.domain.decisions import Decision, Outcome, OutcomeStatus
from kyozon.domain.errors import NotPermitted, Refusal
from kyozon.domain.labels import Label
from kyozon.domain.language import Text
from kyozon.domain.models import AUTO, ModelCard
from kyozon.domain.requests import NOTHING_STATED, Needs, Stated
from kyozon.domain.review import ReviewRules
from kyozon.governance.labelling import request_label
from kyozon.governance.provenance import with_stored
from kyozon.governance.unnamed import unnamed
from kyozon.metering.posting import hold, release
from kyozon.metering.pricing import charge_at_most, price_at
from kyozon.ports.records import Journal
from kyozon.ports.telemetry import SILENT, Telemetry
from kyozon.routing.breaking import Breaking
from kyozon.routing.exploring import left_to_chance, may_explore
from kyozon.routing.option import Ranking
from kyozon.routing.planned import planned, reason_still, still
from kyozon.services.candidates import candidates, expected_then, in_order, paces_then, trimmed
from kyozon.services.granting import Release, released
from kyozon.services.health import Health
from kyozon.services.limiter import Limiter, Reservation
from kyozon.services.masking import NOTHING, Found, masked_label
from kyozon.services.registry import Registry
from kyozon.services.trying import Asked, looked
from kyozon.services.weighing import NO_PACES, Paces, Query, Verdict, expected, options_of, ranked, weighed, within_of
from kyozon.services.world import World

MAX_ATTEMPTS = 3
"""How many candidates are tried before a request fails."""

_UNSTATED_CEILING = 4096
"""Output tokens held for where neither the caller nor the card states a ceiling."""

RECORDED: ContextVar[str | None] = ContextVar("recorded", default=None)
"""The decision that the running request has on record, None before: whatever fails afterwards can be looked up by it."""

_NO_MONEY = Decimal(0)


class Question(Struct, frozen=True):
    """What is to be decided: who asks, for which model, what the request needs, how its words are labelled.

    `stored` are the stored values in the request, and how each of them is labelled now; `found` is what detectors found.
    `release` comes with the grant that the request names, `tools` are those it offers. `words` gives what
    is asked, where more than one model could answer; `opening` is what its conversation begins with.
    """

    caller: Caller
    kind: Literal["chat", "embedding", "reranking", "count"]
    model: str
    needs: Needs
    declared: Label | None
    body_sha256: str
    stored: Mapping[str, Label] = {}
    found: Found = NOTHING
    stated: Stated = NOTHING_STATED
    release: Release | None = None
    tools: tuple[str, ...] = ()
    words: Callable[[], str] = str
    opening: Callable[[], bytes] = bytes


class Decided(Struct, frozen=True):
    """A recorded decision, the cards to try in order, and what is reserved for it.

    `capped` says that the caller states no ceiling while somebody's money is limited: the answer is then held to
    `output_ceiling`, for which the money is held, so that no answer costs more than its reservation.
    `masked` are the cards (provider, model) that get masked words, as `found` has them. `review` says which answers a
    person looks at, as of the decision: another policy that comes meanwhile lets none of them pass. `patience` is how many
    seconds the answer is waited for, all calls together, where that is less than the operator allows.
    """

    decision: Decision
    order: tuple[ModelCard, ...]
    reservation: Reservation
    began: float
    needs: Needs
    capped: bool = False
    found: Found = NOTHING
    masked: frozenset[tuple[str, str]] = frozenset()
    review: ReviewRules = ReviewRules()
    patience: float | None = None


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

    async def decide(self, question: Question) -> Decided:
        """Decide and record, durably.

        Raises:
            NotFound: no such model.
            Refusal: not permitted, or a limit is reached; the refusal is recorded.
            StorageUnavailable: nothing could be recorded, so nothing may leave.
        """
        began = self._world.seconds()
        question = _as_the_key_asks(question)
        draft = self._draft(question, await self._registry.basis_id())
        review = self._registry.installation.review
        query = Query(question.model, question.needs, draft.label, question.caller.key, draft.masked_label)
        verdict = weighed(self._registry, query)
        if question.release is not None:
            draft, verdict = released(question.release, draft, verdict)
        draft = self._weighed(question, draft, verdict)
        try:
            ranking = await self._at_hand(question, draft, self._route(question, draft, verdict))
            draft, ranking = self._explored(draft, ranking)
            decision = self._choose(question, draft, ranking)
            reservation = await self._reserve(question, decision, ranking)
        except Refusal as refusal:
            draft = structs.replace(draft, reason=unnamed(refusal.text, question.caller.key))
            await self._record_refusal(draft, refusal)
            RECORDED.set(draft.id)
            raise
        try:
            await self._journal.open(decision, hold(decision, decision.at))
        except BaseException as stopped:
            self._limiter.settle(reservation, 0, Decimal(0))
            if isinstance(stopped, asyncio.CancelledError):
                self._withdraw(decision)
            raise
        RECORDED.set(decision.id)
        self._telemetry.decided(decision)
        capped = reservation.budgeted and not question.needs.bounded
        order = tuple(option.card for option in ranking.options)
        masked = frozenset((found.provider, found.model) for found in decision.candidates if found.masked)
        return Decided(decision, order, reservation, began, question.needs, capped, question.found, masked, review)

    def _withdraw(self, decision: Decision) -> None:
        """The caller left while the record was being written: it is closed right behind; nothing was sent."""
        ended = self._ended(decision, "left", "caller_left")
        self._telemetry.ended(decision, ended)
        released = release(decision, ended.at)
        self._journal.close(ended, () if released is None else (released,))

    def _draft(self, question: Question, basis: str) -> Decision:
        """The decision as far as it stands before anything was weighed."""
        installation = self._registry.installation
        key = question.caller.key
        label, sources = request_label(question.declared, key, installation.default_label)
        stated, sources = with_stored(label, sources, question.stored)
        label, sources = question.found.joined(stated, sources)
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
            basis=basis,
            needs=question.needs,
            clearance=key.clearance,
            sources=tuple(question.stored),
            # Whoever comes with a grant wants these very words to go, and no others in their place.
            masked_label=masked_label(label, question.found, stated) if question.release is None else None,
            purpose=question.stated.purpose,
            session=question.stated.session,
            parent=question.stated.parent,
            tools=question.tools,
            within=within_of(question.needs, installation),
        )

    def _paces(self, draft: Decision, verdict: Verdict) -> Paces:
        """How fast each model has answered, where it matters."""
        if draft.within is None:
            return NO_PACES
        found = ((subject.card.place, self._health.pace(subject.card)) for subject, _ in verdict)
        return {place: pace for place, pace in found if pace is not None}

    def _weighed(self, question: Question, draft: Decision, verdict: Verdict) -> Decision:
        """The draft with its candidates, and what is expected of each."""
        installation, paces = self._registry.installation, self._paces(draft, verdict)
        found = looked(self._registry, Asked(question.words, question.opening, paces), verdict, draft)
        named = candidates(verdict, draft.label, found.estimates, self._health.state, paces)
        draft = structs.replace(draft, candidates=named)
        if not found.version:
            return draft
        quality = question.needs.quality or installation.quality
        return structs.replace(draft, quality=quality, estimator=found.version, trial=found.trial)

    def _route(self, question: Question, draft: Decision, verdict: Verdict) -> Ranking:
        options = options_of(verdict, question.needs, draft.at.date(), expected_then(draft), paces_then(draft))
        if not options:
            several = len(self._registry.candidates(AUTO, question.needs.kind)) > 1
            raise _not_permitted(question, verdict, several=several)
        return ranked(self._registry, options, question.needs)

    async def _at_hand(self, question: Question, draft: Decision, wanted: Ranking) -> Ranking:
        """The router's order as the moment has it: what rests comes last, and what has no room left is not there."""
        found = wanted
        if len(wanted.options) > 1:
            found = structs.replace(found, options=self._health.ordered(found.options))
        if self._limiter.limits_models:
            found = await self._with_room(question, draft, found)
        return structs.replace(found, reason=reason_still(wanted, found.options))

    def _explored(self, draft: Decision, ranking: Ranking) -> tuple[Decision, Ranking]:
        """Now and then another model is first, where the choice is the router's and quality was weighed."""
        rule = self._registry.installation.exploring
        mine = draft.kind == "chat" and draft.requested_model == AUTO
        if not (rule.share and mine and may_explore(draft.quality, draft.needs)):
            return draft, ranking
        ill = {(one.provider, one.model) for one in draft.candidates if one.health is not None}
        found, drawn = left_to_chance(ranking, rule, self._world.chance(), lambda card: card.place not in ill)
        return structs.replace(draft, exploration=drawn), found

    def _choose(self, question: Question, draft: Decision, ranking: Ranking) -> Decision:
        best = ranking.options[0]
        reason = ranking.reason
        if draft.requested_model != AUTO and len(ranking.options) == 1:
            reason = Text(f"the caller named {best.card.id}", f"呼び出し側が {best.card.id} を指定しました")
        price = price_at(best.card.prices, draft.at.date(), draft.input_tokens_estimated)
        found = trimmed(in_order(draft.candidates, ranking))
        return structs.replace(
            draft,
            candidates=found,
            masked=question.found.spans if any(candidate.masked for candidate in found) else (),
            chosen=best.card.id,
            reason=reason,
            held=_held(question, draft, ranking),
            currency=price.currency if price else "USD",
            cascade=still(ranking.cascade, ranking.options),
        )

    async def _with_room(self, question: Question, draft: Decision, ranking: Ranking) -> Ranking:
        """Without the models whose own ceilings are reached; all of them where none is left: the refusal then says why."""
        held = _held(question, draft, ranking)
        options = [
            option for option in ranking.options if await self._limiter.has_room(option.card.id, _tokens(draft), held)
        ]
        return structs.replace(ranking, options=tuple(options)) if options else ranking

    async def _reserve(self, question: Question, decision: Decision, ranking: Ranking) -> Reservation:
        models = dict.fromkeys(card.id for card in (*_tried(ranking), *_planned(ranking)))
        return await self._limiter.reserve(question.caller.key, _tokens(decision), decision.held, tuple(models))

    async def _record_refusal(self, draft: Decision, refusal: Refusal) -> None:
        decision = structs.replace(draft, candidates=trimmed(draft.candidates))
        ended = self._ended(decision, "refused", refusal.code)
        self._telemetry.ended(decision, ended)
        opening, closing = self._journal.open(decision, None), self._journal.close(ended, ())
        await opening
        await closing

    def _ended(self, decision: Decision, status: OutcomeStatus, error: str) -> Outcome:
        return Outcome(decision_id=decision.id, at=self._world.now(), status=status, error=error)


def _as_the_key_asks(question: Question) -> Question:
    """What is asked, and besides it one of the licences and the time that the key asks for, whatever the request is."""
    key, needs = question.caller.key, question.needs
    if key.licences:
        needs = structs.replace(needs, licences=(*needs.licences, key.licences))
    if key.within is not None:
        needs = structs.replace(needs, within=min(key.within, needs.within or key.within))
    return question if needs is question.needs else structs.replace(question, needs=needs)


def _tokens(decision: Decision) -> int:
    """What is reserved; counting is free."""
    return 0 if decision.kind == "count" else decision.input_tokens_estimated + decision.output_tokens_limit


def _held(question: Question, draft: Decision, ranking: Ranking) -> Decimal:
    """Money at most, whichever candidate ends up answering, so that a budget cannot be overspent; counting is free.

    Of a cascade every model may be asked.
    """
    if question.kind == "count":
        return _NO_MONEY
    day = draft.at.date()
    each, together = (
        [cost_at_most(card, question.needs, day) or _NO_MONEY for card in cards]
        for cards in (_tried(ranking), _planned(ranking))
    )
    return max(*each, sum(together, _NO_MONEY))


def _tried(ranking: Ranking) -> list[ModelCard]:
    """Who is asked one after the other until somebody answers."""
    return [option.card for option in ranking.options[:MAX_ATTEMPTS]]


def _planned(ranking: Ranking) -> list[ModelCard]:
    """Who may be asked in the cascade, wherever they stand in the order."""
    return planned(still(ranking.cascade, ranking.options), [option.card for option in ranking.options])


def cost_at_most(card: ModelCard, needs: Needs, day: date) -> Decimal | None:
    """Money that no answer of `card` exceeds on `day`; None where no price is known."""
    output = expected(card, needs) if needs.bounded else output_ceiling(card, needs.input_tokens) * needs.choices
    return charge_at_most(needs.input_tokens, output, price_at(card.prices, day, needs.input_tokens), needs.searches)


def output_ceiling(card: ModelCard, input_tokens: int) -> int:
    """Output tokens of one choice that money is held for where the caller states no ceiling: what the card can give."""
    if card.max_output is not None:
        return card.max_output
    room = _UNSTATED_CEILING if card.context is None else card.context - input_tokens
    return max(1, min(_UNSTATED_CEILING, room))


def _not_permitted(question: Question, verdict: Verdict, *, several: bool) -> NotPermitted:
    """The refusal, with what each model lacks; where there are `several` of the kind, another one may do."""
    model, trouble = question.model, question.found.trouble
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
    if trouble is not None:
        en, ja = f"{trouble.en} {en}", f"{trouble.ja}{ja}"
    rules = {o.rule for objections in found.values() for o in objections}
    if model != AUTO and several and "clearance" in rules:
        en, ja = f"{en} Or let model 'auto' choose one that may answer.", f"{ja}モデル 'auto' に任せる方法もあります。"
    head = _headline(model, rules)
    return NotPermitted(Text(f"{head.en}: {en}", f"{head.ja}。{ja}"), found)


def _headline(model: str, rules: set[str]) -> Text:
    """What the refusal is about, by the rules that object."""
    if rules == {"context"}:
        every = model == AUTO
        whom = Text("every model", "どのモデル") if every else Text(repr(model), f"モデル {model!r} ")
        also = "も" if every else "は"
        return Text(f"the request is too long for {whom.en}", f"要求が長すぎて、{whom.ja}{also}読めません")
    if rules == {"kind"}:
        return Text(f"{model!r} cannot do this", f"モデル {model!r} はこの用途には使えません")
    if model == AUTO:
        return Text("no model is permitted for this request", "この要求に許可されたモデルがありません")
    return Text(f"no model is permitted for {model!r}", f"{model!r} に許可されたモデルがありません")
