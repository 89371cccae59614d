"""Providers that are overloaded and say so: obeyed where that is soon, passed on to the caller where it is not."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from kyozon.domain.errors import UpstreamFailed
from kyozon.routing.retrying import Retrying
from tests.fakes.installation import CHEAP, FakeInstallation, ask
from tests.fakes.upstream import Behaviour, FakeUpstream

Build = Callable[..., FakeInstallation]
MOMENT = datetime(2026, 10, 5, 9, 0, tzinfo=UTC)
FORMS = {
    "seconds": ({"retry-after": "3"}, 3.0),
    "milliseconds": ({"retry-after-ms": "700"}, 0.7),
    "date": ({"retry-after": format_datetime(MOMENT + timedelta(seconds=2), usegmt=True), "date": "{now}"}, 2.0),
}


def _limited(form: str, status: int = 429) -> tuple[Behaviour, float]:
    headers, seconds = FORMS[form]
    found = {name: value.replace("{now}", format_datetime(MOMENT, usegmt=True)) for name, value in headers.items()}
    return Behaviour(status=status, headers=found), seconds


async def _asked(house: FakeInstallation, *, streamed: bool) -> None:
    if not streamed:
        await house.chat.answer(ask())
        return
    found = await house.chat.stream(ask(stream=True))
    assert [piece async for piece in found.pieces]
    await found.close()


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("form", FORMS)
async def test_it_is_called_again_when_it_said(build: Build, sick: FakeUpstream, form: str, *, streamed: bool) -> None:
    house = build((CHEAP,))
    told, seconds = _limited(form)
    sick.behaviours = [told]
    await _asked(house, streamed=streamed)
    (waited,) = house.time.slept
    assert seconds <= waited <= seconds + 0.25
    (outcome,) = house.book.outcomes.values()
    assert [(a.status, a.error) for a in outcome.attempts] == [(429, "provider_failed"), (None, None)]
    assert set(await house.book.balance()) <= {"USD"}
    assert sum((await house.book.balance()).values()) == 0
    house.assert_settled()


async def test_who_asks_for_a_minute_is_not_waited_for(build: Build, sick: FakeUpstream, well: FakeUpstream) -> None:
    house = build()
    sick.default = Behaviour(status=503, headers={"retry-after": "60"})
    await _asked(house, streamed=False)
    assert (len(sick.received), len(well.received), house.time.slept) == (1, 1, [])
    house.assert_settled()


async def test_without_another_the_caller_hears_when_to_come_back(build: Build, sick: FakeUpstream) -> None:
    house = build((CHEAP,))
    sick.default = Behaviour(status=429, headers={"retry-after": "60"})
    with pytest.raises(UpstreamFailed) as raised:
        await _asked(house, streamed=False)
    assert raised.value.retry_after == 60.0
    assert len(sick.received) == 1
    house.assert_settled()


@pytest.mark.parametrize("status", [500, 502, 503, 529])
async def test_a_storm_of_failures_is_answered_elsewhere_and_not_made_worse(
    build: Build, sick: FakeUpstream, well: FakeUpstream, status: int
) -> None:
    house = build(retrying=Retrying(retries=2, share=20))
    sick.default = Behaviour(status=status)
    for _ in range(30):
        await _asked(house, streamed=False)
    assert len(well.received) == 30
    assert len(sick.received) <= 30 + 10 + 30 // 5
    assert {outcome.status for outcome in house.book.outcomes.values()} == {"answered"}
    assert sum(len(outcome.attempts) for outcome in house.book.outcomes.values()) == len(sick.received) + len(well.received)
    house.assert_settled()
