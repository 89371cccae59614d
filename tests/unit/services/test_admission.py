"""Caps and queues: who waits, in which order they go on, who is refused and what is recorded of them."""

import asyncio

import pytest

from kyozon.domain.callers import Limits
from kyozon.domain.errors import Busy, LimitReached
from kyozon.services.admission import Admission, Caps, Deployment
from kyozon.services.deciding import RECORDED
from tests.fakes.installation import CHEAP, IN_HOUSE, FakeInstallation, api_key, ask
from tests.fakes.scripted import HANG, TURN, hello, piece
from tests.fakes.steered import Steered
from tests.fakes.waiting import until

ANN, BATCH = api_key("ann"), api_key("batch")


def _admission(cap: int = 1, queue_length: int = 10, queue_seconds: float = 5.0) -> Admission:
    caps = Caps(100, queue_length, queue_seconds, lambda card: Deployment(card.provider, cap))
    return Admission(caps, Steered().world)


async def test_a_batch_does_not_hold_up_somebody_elses_one() -> None:
    house = FakeInstallation()
    house.deployment_caps["bargain"] = 1
    order: list[str] = []

    async def one(name: str) -> None:
        await house.chat.answer(ask("cheap", key=api_key(name)))
        order.append(name)

    await asyncio.gather(*(one("batch") for _ in range(12)), one("ann"), one("bob"))
    assert order.index("ann") < 4
    assert order.index("bob") < 4
    house.assert_settled()


async def test_a_deployment_is_never_given_more_than_it_takes() -> None:
    house = FakeInstallation()
    house.deployment_caps["bargain"] = 3
    chat = house.chats["bargain"]
    most = 0

    async def watch() -> None:
        nonlocal most
        while True:
            most = max(most, chat.opened - chat.closed)
            await asyncio.sleep(0)

    watching = asyncio.create_task(watch())
    await asyncio.gather(*(house.chat.answer(ask("cheap", key=api_key(f"k{n % 4}"))) for n in range(20)))
    watching.cancel()
    assert most == 3
    house.assert_settled()


async def test_a_stream_holds_its_slot_until_it_is_closed() -> None:
    house = FakeInstallation()
    house.deployment_caps["bargain"] = 1
    streamed = await house.chat.stream(ask("cheap", stream=True))
    second = asyncio.create_task(house.chat.answer(ask("cheap")))
    await until(lambda: house.admission._turns.waiting)
    assert house.sent == ["cheap"]
    await streamed.close()
    await second
    assert house.sent == ["cheap", "cheap"]
    house.assert_settled()


async def test_another_candidate_answers_where_the_first_has_no_turn_to_give() -> None:
    house = FakeInstallation()
    house.deployment_caps["bargain"] = 0
    house.admission._turns._length = 0
    answered = await house.chat.answer(ask())
    assert answered.model == "in-house"
    outcome = house.book.outcomes[answered.decision_id]
    assert [(attempt.model, attempt.error) for attempt in outcome.attempts] == [
        ("cheap", "server_busy"),
        ("in-house", None),
    ]
    house.assert_settled()


async def test_where_no_turn_comes_the_decision_is_closed_as_refused_and_costs_nothing() -> None:
    house = FakeInstallation()
    house.deployment_caps["bargain"] = 0
    house.admission._turns._length = 0
    with pytest.raises(Busy):
        await house.chat.answer(ask("cheap"))
    (outcome,) = house.book.outcomes.values()
    assert (outcome.status, outcome.error, outcome.model) == ("refused", "server_busy", None)
    assert outcome.charge.amount == 0
    house.assert_settled()


async def test_the_keys_own_cap_is_told_as_its_limit() -> None:
    house = FakeInstallation()
    house.chats["bargain"].scripts = [[HANG]]
    house.admission._turns._length = 0
    key = api_key(limits=Limits(concurrent_requests=1))
    first = asyncio.create_task(house.chat.answer(ask("cheap", key=key)))
    await until(lambda: house.sent)
    with pytest.raises(LimitReached, match="key test may run 1 requests at the same time") as refused:
        await house.chat.answer(ask("cheap", key=key))
    assert (refused.value.limit, refused.value.resets_at is not None) == ("concurrent_requests", True)
    assert house.book.outcomes[str(RECORDED.get())].status == "refused"
    first.cancel()
    await asyncio.wait([first])
    house.chats["bargain"].scripts = [hello()]
    await house.chat.answer(ask("cheap", key=key))
    await house.drain()
    house.assert_settled()


async def test_whoever_leaves_the_queue_is_not_charged() -> None:
    house = FakeInstallation()
    house.deployment_caps["bargain"] = 0
    waiting = asyncio.create_task(house.chat.answer(ask("cheap")))
    await until(lambda: house.admission._turns.waiting)
    waiting.cancel()
    await asyncio.wait([waiting])
    await house.drain()
    (outcome,) = house.book.outcomes.values()
    assert (outcome.status, outcome.model, outcome.usage.input) == ("left", None, 0)
    assert outcome.charge.amount == 0
    house.assert_settled()


async def test_waiting_has_an_end() -> None:
    admission = _admission(queue_seconds=0.01)
    with await admission.admit(ANN, CHEAP):
        with pytest.raises(Busy, match="bargain"):
            await admission.admit(ANN, CHEAP)
        with await admission.admit(ANN, IN_HOUSE):
            assert [gauge.value for gauge in admission.gauges()] == [2, 0]
    assert [gauge.value for gauge in admission.gauges()] == [0, 0]


async def test_when_too_many_wait_the_last_of_whoever_has_most_is_sent_away() -> None:
    admission = _admission(queue_length=2)
    slot = await admission.admit(BATCH, CHEAP)
    first, second = (asyncio.create_task(admission.admit(BATCH, CHEAP)) for _ in range(2))
    await until(lambda: admission._turns.waiting == 2)
    ann = asyncio.create_task(admission.admit(ANN, CHEAP))
    with pytest.raises(Busy):
        await second
    slot.release()
    (await first).release()
    (await ann).release()
    assert admission._turns.running == 0


async def test_a_slot_given_back_twice_is_given_back_once() -> None:
    admission = _admission(cap=2)
    slot, other = await admission.admit(ANN, CHEAP), await admission.admit(ANN, CHEAP)
    slot.release()
    slot.release()
    assert admission._turns.running == 1
    other.release()


@pytest.mark.parametrize("streams", [False, True])
async def test_no_slot_is_leaked_whenever_one_of_a_crowd_leaves(*, streams: bool) -> None:
    async def use(house: FakeInstallation, name: str) -> None:
        if not streams:
            await house.chat.answer(ask("cheap", key=api_key(name)))
            return
        streamed = await house.chat.stream(ask("cheap", key=api_key(name)))
        try:
            async for _ in streamed.pieces:
                await asyncio.sleep(0)
        finally:
            await streamed.close()

    for turns in range(0, 120, 2):
        house = FakeInstallation()
        house.deployment_caps["bargain"] = 1
        house.chats["bargain"].scripts = [[piece("Hello"), TURN, piece(finish="stop")]]
        crowd = [asyncio.create_task(use(house, f"k{n}")) for n in range(4)]
        for _ in range(turns):
            await asyncio.sleep(0)
        for leaver in crowd[1:3]:
            leaver.cancel()
        await asyncio.wait(crowd)
        await house.drain()
        house.assert_settled()
        statuses = {outcome.status for outcome in house.book.outcomes.values()}
        assert statuses <= {"left", "answered"}
