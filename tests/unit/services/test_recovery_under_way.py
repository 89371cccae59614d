"""A process that dies while a second model is asked owes for both: what the first answer cost is on record by then."""

import asyncio
from decimal import Decimal

import pytest

from kyozon.domain.decisions import Decision, Outcome
from kyozon.domain.errors import StreamBroken
from tests.fakes.cascades import LARGE, SMALL, USED, House, acts, asked, said
from tests.fakes.installation import CHEAP, DEAR, IN_HOUSE, FakeInstallation, ask
from tests.fakes.scripted import HANG, piece
from tests.fakes.waiting import until
from tests.samples.sums import BAD


async def _killed(house: FakeInstallation, sent: list[str], *, stream: bool = False) -> tuple[Decision, Outcome]:
    """What recovery makes of a request whose process died once so many were asked."""
    request = asked(stream=True) if stream else asked()
    asking = asyncio.ensure_future(house.chat.stream(request) if stream else house.chat.answer(request))
    await until(lambda: house.sent == sent)
    assert await house.settler.recover(house.book) == 1
    (decision,) = house.book.decisions_by_id.values()
    outcome = house.book.outcomes[decision.id]
    asking.cancel()
    await asyncio.wait([asking])
    await house.drain()
    assert house.book.total("key:key_test:held") == 0
    assert await house.book.balance() == {"USD": 0}
    return decision, outcome


async def test_the_first_answer_is_charged_as_it_was_and_the_strong_model_for_what_it_may_have_read() -> None:
    house = House(first=BAD)
    house.chats["boutique"].scripts = [[HANG]]
    decision, outcome = await _killed(house, ["cheap", "dear"])
    assert (outcome.status, outcome.error, outcome.model) == ("lost", "process_died", "dear")
    assert acts(outcome) == [("cheap", "escalate", None)]
    assert (outcome.attempts[0].usage, outcome.attempts[0].charge and outcome.attempts[0].charge.amount) == (USED, SMALL)
    assert (outcome.usage.input, outcome.usage.output) == (decision.input_tokens_estimated, 0)
    assert outcome.charge.amount == Decimal(decision.input_tokens_estimated) / 100_000
    assert outcome.verifier
    assert house.log.index("note dear") < house.log.index("send dear")
    assert house.book.total("provider:bargain:payable") == -SMALL


async def test_a_second_opinion_too() -> None:
    house = House((IN_HOUSE, CHEAP, DEAR))
    house.chats["bargain"].scripts = [[HANG]]
    decision, outcome = await _killed(house, ["in-house", "cheap"])
    assert (outcome.model, [one.model for one in outcome.attempts]) == ("cheap", ["in-house"])
    assert outcome.charge.amount == Decimal(decision.input_tokens_estimated) / 1_000_000


async def test_a_stream_that_broke_is_owed_for_while_the_next_model_is_asked() -> None:
    house = FakeInstallation((CHEAP, IN_HOUSE))
    house.chats["bargain"].scripts = [[piece(role="assistant"), StreamBroken("bargain", "cut")]]
    house.chats["local"].scripts = [[HANG]]
    decision, outcome = await _killed(house, ["cheap", "in-house"], stream=True)
    assert [(one.model, one.error) for one in outcome.attempts] == [("cheap", "stream_broken")]
    assert house.book.total("provider:bargain:payable") == -Decimal(decision.input_tokens_estimated) / 1_000_000
    assert outcome.model == "in-house"


async def test_nothing_is_noted_of_requests_that_owe_for_no_call_yet() -> None:
    house = House()
    await house.answered()
    plain = FakeInstallation()
    await plain.chat.answer(ask())
    assert (house.book.noted, plain.book.noted) == ({}, {})


@pytest.mark.parametrize("failing", [False, True])
async def test_what_cannot_be_noted_is_not_asked(*, failing: bool) -> None:
    house = House(first=BAD)
    house.book.failing = {"note"} if failing else set()
    answered, _, outcome = await house.answered()
    assert house.sent == (["cheap"] if failing else ["cheap", "dear"])
    assert (said(answered) == BAD) == failing
    assert house.spent() == (SMALL if failing else SMALL + LARGE)
    assert outcome.status == "answered"
    house.assert_settled()
