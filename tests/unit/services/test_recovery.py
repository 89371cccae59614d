"""What a killed process left open is closed at the next start, once."""

from decimal import Decimal

import pytest
from msgspec import structs

from kyozon.domain.callers import Limits
from kyozon.domain.errors import LimitReached, StorageUnavailable
from kyozon.services.streaming import Streamed
from tests.fakes.installation import FakeInstallation, api_key, ask


async def _killed_in_a_stream() -> tuple[FakeInstallation, Streamed]:
    house = FakeInstallation()
    return house, await house.chat.stream(ask(max_tokens=100))


async def test_what_was_sent_is_charged_and_the_hold_released() -> None:
    house, streamed = await _killed_in_a_stream()
    assert house.book.total("key:key_test:held") > 0
    assert await house.settler.recover(house.book) == 1
    decision, outcome = house.book.decisions_by_id[streamed.decision_id], house.book.outcomes[streamed.decision_id]
    assert (outcome.status, outcome.error, outcome.model) == ("lost", "process_died", "cheap")
    assert (outcome.usage.input, outcome.usage.output) == (decision.input_tokens_estimated, 0)
    assert outcome.charge.amount == Decimal(decision.input_tokens_estimated) / 1_000_000
    assert house.book.total("key:key_test:held") == 0
    assert await house.book.balance() == {"USD": 0}
    await streamed.close()


async def test_twice_is_once() -> None:
    house, streamed = await _killed_in_a_stream()
    await house.settler.recover(house.book)
    booked = dict(house.book.transactions)
    assert await house.settler.recover(house.book) == 0
    house.book.outcomes.clear()  # as if it had died between the two halves of a recovery
    await house.settler.recover(house.book)
    assert house.book.transactions == booked
    await streamed.close()


async def test_an_ended_request_is_left_alone() -> None:
    house = FakeInstallation()
    await house.chat.answer(ask())
    assert await house.settler.recover(house.book) == 0
    house.assert_settled()


async def test_a_refusal_half_recorded_stays_a_refusal() -> None:
    house = FakeInstallation()
    key = api_key(limits=Limits(requests_per_minute=0))
    house.book.failing = {"close"}
    with pytest.raises((LimitReached, StorageUnavailable)):
        await house.chat.answer(ask(key=key))
    house.book.failing = set()
    await house.settler.recover(house.book)
    (outcome,) = house.book.outcomes.values()
    assert (outcome.status, outcome.usage.input) == ("refused", 0)
    assert outcome.charge.amount == 0


async def test_a_count_costs_nothing_even_when_lost() -> None:
    house = FakeInstallation()
    house.book.failing = {"close"}
    with pytest.raises(StorageUnavailable):
        await house.chat.count_tokens(ask())
    house.book.failing = set()
    await house.settler.recover(house.book)
    (outcome,) = house.book.outcomes.values()
    assert outcome.status == "lost"
    assert outcome.charge.amount == 0


async def test_a_model_that_is_gone_stops_no_recovery() -> None:
    house, streamed = await _killed_in_a_stream()
    house.registry.installation = structs.replace(house.registry.installation, cards=())
    assert await house.settler.recover(house.book) == 1
    assert house.book.total("key:key_test:held") == 0
    await streamed.close()
