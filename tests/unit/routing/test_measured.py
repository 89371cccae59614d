"""The best trade that is surely good enough; unlike anything known goes up; the order of the options does not matter."""

from collections.abc import Sequence
from decimal import Decimal
from random import Random

from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from kyozon.domain.quality import Estimate, Goal, parse_goal
from kyozon.domain.requests import Before, Needs
from kyozon.routing import cheapest
from kyozon.routing.measured import Offer, at_most, loss, offers, router, surest, turning_points
from kyozon.routing.option import Option
from tests.fakes.installation import CHEAP, DEAR, IN_HOUSE
from tests.fakes.strategies import costs

_share = st.integers(0, 20).map(lambda steps: steps / 20)
_goals = _share.map(Goal)


@st.composite
def _estimates(draw: st.DrawFn) -> Estimate:
    low, quality, high = sorted(draw(st.tuples(_share, _share, _share)))
    return Estimate(quality, low, high, support=draw(_share), measured=draw(st.booleans()))


@st.composite
def _offers(draw: st.DrawFn, *, all_estimated: bool = False) -> list[Option]:
    """Models at one or two providers; what is expected of a model is the same at both."""
    options = []
    for name in draw(st.lists(st.sampled_from("abcdef"), min_size=1, unique=True)):
        card = structs.replace(IN_HOUSE, id=name, demo=False if all_estimated else draw(st.booleans()))
        estimate = draw(_estimates() if all_estimated else st.none() | _estimates())
        providers = draw(st.lists(st.sampled_from("pq"), min_size=1, unique=True))
        options += [Option(structs.replace(card, provider=provider), draw(costs), estimate) for provider in providers]
    return options


def _needs(goal: Goal) -> Needs:
    return Needs("chat", quality=goal)


def _chosen(options: Sequence[Option], goal: Goal) -> Option:
    return router(options, _needs(goal)).options[0]


def _weighed(options: Sequence[Option], goal: Goal) -> Offer:
    chosen = _chosen(options, goal)
    return next(offer for offer in offers(options) if offer.option == chosen)


def _estimated(options: Sequence[Option]) -> list[Estimate]:
    return [option.estimate for option in options if option.estimate is not None]


@given(_offers(), _goals)
def test_returns_every_option_once(options: list[Option], goal: Goal) -> None:
    found = router(options, _needs(goal)).options
    assert len(found) == len(options)
    assert all(option in found for option in options)


@given(_offers(), _goals, st.randoms(use_true_random=False))
def test_the_order_of_the_input_does_not_matter(options: list[Option], goal: Goal, random: Random) -> None:
    shuffled = list(options)
    random.shuffle(shuffled)
    assert router(shuffled, _needs(goal)) == router(options, _needs(goal))


@given(_offers(all_estimated=True), _goals)
def test_the_choice_is_surely_as_good_as_asked(options: list[Option], goal: Goal) -> None:
    chosen, best = _chosen(options, goal).estimate, surest(_estimated(options))
    assert chosen is not None
    assert loss(chosen, best) <= 1 - goal.share + 1e-9
    if best.measured:
        assert chosen.low >= best.low * goal.share - 1e-9


@given(_offers(all_estimated=True), _goals, _goals)
def test_a_higher_goal_is_never_cheaper_and_never_loses_more(options: list[Option], one: Goal, other: Goal) -> None:
    lower, higher = (_weighed(options, goal) for goal in sorted((one, other), key=lambda goal: goal.share))
    assert lower.cost <= higher.cost
    assert lower.loss >= higher.loss


@given(_offers(all_estimated=True), _goals)
def test_what_another_one_beats_is_never_chosen(options: list[Option], goal: Goal) -> None:
    chosen = _weighed(options, goal)
    for other in offers(options):
        no_worse = other.loss <= chosen.loss and other.cost <= chosen.cost
        better = other.loss < chosen.loss or (other.cost < chosen.cost and goal.share < 1)
        assert not (no_worse and better)


@given(_offers(all_estimated=True), _goals)
def test_beyond_its_turning_points_the_choice_is_another_one_and_between_them_it_stays(
    options: list[Option], goal: Goal
) -> None:
    chosen = _weighed(options, goal)
    others = [offer for offer in offers(options) if offer.option != chosen.option]
    lower, higher = turning_points(chosen, others)
    for point, sign in ((lower, -1), (higher, 1)):
        beyond, within = (None, None) if point is None else (point + sign * 1e-6, (point + goal.share) / 2)
        if beyond is not None and 0 <= beyond <= 1:
            assert _weighed(options, Goal(beyond)).cost != chosen.cost
        if within is not None and 0 <= within <= 1 and abs(within - goal.share) > 1e-6:
            assert _weighed(options, Goal(within)).cost == chosen.cost


@given(_offers(all_estimated=True), _goals)
def test_what_is_unlike_anything_known_goes_to_the_surest(options: list[Option], goal: Goal) -> None:
    unknown = [
        structs.replace(one, estimate=structs.replace(one.estimate, support=0.0))
        for one in options
        if one.estimate is not None
    ]
    if goal.share > 0:
        (chosen,), best = _estimated([_chosen(unknown, goal)]), surest(_estimated(unknown))
        assert chosen.low == best.low if best.measured else chosen.quality >= best.quality


