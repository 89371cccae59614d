"""Ceilings of users, tenants and models: exact in a crowd, taken from all or none, and the message says whose."""

import asyncio
from decimal import Decimal

import pytest
from msgspec import structs

from kyozon.domain.callers import ApiKey, Limits
from kyozon.domain.errors import BudgetReached, KyozonError, LimitReached
from kyozon.services.scopes import SharedLimits
from tests.fakes.installation import FakeInstallation, api_key, ask

NONE = Limits()


def _house(**limits: dict[str, Limits]) -> FakeInstallation:
    house = FakeInstallation()
    house.limiter._shared = SharedLimits(**limits)
    return house


def _key(name: str, tenant: str = "default", user: str = "ann", limits: Limits = NONE) -> ApiKey:
    return structs.replace(api_key(name, limits), tenant=tenant, user=user)


async def _crowd(house: FakeInstallation, keys: list[ApiKey], model: str = "cheap") -> list[KyozonError]:
    work = [house.chat.answer(ask(model, key=key, max_tokens=100)) for key in keys for _ in range(20)]
    found = await asyncio.gather(*work, return_exceptions=True)
    house.assert_settled()
    return [one for one in found if isinstance(one, KyozonError)]


@pytest.mark.parametrize("kind", ["users", "tenants", "models"])
async def test_requests_are_exact_over_all_keys(kind: str) -> None:
    name = {"users": "ann", "tenants": "default", "models": "cheap"}[kind]
    house = _house(**{kind: {name: Limits(requests_per_minute=7)}})
    refused = await _crowd(house, [_key("one"), _key("two")])
    assert (len(house.sent), len(refused)) == (7, 33)
    assert all(f"{kind[:-1]} {name} may use 7 requests per minute" in str(error) for error in refused)


@pytest.mark.parametrize("kind", ["users", "tenants", "models"])
async def test_money_is_exact_over_all_keys(kind: str) -> None:
    name = {"users": "ann", "tenants": "default", "models": "cheap"}[kind]
    budget = Decimal("0.002")
    house = _house(**{kind: {name: Limits(money_per_month=budget)}})
    refused = await _crowd(house, [_key("one"), _key("two")])
    spent = house.book.total("key:key_one:spend") + house.book.total("key:key_two:spend")
    assert 0 < spent <= budget
    assert refused
    assert all(isinstance(error, BudgetReached) and f"{name} may spend" in str(error) for error in refused)


async def test_users_of_one_name_in_two_tenants_count_apart() -> None:
    house = _house(users={"ann": Limits(requests_per_minute=1)})
    for tenant in ("red", "blue"):
        await house.chat.answer(ask(key=_key(tenant, tenant)))
    with pytest.raises(LimitReached):
        await house.chat.answer(ask(key=_key("red", "red")))


async def test_a_refusal_of_one_takes_nothing_from_the_others() -> None:
    key = _key("one", limits=Limits(requests_per_minute=10, tokens_per_minute=10_000, money_per_month=Decimal(1)))
    house = _house(tenants={"default": Limits(requests_per_minute=5)}, models={"cheap": Limits(requests_per_minute=1)})
    await house.chat.answer(ask("cheap", key=key, max_tokens=100))
    held = structs.asdict
    buckets = {pool: held(each) for pool, each in house.leasing.buckets.items()}
    purses = {place: held(each) for place, each in house.leasing.purses.items()}
    with pytest.raises(LimitReached, match="model cheap"):
        await house.chat.answer(ask("cheap", key=key, max_tokens=100))
    assert {pool: held(each) for pool, each in house.leasing.buckets.items()} == buckets
    assert {place: held(each) for place, each in house.leasing.purses.items()} == purses


async def test_a_model_at_its_ceiling_is_passed_over_for_another() -> None:
    house = _house(models={"cheap": Limits(requests_per_minute=1)})
    for _ in range(2):
        await house.chat.answer(ask())
    assert house.sent == ["cheap", "in-house"]
    house.assert_settled()


async def test_a_fallback_that_was_not_needed_gives_its_share_back() -> None:
    house = _house(models={"in-house": Limits(requests_per_minute=1, tokens_per_minute=5000)})
    for _ in range(3):
        await house.chat.answer(ask())
    assert house.sent == ["cheap"] * 3
    await house.chat.answer(ask("in-house"))
    with pytest.raises(LimitReached, match="model in-house"):
        await house.chat.answer(ask("in-house"))


async def test_the_headers_tell_what_is_scarcest() -> None:
    key = _key("one", limits=Limits(requests_per_minute=60))
    house = _house(tenants={"default": Limits(requests_per_minute=5)})
    await house.chat.answer(ask(key=key))
    assert house.limiter.remaining(key)["requests"].limit == 5


async def test_what_an_earlier_process_spent_counts_for_everybody() -> None:
    house = FakeInstallation()
    await house.chat.answer(ask("cheap", key=_key("one"), max_tokens=100))
    budget = Limits(money_per_month=Decimal("0.0006"))
    for shared in ({"users": {"ann": budget}}, {"tenants": {"default": budget}}, {"models": {"cheap": budget}}):
        house.limiter._shared = SharedLimits(**shared)
        with pytest.raises(BudgetReached, match=r"0\.00015 is spent"):
            await house.chat.answer(ask("cheap", key=_key("two"), max_tokens=100))


async def test_where_money_is_limited_an_answer_without_a_ceiling_gets_the_one_it_is_held_for() -> None:
    house = FakeInstallation()
    await house.chat.answer(ask("cheap", key=_key("free")))
    await house.chat.answer(ask("cheap", key=_key("paid", limits=Limits(money_per_month=Decimal(1)))))
    await house.chat.answer(ask("cheap", key=_key("paid", limits=Limits(money_per_month=Decimal(1))), max_tokens=9))
    found = [call.request.chat.get("max_completion_tokens") for call in house.chats["bargain"].calls]
    assert found == [None, 4096, None]
    held = [decision.held for decision in house.book.decisions_by_id.values()]
    assert held[1] > Decimal(5) * 4096 / 1_000_000
