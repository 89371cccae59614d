"""Limits and budgets are exact however many ask at once."""

import asyncio
from datetime import timedelta
from decimal import Decimal

import pytest
from msgspec import structs

from kyozon.domain.callers import Limits
from kyozon.domain.errors import BudgetReached, LimitReached
from kyozon.domain.models import AUTO
from tests.fakes.installation import FakeInstallation, api_key, ask

TRIES = 60


async def _crowd(house: FakeInstallation, limits: Limits, max_tokens: int = 10, model: str = AUTO) -> list[object]:
    key = api_key(limits=limits)
    work = [house.chat.answer(ask(model, key=key, max_tokens=max_tokens)) for _ in range(TRIES)]
    return await asyncio.gather(*work, return_exceptions=True)


async def test_requests_per_minute_are_exact_in_a_crowd() -> None:
    house = FakeInstallation()
    found = await _crowd(house, Limits(requests_per_minute=7))
    assert sum(isinstance(one, LimitReached) for one in found) == TRIES - 7
    assert len(house.sent) == 7
    house.assert_settled()


async def test_tokens_per_minute_are_never_overdrawn_in_a_crowd() -> None:
    house = FakeInstallation()
    found = await _crowd(house, Limits(tokens_per_minute=1000), max_tokens=90)
    each = max(d.input_tokens_estimated + d.output_tokens_limit for d in house.book.decisions_by_id.values())
    assert len(house.sent) == 1000 // each
    assert all(one.limit == "tokens" for one in found if isinstance(one, LimitReached))
    house.assert_settled()


async def test_a_budget_is_never_overspent_in_a_crowd() -> None:
    house = FakeInstallation()
    budget = Decimal("0.002")
    found = await _crowd(house, Limits(money_per_month=budget), model="cheap", max_tokens=100)
    spent = house.book.total("key:key_test:spend")
    refused = sum(isinstance(one, BudgetReached) for one in found)
    assert 0 < refused == TRIES - len(house.sent)
    assert 0 < spent <= budget
    house.assert_settled()


async def test_what_was_not_used_is_given_back() -> None:
    """One after the other, each settled before the next: the budget lasts for what was used, not for what was held."""
    house = FakeInstallation()
    key = api_key(limits=Limits(money_per_month=Decimal("0.0022"), tokens_per_minute=1300))
    for _ in range(11):  # 110 tokens each
        await house.chat.answer(ask("cheap", key=key, max_tokens=100))
    with pytest.raises(LimitReached):  # 90 of 1300 are left
        await house.chat.answer(ask("cheap", key=key, max_tokens=100))
    house.assert_settled()


async def test_the_promise_of_a_refusal_is_kept() -> None:
    house = FakeInstallation()
    key = api_key(limits=Limits(requests_per_minute=3))
    for _ in range(3):
        await house.chat.answer(ask(key=key))
    with pytest.raises(LimitReached) as refused:
        await house.chat.answer(ask(key=key))
    assert refused.value.resets_at is not None
    house.time.now = refused.value.resets_at - timedelta(microseconds=1)
    with pytest.raises(LimitReached):
        await house.chat.answer(ask(key=key))
    house.time.now = refused.value.resets_at
    await house.chat.answer(ask(key=key))


async def test_a_request_larger_than_its_limit_is_not_told_to_wait() -> None:
    house = FakeInstallation()
    key = api_key(limits=Limits(tokens_per_minute=50))
    with pytest.raises(LimitReached, match="waiting does not help") as refused:
        await house.chat.answer(ask(key=key, max_tokens=1000))
    assert refused.value.resets_at is None


async def test_a_refused_request_takes_nothing() -> None:
    house = FakeInstallation()
    key = api_key(limits=Limits(requests_per_minute=10, tokens_per_minute=150))
    await house.chat.answer(ask("cheap", key=key, max_tokens=100))
    before = house.limiter.remaining(key)
    with pytest.raises(LimitReached):
        await house.chat.answer(ask("cheap", key=key, max_tokens=100))
    assert house.limiter.remaining(key) == before


async def test_a_new_month_brings_a_new_budget() -> None:
    house = FakeInstallation()
    key = api_key(limits=Limits(money_per_month=Decimal("0.0006")))
    await house.chat.answer(ask("cheap", key=key, max_tokens=100))
    with pytest.raises(BudgetReached) as refused:
        await house.chat.answer(ask("cheap", key=key, max_tokens=100))
    house.time.now = refused.value.resets_at
    await house.chat.answer(ask("cheap", key=key, max_tokens=100))


async def test_what_an_earlier_process_spent_counts() -> None:
    house = FakeInstallation()
    key = api_key(limits=Limits(money_per_month=Decimal("0.0006")))
    await house.chat.answer(ask(key=structs.replace(key, limits=Limits()), max_tokens=100))
    with pytest.raises(BudgetReached):
        await house.chat.answer(ask("cheap", key=key, max_tokens=100))


async def test_keys_do_not_share_their_limits() -> None:
    house = FakeInstallation()
    limits = Limits(requests_per_minute=1)
    for name in ("one", "two"):
        await house.chat.answer(ask(key=api_key(name, limits)))
    with pytest.raises(LimitReached):
        await house.chat.answer(ask(key=api_key("one", limits)))


async def test_remaining_as_the_headers_state_it() -> None:
    house = FakeInstallation()
    key = api_key(limits=Limits(requests_per_minute=60, tokens_per_minute=6000))
    assert house.limiter.remaining(key) == {}
    await house.chat.answer(ask(key=key))
    found = house.limiter.remaining(key)
    assert (found["requests"].limit, found["requests"].left, found["requests"].reset_seconds) == (60, 59, 1.0)
    assert (found["tokens"].limit, found["tokens"].left, found["tokens"].reset_seconds) == (6000, 5890, 1.1)


async def test_the_dearest_candidate_that_may_answer_is_reserved_for() -> None:
    """A fallback to a dearer model cannot overspend: what it may cost is held before the first one is tried."""
    house = FakeInstallation()
    key = api_key(limits=Limits(money_per_month=Decimal("0.0006")))
    with pytest.raises(BudgetReached):
        await house.chat.answer(ask(key=key, max_tokens=100))
    assert house.sent == []
    house.assert_settled()