def test_models_known_by_their_cards_alone_are_compared_by_what_is_expected_of_them() -> None:
    dear, cheap = Estimate(0.94, 0.75, 0.99, measured=False), Estimate(0.9, 0.63, 0.98, measured=False)
    options = [Option(DEAR, Decimal(40), dear), Option(CHEAP, Decimal(1), cheap)]
    assert _chosen(options, Goal(0.95)).card == CHEAP
    assert _chosen(options, Goal(0.99)).card == DEAR
    known = [structs.replace(one, estimate=structs.replace(one.estimate, measured=True)) for one in options if one.estimate]
    assert _chosen(known, Goal(0.95)).card == DEAR


@given(_estimates(), _estimates(), _share)
def test_the_less_is_known_the_more_may_be_lost(estimate: Estimate, best: Estimate, less: float) -> None:
    lesser = structs.replace(estimate, support=estimate.support * less)
    assert 0 <= loss(estimate, best) <= loss(lesser, best) <= 1


def test_support_counts_only_where_requests_are_hardly_known() -> None:
    best, cheap = Estimate(0.9, 0.8, 0.95), Estimate(0.85, 0.76, 0.9)
    lost = {support: loss(structs.replace(cheap, support=support), best) for support in (1.0, 0.2, 0.1)}
    assert lost[1.0] == lost[0.2]
    assert lost[0.1] > 1.9 * lost[1.0]


@given(_offers(all_estimated=True), _goals)
def test_deployments_of_one_model_at_one_cost_are_neighbours(options: list[Option], goal: Goal) -> None:
    """Else load would not be spread over them."""
    found = [(one.card.id, one.cost) for one in router(options, _needs(goal)).options]
    runs = [key for place, key in enumerate(found) if place == 0 or found[place - 1] != key]
    assert len(runs) == len(set(runs))


@given(_offers(), _goals)
def test_demos_and_models_of_unknown_quality_come_last(options: list[Option], goal: Goal) -> None:
    if any(one.estimate is not None and not one.card.demo for one in options):
        found = [one.estimate is None or one.card.demo for one in router(options, _needs(goal)).options]
        assert found == sorted(found)


def test_without_estimates_it_is_the_cheapest() -> None:
    options = [Option(DEAR, Decimal(9)), Option(CHEAP, Decimal(1))]
    assert router(options, Needs("chat")) == cheapest.router(options, Needs("chat"))


def _three() -> list[Option]:
    return [
        Option(DEAR, Decimal(10), Estimate(0.90, 0.88, 0.92)),
        Option(IN_HOUSE, Decimal(2), Estimate(0.88, 0.85, 0.90)),
        Option(CHEAP, Decimal(1), Estimate(0.70, 0.65, 0.75)),
    ]


def test_each_goal_takes_what_it_takes() -> None:
    goals = ("max", "0.97", "high", "balanced", "economy", "0")
    found = {name: _chosen(_three(), parse_goal(name)).card.id for name in goals}
    assert found == {
        "max": "dear",
        "0.97": "dear",
        "high": "in-house",
        "balanced": "in-house",
        "economy": "in-house",
        "0": "in-house",  # a tenth of the price is not worth a quarter of the quality
    }


def test_what_comes_next_is_the_next_best_trade() -> None:
    fourth = Option(structs.replace(CHEAP, id="fourth"), Decimal(3), Estimate(0.6, 0.5, 0.7))
    ranked = router([*_three(), fourth], _needs(parse_goal("balanced"))).options
    assert [one.card.id for one in ranked] == ["in-house", "dear", "cheap", "fourth"]


def test_the_results_of_tools_go_to_whoever_called_them() -> None:
    before = Before("bargain", "cheap", loop=True)
    for needs, first in ((before, "cheap"), (structs.replace(before, loop=False), "dear")):
        ranking = router(_three(), structs.replace(_needs(parse_goal("max")), before=needs))
        assert ranking.options[0].card.id == first
    gone = router(_three(), structs.replace(_needs(parse_goal("max")), before=structs.replace(before, model="gone")))
    assert gone.options[0].card.id == "dear"


def test_says_why_in_both_languages() -> None:
    down = router(_three(), _needs(parse_goal("high"))).reason
    assert down.en == (
        "in-house is the best trade: expected quality 0.88 to 0.90 of dear, surely no more than 4 % lost, "
        "80 % of its cost saved"
    )
    assert "in-house" in down.ja
    assert "80 %" in down.ja
    up = router(_three(), _needs(parse_goal("max"))).reason
    assert up.en == "dear is the surest (expected quality 0.90), and no cheaper model saves enough for what it may lose"
    lost = [structs.replace(one, estimate=structs.replace(one.estimate, support=0.1)) for one in _three() if one.estimate]
    assert router(lost, _needs(parse_goal("high"))).reason.en.startswith("hardly any request like this one is known")


def test_the_most_that_is_lost_is_never_said_to_be_less() -> None:
    assert [at_most(lost) for lost in (0.0, 0.003, 0.01, 0.07, 0.0701, 1.0)] == ["0 %", "1 %", "1 %", "7 %", "8 %", "100 %"]
