"""Every recorded end is told once, whoever brings it about."""

import asyncio
from collections import Counter

import pytest

from kyozon.domain.decisions import OutcomeStatus
from kyozon.domain.errors import StorageUnavailable
from tests.fakes.installation import FakeInstallation, ask
from tests.fakes.telemetry_samples import decision, scraped


def ends(house: FakeInstallation) -> Counter[str]:
    """How many ends of each status were counted."""
    found = Counter[str]()
    for labels, count in scraped(house.metrics.exposition()).get("kyozon_requests_total", {}).items():
        found[dict(labels)["status"]] += int(count)
    return found


@pytest.mark.parametrize(("chosen", "status"), [("cheap", "lost"), (None, "refused")])
async def test_what_a_killed_process_left(chosen: str | None, status: OutcomeStatus) -> None:
    house = FakeInstallation()
    await house.book.open(decision(chosen=chosen), None)
    assert await house.settler.recover(house.book) == 1
    assert ends(house) == {status: 1}


async def test_a_caller_who_leaves_while_the_record_is_written() -> None:
    house = FakeInstallation()
    house.book.turns = 50
    task = asyncio.create_task(house.chat.answer(ask()))
    for _ in range(20):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    await house.drain()
    assert house.sent == []
    assert ends(house) == {"left": 1}
    house.assert_settled()


async def test_an_end_is_told_though_it_cannot_be_recorded() -> None:
    house = FakeInstallation()
    house.book.failing = {"close"}
    with pytest.raises(StorageUnavailable):
        await house.chat.answer(ask())
    assert ends(house) == {"answered": 1}
    assert house.metrics._running == set()


async def test_without_a_record_there_is_nothing_to_tell() -> None:
    house = FakeInstallation()
    house.book.failing = {"open"}
    with pytest.raises(StorageUnavailable):
        await house.chat.answer(ask())
    assert ends(house) == {}
