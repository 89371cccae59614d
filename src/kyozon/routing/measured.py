"""The best trade of quality for money: no answer surely worse than asked, and nothing given up that saves too little.

What a model surely reaches is the lower end of its interval: chosen by the expectation itself, the models that are
overestimated would be chosen most (the winner's curse). Its loss is what it lacks of what the surest permitted model surely
reaches. Where requests like this one are hardly known it may lose more: unlike anything known goes up. Where the surest
itself is known by its card alone, expectations are compared: what is not known of such models they have in common, and
counted against each of them it would send every request to the dearest.

The choice minimises loss + (1 - goal) * cost, both as shares: of the surest one's quality, of the dearest permitted one's
cost. That is the Lagrangian of the least cost at a given quality, so over many requests it costs less than taking the
cheapest model above a bound for each. The bound holds all the same: the choice never loses more than 1 - goal.

Where answers may be judged, a cascade is weighed beside the single models, by the same measure (`routing.planning`).

Who answered the conversation before is cheaper by what its provider has cached of it. The results of tools go to whoever
has called them: another model would not know what they are for.
"""

import math
from collections.abc import Sequence
from decimal import Decimal

from msgspec import Struct

from kyozon.domain.cascades import Cascade
from kyozon.domain.language import Text
from kyozon.domain.quality import HIGH, Estimate, Goal
from kyozon.domain.requests import Needs
from kyozon.routing import cheapest
from kyozon.routing.option import Option, Ranking
from kyozon.routing.planning import Chance, plan

_UNFAMILIAR = 0.2
"""Support below which requests like this one are hardly known, so that a loss counts more. Above it estimates hold."""


class Offer(Struct, frozen=True):
    """What a model may lose and what it costs: shares of the surest one's quality, of the dearest permitted one's cost."""

    option: Option
    estimate: Estimate
    loss: float
    cost: float


def router(options: Sequence[Option], needs: Needs) -> Ranking:
    """Order: the best trade first; models of unknown quality by cost after them, demos last.

    So a failed call goes on at the next best trade. Without any estimate the cheapest is taken.
    """
    goal = needs.quality or HIGH
    order = sorted(offers(options), key=lambda offer: _place(offer, goal))
    if not order:
        return cheapest.router(options, needs)
    caller = _caller(order, needs)
    if caller is not None:
        order = [caller, *(offer for offer in order if offer is not caller)]
    cascade = None if caller else _cascade(order, goal, needs)
    if cascade is not None:
        order.sort(key=lambda offer: _part(offer.option, cascade))
    unknown = [option for option in options if option.estimate is None or option.card.demo]
    rest = cheapest.router(unknown, needs).options if unknown else ()
    reason = _goes_on(caller) if caller else _begins(order, cascade) if cascade else _reason(order)
    return Ranking((*(offer.option for offer in order), *rest), reason, cascade)


def offers(options: Sequence[Option]) -> list[Offer]:
    """The options that can be weighed. One of unknown price counts as the dearest."""
    able = [(option, option.estimate) for option in options if option.estimate is not None and not option.card.demo]
    if not able:
        return []
    best = surest([estimate for _, estimate in able])
    dearest = max((option.cost for option, _ in able if option.cost is not None), default=Decimal(0))
    return [Offer(option, estimate, loss(estimate, best), _share(option.cost, dearest)) for option, estimate in able]


def surest(estimates: Sequence[Estimate]) -> Estimate:
    """Of at least one estimate, that of the model which surely reaches most."""
    return max(estimates, key=lambda estimate: (estimate.low, estimate.measured, estimate.quality))


def loss(estimate: Estimate, best: Estimate) -> float:
    """The share of what the surest, `best`, reaches that a model may lose: 0 for the surest, 1 where nothing is known."""
    reached, most = (estimate.low, best.low) if best.measured else (estimate.quality, best.quality)
    if reached >= most:
        return 0.0
    below, known = 1 - reached / most, min(1.0, estimate.support / _UNFAMILIAR)
    return below / known if below < known else 1.0


def at_most(lost: float) -> str:
    """A loss in whole per cent, rounded up: what is said to be the most stays the most."""
    return f"{math.ceil(round(100 * lost, 6))} %"


def turning_points(chosen: Offer, others: Sequence[Offer]) -> tuple[float | None, float | None]:
    """The goals at which another offer is as good a trade as the chosen one: the nearest below and the nearest above."""
    below = [(one.loss - chosen.loss) / (chosen.cost - one.cost) for one in others if one.cost < chosen.cost]
    above = [(chosen.loss - one.loss) / (one.cost - chosen.cost) for one in others if one.cost > chosen.cost]
    return 1 - min(below) if below else None, 1 - max(above) if above else None


