"""Counting tokens costs nothing and obeys labels like any other request."""

from decimal import Decimal

import pytest

from kyozon.domain.callers import Limits
from kyozon.domain.errors import NotPermitted, UpstreamUnreachable
from tests.fakes.installation import CONFIDENTIAL, FakeInstallation, api_key, ask


async def test_the_model_counts() -> None:
    house = FakeInstallation()
    decision_id, tokens = await house.chat.count_tokens(ask())
    assert tokens == 7
    decision, outcome = house.book.decisions_by_id[decision_id], house.book.outcomes[decision_id]
    assert (decision.kind, outcome.status) == ("count", "answered")
    assert outcome.charge.amount == 0
    assert house.book.transactions == {}
    assert house.log == ["open", "count cheap", "close answered"]
    house.assert_settled()


async def test_a_model_that_cannot_count_is_estimated() -> None:
    house = FakeInstallation()
    house.chats["bargain"].counts = None
    decision_id, tokens = await house.chat.count_tokens(ask())
    assert tokens == house.book.decisions_by_id[decision_id].input_tokens_estimated > 0


async def test_text_is_shown_to_no_uncleared_zone() -> None:
    house = FakeInstallation()
    with pytest.raises(NotPermitted):
        await house.chat.count_tokens(ask("cheap", declared=CONFIDENTIAL))
    await house.chat.count_tokens(ask(declared=CONFIDENTIAL))
    assert "count cheap" not in house.log
    assert "count in-house" in house.log


async def test_neither_budget_nor_token_limit_is_touched() -> None:
    house = FakeInstallation()
    limits = Limits(money_per_month=Decimal(0), tokens_per_minute=1)
    await house.chat.count_tokens(ask(key=api_key(limits=limits)))
    house.assert_settled()


async def test_another_counts_when_one_is_dead() -> None:
    house = FakeInstallation()
    house.chats["bargain"].scripts = [[UpstreamUnreachable("bargain", "refused")]]
    await house.chat.count_tokens(ask())
    assert [line for line in house.log if line.startswith("count")] == ["count cheap", "count in-house"]
    house.assert_settled()
