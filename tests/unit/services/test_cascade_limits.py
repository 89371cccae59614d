"""What holds a cascade within somebody's limits, what its record says then, and what it is reckoned at afterwards."""

import asyncio
import threading
from decimal import Decimal

import pytest
from msgspec import structs

from kyozon.bootstrap.estimating import verifier
from kyozon.bootstrap.reading import registry_as_of, under
from kyozon.domain.callers import Limits
from kyozon.domain.cascades import Hold, Judged
from kyozon.domain.errors import BudgetReached, UpstreamFailed
from kyozon.domain.models import ModelCard
from kyozon.routing.breaking import Breaking
from kyozon.routing.judging import Judge
from kyozon.routing.verifying.answered import Answered, Stakes
from kyozon.services.cascading import Cascading
from kyozon.services.scopes import SharedLimits
from kyozon.services.simulating import Replayer, Simulated
from tests.fakes.cascades import LARGE, SMALL, House, acts
from tests.fakes.installation import CHEAP, DEAR, IN_HOUSE, api_key
from tests.fakes.waiting import until
from tests.samples.sums import BAD, GOOD

FREE = structs.replace(CHEAP, prices=(structs.replace(CHEAP.prices[0], input=Decimal(0), output=Decimal(0)),))


def _behind_three(first: ModelCard) -> House:
    """The strong model stands fourth: the first is served three times."""
    house = House((*(structs.replace(first, provider=name) for name in ("bargain", "local", "third")), DEAR), BAD)
    installation = house.registry.installation
    providers = {**installation.providers, "third": installation.providers["bargain"]}
    house.registry.installation = structs.replace(installation, providers=providers)
    house.chats["third"] = house.chats["bargain"]
    return house


@pytest.mark.parametrize("first", [CHEAP, FREE])
async def test_a_strong_model_far_behind_in_the_order_is_held_for(first: ModelCard) -> None:
    house = _behind_three(first)
    with pytest.raises(BudgetReached):
        await house.answered(key=api_key(limits=Limits(money_per_month=Decimal("0.0012"))))
    assert house.sent == []
    _, decision, outcome = await house.answered(key=api_key(limits=Limits(money_per_month=Decimal(1))))
    assert [one.rank for one in decision.candidates if one.model == "dear"] == [4]
    assert acts(outcome) == [("cheap", "escalate", None), ("dear", None, None)]
    _, alone, _ = await house.answered(model="dear")
    assert decision.held == alone.held * (Decimal("1.1") if first is CHEAP else 1)
    house.assert_settled()


async def test_its_own_ceiling_is_taken_from_too() -> None:
    house = _behind_three(CHEAP)
    house.limiter._shared = SharedLimits(models={"dear": Limits(requests_per_minute=1)})
    first, second = [(await house.answered())[1:] for _ in range(2)]
    assert [one.cascade is not None for one, _ in (first, second)] == [True, False]
    assert acts(second[1]) == [("cheap", None, None)]
    assert second[0].reason.en.startswith("cheap answers alone: dear")


async def test_a_cascade_that_has_fallen_is_not_the_reason() -> None:
    house = House(breaking=Breaking(in_row=1, calls=1_000_000))
    call = house.health.begin(CHEAP)
    call.failed(None)
    call.end()
    _, decision, _ = await house.answered()
    assert (decision.chosen, decision.cascade) == ("dear", None)
    assert decision.reason.en.startswith("dear comes next in the order: cheap")
    assert "judged" not in decision.reason.en


async def test_a_second_opinion_that_failed_is_not_paid_by_who_leaves_later() -> None:
    house, go, begun = House((IN_HOUSE, CHEAP, DEAR)), threading.Event(), list[int]()

    class Slow(Judge):
        def judge(self, answered: Answered, stakes: Stakes) -> Judged:
            begun.append(len(begun))
            if len(begun) == 2:
                go.wait(30)
            return structs.replace(super().judge(answered, stakes), act="ask")

    slow = Slow(verifier())
    house.chats["bargain"].scripts = [[UpstreamFailed("bargain", 500, "")]]
    house.cascading = Cascading(lambda: slow, house.attempts, house.settler, Hold(), house.time.world, patience=60)
    house.use_cache(house.cache_options)
    running = asyncio.create_task(house.answered())
    await until(lambda: len(begun) == 2)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    go.set()
    await house.drain()
    (outcome,) = house.book.outcomes.values()
    assert (outcome.status, outcome.model, outcome.charge.amount) == ("left", None, Decimal(0))
    assert house.spent() == outcome.paid.amount == Decimal("0.0003")
    house.assert_settled()


async def _simulated(house: House, *cards: ModelCard) -> Simulated:
    would = structs.replace(house.registry.installation, cards=cards)
    return await Replayer(house.policies, registry_as_of).simulate(
        lambda basis: under(would, basis), "other", house.time.now
    )


@pytest.mark.parametrize(("first", "paid"), [(BAD, SMALL + LARGE), (GOOD, SMALL)])
async def test_the_same_policy_saves_nothing(first: str, paid: Decimal) -> None:
    house = House(first=first)
    await house.answered()
    found = await _simulated(house, CHEAP, DEAR)
    assert (found.unchanged, found.cost_before, found.cost_after) == (1, paid, paid)


async def test_another_policy_is_forecast_with_all_of_a_cascade() -> None:
    house = House(first=BAD)
    await house.answered()
    alone = await _simulated(house, DEAR)
    assert (alone.elsewhere, alone.cost_before, alone.cost_after) == (1, SMALL + LARGE, LARGE)
    (price,) = DEAR.prices
    raised = structs.replace(DEAR, prices=(structs.replace(price, input=2 * price.input, output=2 * price.output),))
    dearer = await _simulated(house, CHEAP, raised)
    assert (dearer.unchanged, dearer.cost_before, dearer.cost_after) == (1, SMALL + LARGE, SMALL + 2 * LARGE)


async def test_what_was_answered_alone_is_forecast_as_the_cascade_that_it_would_be() -> None:
    house = House()
    foresight = house.registry.installation.foresight
    house.registry.installation = structs.replace(house.registry.installation, foresight=None)
    _, decision, _ = await house.answered()
    assert (decision.chosen, decision.cascade) == ("dear", None)
    house.registry.installation = structs.replace(house.registry.installation, foresight=foresight)
    found = await _simulated(house, CHEAP, DEAR)
    assert (found.elsewhere, found.cost_before) == (1, LARGE)
    assert SMALL < found.cost_after < SMALL + LARGE
