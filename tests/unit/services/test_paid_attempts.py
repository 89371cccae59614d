"""A provider that began to answer and broke off is paid, though another one answers in its place."""

from decimal import Decimal

import pytest

from kyozon.domain.callers import Limits
from kyozon.domain.errors import StreamBroken, UpstreamUnreachable
from kyozon.domain.usage import Usage
from tests.fakes.installation import CHEAP, FakeInstallation, api_key, ask
from tests.fakes.scripted import Line, hello, piece

CUT: list[Line] = [piece(role="assistant"), StreamBroken("bargain", "cut")]


async def _asked(house: FakeInstallation, *, streamed: bool) -> None:
    if not streamed:
        await house.chat.answer(ask())
        return
    found = await house.chat.stream(ask())
    assert [piece async for piece in found.pieces]
    await found.close()


@pytest.mark.parametrize("streamed", [False, True])
async def test_the_broken_answer_is_owed_to_its_own_provider(streamed: bool) -> None:  # noqa: FBT001 - of pytest
    house = FakeInstallation()
    house.chats["bargain"].scripts = [CUT]
    await _asked(house, streamed=streamed)
    (outcome,) = house.book.outcomes.values()
    (decision,) = house.book.decisions_by_id.values()
    broken, answered = outcome.attempts
    assert broken.usage == Usage(uncached=decision.input_tokens_estimated, estimated=True)
    assert answered.charge is None  # it stands in the outcome
    owed = Decimal(decision.input_tokens_estimated) / 1_000_000
    assert house.book.total("provider:bargain:payable") == -owed
    assert house.book.total("provider:local:payable") == -outcome.charge.amount
    assert house.book.total("key:key_test:spend") == owed + outcome.charge.amount
    house.assert_settled()


async def test_it_counts_against_the_budget_and_the_tokens_of_the_key() -> None:
    house = FakeInstallation()
    house.chats["bargain"].scripts = [CUT]
    key = api_key(limits=Limits(tokens_per_minute=100_000, money_per_month=Decimal(1)))
    await house.chat.answer(ask(key=key))
    (outcome,) = house.book.outcomes.values()
    (purse,) = house.leasing.purses.values()
    assert purse.spent == house.book.total(f"key:{key.id}:spend") > outcome.charge.amount
    used = outcome.attempts[0].usage
    assert used is not None
    left = 100_000 - used.input - outcome.usage.input - outcome.usage.output
    assert house.limiter.remaining(key)["tokens"].left == left


async def test_when_no_other_answers_it_is_paid_all_the_same() -> None:
    house = FakeInstallation((CHEAP,))
    house.chats["bargain"].scripts = [CUT]
    with pytest.raises(StreamBroken):
        await house.chat.answer(ask())
    assert house.book.total("key:key_test:spend") > 0
    house.assert_settled()


async def test_who_never_began_is_owed_nothing() -> None:
    house = FakeInstallation()
    house.chats["bargain"].scripts = [[UpstreamUnreachable("bargain", "refused")]]
    await house.chat.answer(ask())
    assert house.book.total("provider:bargain:payable") == 0


async def test_counting_costs_nothing_even_when_it_breaks() -> None:
    house = FakeInstallation((CHEAP,))
    house.chats["bargain"].scripts = [CUT]
    with pytest.raises(StreamBroken):
        await house.chat.count_tokens(ask())
    assert house.book.transactions == {}


@pytest.mark.parametrize("streamed", [False, True])
async def test_an_answer_whose_report_says_no_tokens_is_estimated(streamed: bool) -> None:  # noqa: FBT001 - of pytest
    house = FakeInstallation((CHEAP,))
    house.chats["bargain"].scripts = [hello(Usage())]
    await _asked(house, streamed=streamed)
    (outcome,) = house.book.outcomes.values()
    assert outcome.usage.estimated
    assert min(outcome.usage.input, outcome.usage.output) > 0
    assert outcome.charge.amount > 0
