"""What a recorded request would have cost, had another model, or another cascade, answered it."""

from decimal import Decimal

from msgspec import structs

from kyozon.domain.cascades import Cascade
from kyozon.domain.decisions import Attempt, Candidate, Decision, Outcome
from kyozon.domain.usage import Charge, Usage, together
from kyozon.metering.pricing import charge, price_at
from kyozon.routing.option import Option, Ranking
from kyozon.routing.planned import still

_PLACES = 9
"""Decimal places of money that is reckoned, not charged."""


def would_cost(decision: Decision, outcome: Outcome, ranking: Ranking) -> Charge:
    """Everything of a request that was answered, had it gone by `ranking`, at the prices of the cards there.

    Where the same models would have been asked, each has used what it has used. Else it is the usage of whoever answered
    first, its output as much longer as the other's was expected to be; a cascade costs as much more as its plan expects.
    The call for the cache is made either way. A request that nobody answered would have ended the same.
    """
    if outcome.model is None:
        return outcome.paid
    before = next((one for one in decision.candidates if one.rank == 1), None)
    after, plan = ranking.options[0], still(ranking.cascade, ranking.options)
    if before is not None and (before.provider, before.model) == after.card.place and _alike(decision.cascade, plan):
        return _the_same(decision, outcome, ranking)
    found = _first(decision, outcome, before, after)
    found = found if plan is None else _with_stronger(found, after, plan)
    embedding = outcome.cache.embedding if outcome.cache else None
    return found if embedding is None or embedding.charge is None else together([found, embedding.charge])


def _alike(one: Cascade | None, other: Cascade | None) -> bool:
    """Whether the same stronger model stands behind the first, or none."""
    return (one and one.strong) == (other and other.strong)


def _the_same(decision: Decision, outcome: Outcome, ranking: Ranking) -> Charge:
    """Each call at the price of its card; at what was charged where that card is not there."""
    answer = Attempt(
        outcome.model or "",
        outcome.provider or ranking.options[0].card.provider,
        usage=outcome.usage,
        charge=outcome.charge,
    )
    cards = {option.card.place: option.card for option in ranking.options}
    found = list[Charge]()
    for call in (answer, *outcome.calls):
        card = cards.get((call.provider, call.model))
        if call.charge is not None and call.usage is not None and card is not None:
            found.append(charge(call.usage, price_at(card.prices, decision.at.date(), call.usage.input)))
        elif call.charge is not None:
            found.append(call.charge)
    return together(found)


def _first(decision: Decision, outcome: Outcome, before: Candidate | None, after: Option) -> Charge:
    usage = outcome.usage if before is None else _used(outcome, before)
    said = before and before.estimate and before.estimate.output_tokens
    if said and after.estimate is not None and after.estimate.output_tokens is not None:
        usage = structs.replace(usage, output=round(usage.output * after.estimate.output_tokens / said))
    return charge(usage, price_at(after.card.prices, decision.at.date(), usage.input))


def _used(outcome: Outcome, first: Candidate) -> Usage:
    """What the model that answered first has used, whether its answer was delivered or set aside."""
    aside = (one.usage for one in outcome.attempts if (one.provider, one.model) == (first.provider, first.model))
    found = next((usage for usage in aside if usage is not None), None)
    return found or outcome.usage


def _with_stronger(cost: Charge, first: Option, plan: Cascade) -> Charge:
    """The cost of a first answer, and as much more as the plan expects of the stronger model's beside it."""
    amount = cost.amount * plan.cost / first.cost if first.cost else Decimal(plan.cost)
    return structs.replace(cost, amount=round(amount, _PLACES))
