"""Providers that hang, trickle or never end: given up in bounded time, replaced where nothing was said, settled once."""

import time
from collections.abc import Callable

import msgspec
import pytest
from msgspec import structs

from kyozon.domain.errors import StreamBroken
from kyozon.domain.models import Timeouts
from kyozon.routing.retrying import Retrying
from tests.fakes.installation import CHEAP, FakeInstallation, ask
from tests.fakes.upstream import Behaviour, FakeUpstream
from tests.fakes.waiting import until

Build = Callable[..., FakeInstallation]

LIMITS = Timeouts(connect=1.0, first_token=0.2, between=0.2, total=0.6)
BOUND = 2.0
NO_RETRIES = Retrying(retries=0)


def _event(text: str = "", *, role: str | None = None) -> bytes:
    delta = {"content": text} | ({"role": role} if role else {})
    chunk = {"id": "c", "object": "chat.completion.chunk", "choices": [{"index": 0, "delta": delta, "finish_reason": None}]}
    return b"data: " + msgspec.json.encode(chunk) + b"\n\n"


ROLE = _event(role="assistant")
SPEECHLESS = {
    "hangs before its headers": Behaviour(hang=True),
    "hangs after its headers": Behaviour(raw_events=(b": here\n\n",), gap=30),
    "only gives signs of life": Behaviour(raw_events=(b": still here\n\n",) * 60, gap=0.05),
    "only repeats its role": Behaviour(raw_events=(ROLE,) * 60, gap=0.05),
    "trickles a byte at a time": Behaviour(raw_events=tuple(bytes([byte]) for byte in _event("Hello")), gap=0.05),
}


async def _streamed(house: FakeInstallation) -> str:
    found = await house.chat.stream(ask(stream=True))
    try:
        return "".join([piece.text async for piece in found.pieces])
    finally:
        await found.close()


@pytest.mark.parametrize("fault", SPEECHLESS)
async def test_who_says_nothing_is_replaced(build: Build, sick: FakeUpstream, well: FakeUpstream, fault: str) -> None:
    house = build(retrying=NO_RETRIES, timeouts=structs.replace(LIMITS, total=30.0))
    sick.default = SPEECHLESS[fault]
    began = time.monotonic()
    assert await _streamed(house) == "Hello, world."
    assert time.monotonic() - began < BOUND
    (outcome,) = house.book.outcomes.values()
    assert outcome.status == "answered"
    assert [attempt.model for attempt in outcome.attempts] == ["cheap", "in-house"]
    assert outcome.attempts[0].error in ("provider_unreachable", "stream_broken")
    assert len(well.received) == 1
    await until(lambda: sick.left == 1)  # the provider is told to stop
    house.assert_settled()


@pytest.mark.parametrize("events", [(_event("Hello"),), (_event("Hello"), *(b": here\n\n",) * 60)], ids=["hangs", "idles"])
async def test_who_stops_in_the_middle_is_cut_off(build: Build, sick: FakeUpstream, events: tuple[bytes, ...]) -> None:
    house = build((CHEAP,), retrying=NO_RETRIES, timeouts=LIMITS)
    sick.default = Behaviour(raw_events=events, gap=30 if len(events) == 1 else 0.05)
    began = time.monotonic()
    with pytest.raises(StreamBroken, match="timed out"):
        await _streamed(house)
    assert time.monotonic() - began < BOUND
    (outcome,) = house.book.outcomes.values()
    assert (outcome.status, outcome.usage.estimated) == ("broken", True)
    assert outcome.usage.output > 0
    house.assert_settled()


async def test_an_answer_without_end_ends_in_time(build: Build, sick: FakeUpstream) -> None:
    house = build((CHEAP,), retrying=NO_RETRIES, timeouts=LIMITS)
    sick.default = Behaviour(raw_events=(_event("and "),) * 200, gap=0.05)
    began = time.monotonic()
    with pytest.raises(StreamBroken):
        await _streamed(house)
    assert LIMITS.total <= time.monotonic() - began < BOUND
    house.assert_settled()


async def test_a_whole_answer_may_take_as_long_as_the_call_and_no_longer(build: Build, sick: FakeUpstream) -> None:
    house = build((CHEAP,), retrying=NO_RETRIES, timeouts=LIMITS)
    sick.default = Behaviour(delay=0.4)
    await house.chat.answer(ask())
    sick.default = Behaviour(delay=2.0)
    began = time.monotonic()
    with pytest.raises(StreamBroken, match=r"longer than 0\.6 s"):
        await house.chat.answer(ask())
    assert time.monotonic() - began < 1.5
    house.assert_settled()


async def test_slow_but_steady_is_not_slow(build: Build, sick: FakeUpstream) -> None:
    house = build((CHEAP,), retrying=NO_RETRIES, timeouts=LIMITS)
    sick.default = Behaviour(gap=0.08)
    assert await _streamed(house) == "Hello, world."
    house.assert_settled()