def _share(cost: Decimal | None, dearest: Decimal) -> float:
    if cost is None:
        return 1.0
    return float(cost / dearest) if dearest else 0.0


# The deployments of one model at one cost are neighbours: load is balanced over such.
def _place(offer: Offer, goal: Goal) -> tuple[float, bool, Decimal, float, float, float, str, str]:
    option, estimate = offer.option, offer.estimate
    trade = offer.loss + (1 - goal.share) * offer.cost
    surest = (-estimate.low, -estimate.quality, -estimate.support)
    return trade, option.cost is None, option.cost or Decimal(0), *surest, option.card.id, option.card.provider


def _cascade(order: Sequence[Offer], goal: Goal, needs: Needs) -> Cascade | None:
    """A cascade that is worth more than the best trade: by what each model surely reaches, as for the trade itself."""
    best = surest([offer.estimate for offer in order])
    priced = [offer for offer in order if offer.option.cost is not None]
    dearest = max((offer.option.cost or Decimal(0) for offer in priced), default=Decimal(0))
    if not dearest or needs.foresight is None:
        return None
    chances = [
        Chance(one.option, best.quality * (1 - one.loss), one.estimate.support, _judged(one, needs)) for one in priced
    ]
    return plan(chances, (1 - goal.share) * best.quality / float(dearest), needs.foresight, needs.within)


def _judged(offer: Offer, needs: Needs) -> bool:
    """Whether its answer is expected to be short enough; of unknown length, none is that must be short."""
    length = offer.estimate.output_tokens
    return (needs.output_tokens if length is None else length) <= needs.judgeable


def _part(option: Option, cascade: Cascade) -> int:
    """Its place in a cascade: who begins, the stronger one, the second opinion, everybody else in the order they have."""
    parts = (cascade.first, cascade.strong, cascade.opinion)
    return parts.index(option.card.id) if option.card.id in parts else len(parts)


def _caller(order: Sequence[Offer], needs: Needs) -> Offer | None:
    """Who has called the tools whose results the request brings."""
    before = needs.before
    if before is None or not before.loop:
        return None
    return next((offer for offer in order if offer.option.card.place == (before.provider, before.model)), None)


def _goes_on(caller: Offer) -> Text:
    name = caller.option.card.id
    return Text(
        f"{name} called the tools whose results these are, so it goes on",
        f"このツールを呼び出した {name} が、その結果を受けて続けます",
    )


def _begins(order: Sequence[Offer], cascade: Cascade) -> Text:
    first, strong, chosen = cascade.first, cascade.strong, order[0]
    expected, whole = f"{chosen.estimate.quality:.2f}", f"{cascade.quality:.2f}"
    return Text(
        f"{first} begins (expected quality {expected}): its answer is judged, and {strong} is asked where it is not good "
        f"enough (expected of both together {whole})",
        f"まず {first} が応答し（予測品質 {expected}）、回答を評価して不十分な場合に {strong} に尋ねます"
        f"（全体の予測品質 {whole}）",
    )


def _reason(order: Sequence[Offer]) -> Text:
    chosen, best = order[0], min(order, key=lambda offer: (offer.loss, -offer.estimate.low))
    name, top, expected = chosen.option.card.id, best.option.card.id, f"{chosen.estimate.quality:.2f}"
    if chosen.loss:
        saved, most = 100 * (1 - chosen.cost / best.cost) if best.cost else 0.0, f"{best.estimate.quality:.2f}"
        lost = at_most(chosen.loss)
        return Text(
            f"{name} is the best trade: expected quality {expected} to {most} of {top}, surely no more than {lost} lost, "
            f"{saved:.0f} % of its cost saved",
            f"{name} は品質と費用の釣り合いが最も良いモデルです。予測品質 {expected}（{top} は {most}）、"
            f"品質の低下は最大 {lost}、費用は {saved:.0f} % 節約",
        )
    if chosen.estimate.support < _UNFAMILIAR:
        return Text(
            f"hardly any request like this one is known, so it goes to the surest, {name} (expected quality {expected})",
            f"似た要求の記録がほとんどないため、最も確実な {name} に任せます（予測品質 {expected}）",
        )
    return Text(
        f"{name} is the surest (expected quality {expected}), and no cheaper model saves enough for what it may lose",
        f"{name} が最も確実で（予測品質 {expected}）、品質の低下に見合うほど安いモデルはありません",
    )
