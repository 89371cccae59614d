"""Another quality, judged by what people said of recorded answers: how good its answers would have been, and how dear."""

import math
from datetime import datetime
from decimal import Decimal

from msgspec import Struct, field, structs

from kyozon.domain.decisions import Decision
from kyozon.domain.feedback import Rated
from kyozon.domain.models import AUTO
from kyozon.domain.quality import Goal
from kyozon.evaluation.off_policy import FEWEST, Evaluated, Lack, Logged, evaluated, possible
from kyozon.ports.feedback import FeedbackStore
from kyozon.ports.policies import Policies
from kyozon.routing.exploring import Choice, choice_of, others, propensities
from kyozon.routing.option import Ranking
from kyozon.routing.planned import still
from kyozon.services.forecasting import incomparable, known_then
from kyozon.services.registries import Registries, RegistryAsOf
from kyozon.services.registry import Registry
from kyozon.services.replaying import ranked_again


class AtGoal(Struct):
    """What another quality would have been worth.

    Of all `decisions`, `compared` ones are those whose choice was the router's. Not compared are those `without_estimates`,
    those for which only a `single` model could be meant or the caller `named` one, those `unanswered` (refused, failed, or
    answered from the cache) and those `unlike` themselves when made again; nor those `left_out`, which cannot be read.
    `explored` ones were sent to another model than
    the router's choice, `scored` ones have a score that was given outright. Of `seen_only` ones something was only seen:
    that is seen of bad answers alone, so it is no score. `score` is of the scored, `cost` (in `currency`) of all that have
    prices: both a request, None where nothing is covered. `cascades` of the scored would be answered by a cascade that had
    no chance: only models that answer alone are drawn. `without_cascades`: as if there
    were none.
    """

    quality: Goal
    without_cascades: bool = False
    decisions: int = 0
    compared: int = 0
    without_estimates: int = 0
    single: int = 0
    named: int = 0
    unanswered: int = 0
    unlike: int = 0
    explored: int = 0
    scored: int = 0
    cascades: int = 0
    seen_only: int = 0
    currency: str = ""
    score: Evaluated | None = None
    cost: Evaluated | None = None
    left_out: list[str] = field(default_factory=list)

    @property
    def lack(self) -> Lack | None:
        """Why nothing can be concluded of the quality; None where something can."""
        if self.score is not None:
            return self.score.lack
        return "few" if self.scored < FEWEST else "uncovered"


class _Chosen(Struct, frozen=True):
    """One choice: what it is, what it is expected to reach and to cost. Of a cascade, all of it together."""

    choice: Choice
    quality: float | None
    cost: Decimal | None


class _Both(Struct, frozen=True):
    """What was chosen `here` and what the other quality chooses, how probable that was; `elsewhere`: not the router's."""

    here: _Chosen
    there: _Chosen
    propensity: float
    elsewhere: bool

    def logged(self, reward: float, here: float, there: float) -> Logged:
        same = self.here.choice == self.there.choice
        return Logged(reward, here, there, self.propensity, same, self.elsewhere)


class Evaluator:
    """Judges another quality by recorded decisions and what was said of their answers."""

    def __init__(self, feedback: FeedbackStore, policies: Policies, as_of: RegistryAsOf) -> None:
        self._feedback = feedback
        self._then = Registries(policies, as_of)

    async def at(self, goal: Goal, since: datetime, tenant: str | None = None, *, alone: bool = False) -> AtGoal:
        """Every decision since a moment, had `goal` been asked of it, or that `alone`; raises `StorageUnavailable`."""
        found = AtGoal(goal, alone)
        scores, costs = list[Logged](), list[Logged]()
        async for rated in self._feedback.rated(since, tenant=tenant, left_out=found.left_out):
            found.decisions += 1
            registry = await self._comparable(found, rated)
            both = None if registry is None else _both(rated.decision, registry, found)
            if both is not None and both.here.choice[0] != rated.decision.chosen:
                found.unlike += 1
            elif both is not None:
                _count(found, rated, both)
                scores += _score(rated, both)
                costs += _cost(found, rated, both)
        score, cost = evaluated(scores), evaluated(costs, proportional=True)
        found.score = None if score is None else possible(score, 1.0)
        found.cost = None if cost is None else possible(cost, math.inf)
        return found

    async def _comparable(self, found: AtGoal, rated: Rated) -> Registry | None:
        """What was known when it was decided; None, and counted, where there is nothing to compare."""
        registry = await known_then(self._then, rated.decision)
        why: str | None = incomparable(rated.decision, rated.outcome)
        if why is None and rated.decision.requested_model != AUTO:
            why = "named"
        elif why is None and registry is None:
            why = "without_estimates"
        if why is not None:
            setattr(found, why, getattr(found, why) + 1)
        return None if why is not None else registry


def _count(found: AtGoal, rated: Rated, both: _Both) -> None:
    drawn = rated.decision.exploration
    found.compared += 1
    found.explored += drawn is not None and drawn.explored
    found.scored += rated.said is not None
    found.cascades += rated.said is not None and len(both.there.choice) > 1 and not both.propensity
    found.seen_only += rated.said is None and bool(rated.feedback)


def _both(decision: Decision, registry: Registry, found: AtGoal) -> _Both:
    """Both choices, by the model alone: where one model is served twice, its answers are the same."""
    undrawn = structs.replace(decision, exploration=None)
    needs = structs.replace(decision.needs, quality=found.quality) if decision.needs else None
    if needs is not None and found.without_cascades:
        needs = structs.replace(needs, judgeable=0)
    usual = ranked_again(undrawn, registry)
    there = _chosen(ranked_again(structs.replace(undrawn, needs=needs), registry))
    drawn, rule = decision.exploration, registry.installation.exploring
    well = {(one.provider, one.model) for one in decision.candidates if one.health is None}
    tried = () if drawn is None else others(usual, rule.floor, lambda card: card.place in well)
    chances = propensities(usual, tried, rule.share)
    here = _chosen(ranked_again(decision, registry))
    return _Both(here, there, chances.get(there.choice, 0.0), there.choice != choice_of(usual))


def _chosen(ranking: Ranking) -> _Chosen:
    first, plan = ranking.options[0], still(ranking.cascade, ranking.options)
    if plan is not None:
        return _Chosen(choice_of(ranking), plan.quality, plan.cost)
    return _Chosen(choice_of(ranking), first.estimate.quality if first.estimate else None, first.cost)


def _score(rated: Rated, both: _Both) -> list[Logged]:
    said, here, there = rated.said, both.here.quality, both.there.quality
    if said is None or here is None or there is None:
        return []
    return [both.logged(said, here, there)]


def _cost(found: AtGoal, rated: Rated, both: _Both) -> list[Logged]:
    """Money in the currency of the first answer."""
    here, there = both.here.cost, both.there.cost
    if rated.outcome is None or here is None or there is None:
        return []
    paid = rated.outcome.paid
    if not paid.priced:
        return []
    found.currency = found.currency or paid.currency
    if paid.currency != found.currency:
        return []
    return [both.logged(float(paid.amount), float(here), float(there))]
