"""A candidate that failed in passing is called again: after a pause, as often as budgets allow, every call recorded."""

import asyncio
from decimal import Decimal

import pytest

from kyozon.domain.callers import Limits
from kyozon.domain.errors import (
    BudgetReached,
    KyozonError,
    RejectedUpstream,
    StreamBroken,
    UpstreamFailed,
    UpstreamUnreachable,
)
from kyozon.routing.retrying import Retrying
from kyozon.services.chat import Ask
from tests.fakes.installation import CHEAP, CONFIDENTIAL, DEAR, FakeInstallation, api_key, ask
from tests.fakes.scripted import Line, hello, piece

OVERLOADED = UpstreamFailed("bargain", 503, "busy")
LIMITED = UpstreamFailed("bargain", 429, "slow down", 4.0)
CUT: list[Line] = [piece(role="assistant"), StreamBroken("bargain", "cut")]


def _house(*scripts: list[Line], retrying: Retrying | None = None) -> FakeInstallation:
    """One candidate, `cheap`, with these scripts."""
    house = FakeInstallation((CHEAP,), retrying=retrying or Retrying())
    house.chats["bargain"].scripts = list(scripts)
    return house


async def _asked(house: FakeInstallation, asked: Ask, *, streamed: bool) -> None:
    if not streamed:
        await house.chat.answer(asked)
        return
    found = await house.chat.stream(asked)
    assert [piece async for piece in found.pieces]
    await found.close()


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("failure", [OVERLOADED, UpstreamUnreachable("bargain", "refused")], ids=lambda e: e.code)
async def test_the_same_candidate_answers_at_the_second_try(failure: KyozonError, streamed: bool) -> None:  # noqa: FBT001
    house = _house([failure], hello())
    await _asked(house, ask(), streamed=streamed)
    assert house.sent == ["cheap", "cheap"]
    assert house.time.slept == [0.125]  # half of the first pause: the dice say a half
    (outcome,) = house.book.outcomes.values()
    assert outcome.status == "answered"
    assert [(a.model, a.error) for a in outcome.attempts] == [("cheap", failure.code), ("cheap", None)]
    house.assert_settled()


async def test_pauses_grow_and_the_last_failure_is_raised() -> None:
    house = _house([OVERLOADED], retrying=Retrying(retries=4))
    with pytest.raises(UpstreamFailed):
        await house.chat.answer(ask())
    assert house.time.slept == [0.125, 0.25, 0.5, 1.0]
    (outcome,) = house.book.outcomes.values()
    assert (outcome.status, len(outcome.attempts), outcome.charge.amount) == ("failed", 5, Decimal(0))
    house.assert_settled()


async def test_retries_are_those_of_the_request_not_of_each_candidate() -> None:
    house = FakeInstallation(retrying=Retrying(retries=2))
    for name in ("bargain", "local"):
        house.chats[name].scripts = [[OVERLOADED]]
    await house.chat.answer(ask())
    assert house.sent == ["cheap"] * 3 + ["in-house", "dear"]


@pytest.mark.parametrize("failure", [UpstreamFailed("bargain", 401, "key"), RejectedUpstream("bargain", 400, "no")])
async def test_what_would_fail_again_is_not_called_again(failure: KyozonError) -> None:
    house = _house([failure])
    with pytest.raises(type(failure)):
        await house.chat.answer(ask())
    assert house.sent == ["cheap"]
    assert house.time.slept == []


async def test_the_provider_says_when_to_come_back() -> None:
    house = _house([LIMITED], hello())
    await house.chat.answer(ask())
    assert house.time.slept == [4.125]
    house.assert_settled()


async def test_another_candidate_is_called_instead_of_waiting_long() -> None:
    house = FakeInstallation(retrying=Retrying())
    house.chats["bargain"].scripts = [[LIMITED]]
    await house.chat.answer(ask())
    assert house.sent == ["cheap", "in-house"]
    assert house.time.slept == []


async def test_a_wait_that_is_too_long_is_told_to_the_caller() -> None:
    house = _house([UpstreamFailed("bargain", 429, "slow down", 60.0)])
    with pytest.raises(UpstreamFailed) as raised:
        await house.chat.answer(ask())
    assert raised.value.retry_after == 60.0
    assert house.sent == ["cheap"]


