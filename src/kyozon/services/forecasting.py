"""Recorded decisions with another quality: what they would have cost, and how good their answers were expected to be."""

from datetime import datetime
from decimal import Decimal
from typing import Literal

from msgspec import Struct, field, structs

from kyozon.domain.cascades import Cascade
from kyozon.domain.decisions import Decision, Outcome
from kyozon.domain.errors import MissingPiece
from kyozon.domain.quality import Estimate, Goal
from kyozon.ports.policies import Policies
from kyozon.routing.planned import still
from kyozon.services.costing import would_cost
from kyozon.services.registries import Registries, RegistryAsOf
from kyozon.services.registry import Registry
from kyozon.services.replaying import ranked_again

Incomparable = Literal["unanswered", "single", "without_estimates"]
"""Refused, failed or answered from the cache · only one model could be meant · recorded without estimates."""


class Move(Struct):
    """Requests that would have gone from one model to another."""

    before: str
    after: str
    requests: int = 0


class AtQuality(Struct):
    """What another quality would have changed.

    `decisions` are all there are, `compared` those with estimates. Not compared are those `without_estimates`, those for
    which only a `single` model could be meant, and those `unanswered`: refused, failed, or answered from the cache. Money
    is in `currency`, that of the first answer, and of the `compared` with prices known in it on both sides; the others are
    `unpriced`. `expected_before` and `expected_after` are mean qualities, `expected_best` is that of taking the best
    permitted model each time.
    """

    quality: Goal
    decisions: int = 0
    compared: int = 0
    without_estimates: int = 0
    single: int = 0
    unanswered: int = 0
    elsewhere: int = 0
    unpriced: int = 0
    cost_before: Decimal = Decimal(0)
    cost_after: Decimal = Decimal(0)
    expected_before: float = 0.0
    expected_after: float = 0.0
    expected_best: float = 0.0
    currency: str = ""
    moves: list[Move] = field(default_factory=list)


class Forecaster:
    """Makes recorded decisions again with another quality, from the estimates that stand in them."""

    def __init__(self, policies: Policies, as_of: RegistryAsOf) -> None:
        self._policies = policies
        self._then = Registries(policies, as_of)

    async def at(self, goal: Goal, since: datetime, tenant: str | None = None) -> AtQuality:
        """Every decision since a moment, had `goal` been asked of it."""
        found = AtQuality(goal)
        async for decision, outcome in self._policies.recorded(since, tenant):
            found.decisions += 1
            if (registry := await self._comparable(found, decision, outcome)) is not None and outcome is not None:
                _compare(found, decision, outcome, registry)
        for name in ("expected_before", "expected_after", "expected_best"):
            setattr(found, name, round(getattr(found, name) / max(1, found.compared), 4))
        found.moves.sort(key=lambda move: (-move.requests, move.before, move.after))
        return found

    async def _comparable(self, found: AtQuality, decision: Decision, outcome: Outcome | None) -> Registry | None:
        """What was known when it was decided; None, and counted, where there is nothing to compare."""
        registry = await known_then(self._then, decision)
        why = incomparable(decision, outcome) or (None if registry is not None else "without_estimates")
        if why is not None:
            setattr(found, why, getattr(found, why) + 1)
        return None if why is not None else registry


def incomparable(decision: Decision, outcome: Outcome | None) -> Incomparable | None:
    """Why there is nothing to compare; None where there is."""
    cached = outcome is not None and outcome.cache is not None and outcome.cache.hit
    if decision.kind != "chat" or decision.chosen is None or outcome is None or outcome.model is None or cached:
        return "unanswered"
    if len({one.model for one in decision.candidates}) == 1:
        return "single"
    return None if decision.estimator else "without_estimates"


async def known_then(registries: Registries, decision: Decision) -> Registry | None:
    """What was known when it was decided; None where the record does not say, or a part of that time is not installed."""
    try:
        return await registries.of(decision)
    except MissingPiece:
        return None


def _compare(found: AtQuality, decision: Decision, outcome: Outcome, registry: Registry) -> None:
    ranked = sorted((one for one in decision.candidates if one.rank is not None), key=lambda one: one.rank or 0)
    needs = structs.replace(decision.needs, quality=found.quality) if decision.needs else None
    ranking = ranked_again(structs.replace(decision, needs=needs), registry)
    before, after, plan = ranked[0], ranking.options[0], still(ranking.cascade, ranking.options)
    found.compared += 1
    found.expected_before += decision.cascade.quality if decision.cascade else _quality(before.estimate)
    found.expected_after += plan.quality if plan else _quality(after.estimate)
    found.expected_best += max(_quality(one.estimate) for one in ranked)
    here, there = _models(before.model, decision.cascade), _models(after.card.id, plan)
    if here != there:
        found.elsewhere += 1
        _move(found, here, there)
    paid, cost = outcome.paid, would_cost(decision, outcome, ranking)
    if paid.priced:
        found.currency = found.currency or paid.currency
    if not (paid.priced and cost.priced and paid.currency == cost.currency == found.currency):
        found.unpriced += 1
    else:
        found.cost_before += paid.amount
        found.cost_after += cost.amount


def _move(found: AtQuality, before: str, after: str) -> None:
    move = next((one for one in found.moves if (one.before, one.after) == (before, after)), None)
    if move is None:
        move = Move(before, after)
        found.moves.append(move)
    move.requests += 1


def _models(first: str, plan: Cascade | None) -> str:
    return first if plan is None else f"{first} → {plan.strong}"


def _quality(estimate: Estimate | None) -> float:
    return 0.0 if estimate is None else estimate.quality
