"""A deployment that keeps failing is passed over, tried with one call, and used again when it answers."""

import asyncio
from decimal import Decimal

import pytest

from kyozon.domain.errors import CircuitOpen, KyozonError, RejectedUpstream, StreamBroken, UpstreamFailed
from kyozon.routing.breaking import Breaking
from kyozon.routing.retrying import Retrying
from tests.fakes.installation import CHEAP, IN_HOUSE, FakeInstallation, ask
from tests.fakes.scripted import HANG, Line, hello, piece

DOWN = UpstreamFailed("bargain", 500, "down")
BREAKING = Breaking(in_row=3, share=90, rest=15.0)


def _house(*scripts: list[Line], alone: bool = False, retries: int = 0) -> FakeInstallation:
    cards = (CHEAP,) if alone else (CHEAP, IN_HOUSE)
    house = FakeInstallation(cards, retrying=Retrying(retries=retries), breaking=BREAKING)
    house.chats["bargain"].scripts = list(scripts)
    return house


async def _fail(house: FakeInstallation, times: int) -> None:
    for _ in range(times):
        with pytest.raises(KyozonError):
            await house.chat.answer(ask("cheap"))


async def test_auto_passes_over_a_resting_deployment_and_the_record_says_so() -> None:
    house = _house([DOWN])
    for _ in range(4):
        await house.chat.answer(ask())
    assert house.sent == ["cheap", "in-house"] * 3 + ["in-house"]
    decision = list(house.book.decisions_by_id.values())[-1]
    assert [(c.model, c.rank, c.health) for c in decision.candidates] == [("cheap", 2, "open"), ("in-house", 1, None)]
    house.assert_settled()


@pytest.mark.parametrize("streamed", [False, True])
async def test_a_named_one_is_refused_at_once_with_the_time_to_come_back(*, streamed: bool) -> None:
    house = _house([DOWN], retries=2)
    await _fail(house, 1)  # with its two retries
    sent, slept = len(house.sent), len(house.time.slept)
    house.time.advance(seconds=5)
    with pytest.raises(CircuitOpen) as raised:
        await (house.chat.stream if streamed else house.chat.answer)(ask("cheap"))
    assert raised.value.retry_after == pytest.approx(10.0)
    assert (len(house.sent), len(house.time.slept)) == (sent, slept)
    outcome = list(house.book.outcomes.values())[-1]
    assert (outcome.status, outcome.error, outcome.charge.amount) == ("refused", "circuit_open", Decimal(0))
    house.assert_settled()


async def test_one_call_tries_it_out_while_others_go_elsewhere() -> None:
    house = _house([DOWN], [DOWN], [DOWN], [HANG])
    await _fail(house, 3)
    house.time.advance(seconds=15)
    probe = asyncio.create_task(house.chat.answer(ask("cheap")))
    while len(house.sent) < 4:  # noqa: ASYNC110 - a fake has no event for it
        await asyncio.sleep(0)
    await house.chat.answer(ask())
    assert house.sent[4:] == ["in-house"]
    with pytest.raises(CircuitOpen) as raised:
        await house.chat.answer(ask("cheap"))
    assert raised.value.retry_after == 1.0
    probe.cancel()  # who leaves tells nothing: the next one may try
    await asyncio.wait([probe])
    house.chats["bargain"].scripts = [hello()]
    await house.chat.answer(ask("cheap"))
    assert house.health.state(CHEAP) == "closed"
    await house.drain()
    house.assert_settled()


async def test_a_probe_that_fails_doubles_the_rest() -> None:
    house = _house([DOWN])
    await _fail(house, 3)
    house.time.advance(seconds=15)
    await _fail(house, 1)
    house.time.advance(seconds=29)
    assert house.health.state(CHEAP) == "open"
    house.time.advance(seconds=1)
    assert house.health.state(CHEAP) == "half_open"


async def test_a_wrong_request_says_nothing_bad_of_the_deployment() -> None:
    house = _house([RejectedUpstream("bargain", 400, "no such field")])
    await _fail(house, 10)
    assert house.health.state(CHEAP) == "closed"


async def test_answers_that_break_off_in_the_middle_count_as_failures() -> None:
    house = _house([piece("Hello"), StreamBroken("bargain", "cut")])
    for _ in range(BREAKING.calls):
        found = await house.chat.stream(ask("cheap"))
        with pytest.raises(StreamBroken):
            assert [piece async for piece in found.pieces]
        await found.close()
    assert house.health.state(CHEAP) == "open"
    house.assert_settled()


async def test_what_went_wrong_is_told_before_what_rests() -> None:
    house = _house([DOWN])
    await _fail(house, 3)
    house.chats["local"].scripts = [[UpstreamFailed("local", 503, "busy")]]
    with pytest.raises(UpstreamFailed, match="local failed"):
        await house.chat.answer(ask())
    outcome = list(house.book.outcomes.values())[-1]
    assert [(a.model, a.error) for a in outcome.attempts] == [("in-house", "provider_failed"), ("cheap", "circuit_open")]
    assert outcome.status == "failed"


async def test_gauges_tell_the_state() -> None:
    house = _house([DOWN])
    await _fail(house, 3)
    (gauge,) = house.health.gauges()
    assert (gauge.name, gauge.value, dict(gauge.labels)) == (
        "kyozon_breaker_state",
        2,
        {"provider": "bargain", "model": "cheap"},
    )
