"""Which other model a request goes to now and then, so that what is never chosen is still learnt of.

A share of the requests goes to one of the others, each of them as likely (epsilon-greedy); the probability of what was done
goes on record, without which nothing could be learnt from it about another way to choose.
"""

from collections.abc import Callable, Sequence

from kyozon.domain.decisions import Exploration
from kyozon.domain.language import Text
from kyozon.domain.models import ModelCard
from kyozon.domain.policy import Exploring
from kyozon.domain.quality import Goal
from kyozon.domain.requests import Needs
from kyozon.routing.option import Option, Ranking
from kyozon.routing.planned import still

Choice = tuple[str, ...]
"""The model that answers; where a cascade is planned, also the stronger one and the second opinion ("" for none)."""


def may_explore(goal: Goal | None, needs: Needs | None) -> bool:
    """Whether chance may choose: not where the best is asked for, and not between the call of a tool and its result."""
    if goal is None or goal.share >= 1 or needs is None:
        return False
    return needs.before is None or not needs.before.loop


def choice_of(ranking: Ranking) -> Choice:
    """Who answers, and who else was planned to be asked."""
    plan = still(ranking.cascade, ranking.options)
    first = ranking.options[0].card.id
    return (first,) if plan is None else (first, plan.strong, plan.opinion or "")


def others(ranking: Ranking, floor: float, healthy: Callable[[ModelCard], bool]) -> tuple[Option, ...]:
    """The models that may answer alone in place of the choice, each by its first deployment, in the router's order.

    They are healthy, in time, have a price, are no demos, and each is expected to reach at least `floor` times the quality
    of the best. What one costs is bounded: none is dearer than the dearest that was weighed. The first is among them where
    it would not answer alone.
    """
    options = ranking.options
    able = (option for option in options if not option.card.demo and not option.late)
    known = [(option, option.estimate) for option in able if option.estimate is not None]
    enough = floor * max((estimate.quality for _, estimate in known), default=0.0)
    found: dict[str, Option] = {}
    for option, estimate in known:
        if estimate.quality >= enough and option.cost is not None and healthy(option.card):
            found.setdefault(option.card.id, option)
    if choice_of(ranking) == (options[0].card.id,):
        found.pop(options[0].card.id, None)
    return tuple(found.values())


def propensities(ranking: Ranking, drawn_from: Sequence[Option], share: float) -> dict[Choice, float]:
    """The probability of each choice, where `drawn_from` are the others; what is not named is never chosen."""
    usual = choice_of(ranking)
    if not drawn_from:
        return {usual: 1.0}
    return {usual: 1 - share, **{(option.card.id,): share / len(drawn_from) for option in drawn_from}}


def left_to_chance(
    ranking: Ranking, rule: Exploring, draw: float, healthy: Callable[[ModelCard], bool]
) -> tuple[Ranking, Exploration | None]:
    """The ranking with another model first where `draw`, from 0 up to 1, says so; None where nothing is drawn for.

    Who is drawn answers alone, whatever was planned: so what comes of it tells of that model.
    """
    options = ranking.options
    found = others(ranking, rule.floor, healthy)
    if not found or not rule.share:
        return ranking, None
    if draw >= rule.share:
        return ranking, Exploration(1 - rule.share, draw, explored=False)
    chosen = found[min(int(draw / rule.share * len(found)), len(found) - 1)]
    order = (chosen, *(option for option in options if option is not chosen))
    drawn = Exploration(rule.share / len(found), draw, explored=True, instead=choice_of(ranking))
    return Ranking(order, _reason(chosen, options[0], rule)), drawn


def _reason(chosen: Option, first: Option, rule: Exploring) -> Text:
    expected = "?" if chosen.estimate is None else f"{chosen.estimate.quality:.2f}"
    name, usual, share = chosen.card.id, first.card.id, f"{100 * rule.share:g} %"
    if name == usual:
        return Text(
            f"{name} was drawn by chance to answer alone, to learn how good it is (expected quality {expected}); "
            f"{share} of such requests are left to chance",
            f"抽選により {name} が単独で応答します。実際の品質を知るためです（予測品質 {expected}）。"
            f"こうした要求の {share} が抽選の対象です",
        )
    return Text(
        f"{name} was drawn by chance in the place of {usual}, to learn how good it is (expected quality {expected}); "
        f"{share} of such requests are left to chance",
        f"{usual} の代わりに {name} が抽選で選ばれました。実際の品質を知るためです（予測品質 {expected}）。"
        f"こうした要求の {share} が抽選の対象です",
    )