async def test_nobody_waits_beyond_the_time_of_the_request() -> None:
    house = _house([LIMITED], retrying=Retrying(retries=9, total=9.0))
    with pytest.raises(UpstreamFailed):
        await house.chat.answer(ask())
    assert house.time.slept == [4.125, 4.25]


async def test_a_sick_provider_is_not_crushed_by_retries() -> None:
    house = _house([OVERLOADED], retrying=Retrying(retries=2, share=20))
    for _ in range(50):
        with pytest.raises(UpstreamFailed):
            await house.chat.answer(ask())
    assert len(house.sent) == 50 + 10 + 50 // 5 - 1  # each first call, the saved retries, a fifth of the requests
    house.assert_settled()


async def test_leaving_during_a_pause_costs_nothing() -> None:
    house = _house([OVERLOADED])
    asking = asyncio.create_task(house.chat.answer(ask()))
    while not house.time.slept:  # noqa: ASYNC110 - the pause has no event
        await asyncio.sleep(0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    await house.drain()
    (outcome,) = house.book.outcomes.values()
    assert (outcome.status, outcome.model, outcome.charge.amount) == ("left", None, Decimal(0))
    house.assert_settled()


async def test_every_broken_answer_is_paid_and_stands_in_the_outcome() -> None:
    house = _house(CUT, CUT, hello())
    await house.chat.answer(ask())
    (outcome,) = house.book.outcomes.values()
    assert [a.charge is not None for a in outcome.attempts] == [True, True, False]
    owed = sum((a.charge.amount for a in outcome.attempts if a.charge), outcome.charge.amount)
    assert house.book.total("provider:bargain:payable") == -owed
    house.assert_settled()


async def test_limited_money_is_not_overspent_by_answers_that_break() -> None:
    key = api_key(limits=Limits(money_per_month=Decimal(1)))
    house = _house(CUT)
    with pytest.raises(StreamBroken):
        await house.chat.answer(ask(key=key))
    (decision,) = house.book.decisions_by_id.values()
    assert house.sent == ["cheap"]  # what broke is paid out of what is held: it no longer covers another whole answer
    assert house.book.total(f"key:{key.id}:spend") <= decision.held
    house.assert_settled()


async def test_limited_money_goes_on_to_a_candidate_that_what_is_held_still_covers() -> None:
    key = api_key(limits=Limits(money_per_month=Decimal(1)))
    house = FakeInstallation(retrying=Retrying())
    house.chats["bargain"].scripts = [CUT]
    house.chats["local"].scripts = [CUT]
    with pytest.raises(StreamBroken):
        await house.chat.answer(ask(key=key))
    # `cheap` twice more and `in-house` fit into what is held for `dear`; after them `dear` itself does not.
    assert house.sent == ["cheap", "cheap", "cheap", "in-house"]
    (decision,) = house.book.decisions_by_id.values()
    assert house.book.total(f"key:{key.id}:spend") <= decision.held
    house.assert_settled()


@pytest.mark.parametrize("cents", range(1, 12))
async def test_whatever_breaks_the_budget_of_a_month_holds(cents: int) -> None:
    limit = Decimal(cents) / 100
    key = api_key(limits=Limits(money_per_month=limit))
    house = FakeInstallation((CHEAP, DEAR), retrying=Retrying(retries=5, share=100))
    house.chats["bargain"].scripts = [CUT, CUT, hello(), CUT]
    house.chats["boutique"].scripts = [CUT, hello()]
    for _ in range(40):
        try:
            await house.chat.answer(ask(key=key, max_completion_tokens=100))
        except (StreamBroken, BudgetReached):
            continue
    assert house.book.total(f"key:{key.id}:spend") <= limit
    house.assert_settled()


async def test_a_label_binds_each_call_again() -> None:
    house = FakeInstallation(retrying=Retrying())
    house.chats["local"].scripts = [[OVERLOADED]]
    with pytest.raises(UpstreamFailed):
        await house.chat.answer(ask(declared=CONFIDENTIAL))
    assert house.sent == ["in-house"] * 3


async def test_no_further_candidate_is_called_when_the_time_of_the_request_is_over() -> None:
    house = FakeInstallation(retrying=Retrying(total=0.0))
    house.chats["bargain"].scripts = [[OVERLOADED]]
    with pytest.raises(UpstreamFailed):
        await house.chat.answer(ask())
    assert house.sent == ["cheap"]
    house.assert_settled()
