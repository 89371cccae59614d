"""A stream is passed on as it comes and settled for what was sent, however it ends."""

from decimal import Decimal

import pytest

from kyozon.domain.errors import StorageUnavailable, StreamBroken
from kyozon.domain.usage import Usage
from kyozon.ports.provider import Piece
from kyozon.services.streaming import Streamed
from tests.fakes.installation import FakeInstallation, ask
from tests.fakes.scripted import HANG, USAGE, hello, piece, reported

CUT = StreamBroken("bargain", "cut")


async def _read(streamed: Streamed, into: list[Piece]) -> None:
    async for found in streamed.pieces:
        into.append(found)  # noqa: PERF401 - what came before a failure is wanted, too


async def test_every_piece_in_order_and_settled_at_the_end() -> None:
    house, heard = FakeInstallation(), list[Piece]()
    streamed = await house.chat.stream(ask())
    await _read(streamed, heard)
    assert [piece.text for piece in heard] == ["", "Hello", " world", "", ""]
    outcome = house.book.outcomes[streamed.decision_id]
    assert (outcome.status, outcome.usage, outcome.finish) == ("answered", USAGE, "stop")
    assert outcome.charge.amount == Decimal("0.00015")
    await streamed.close()
    house.assert_settled()


async def test_a_cut_stream_is_charged_for_what_came_and_says_so() -> None:
    house, heard = FakeInstallation(), list[Piece]()
    house.chats["bargain"].scripts = [[piece("Hello"), piece(" world"), CUT]]
    streamed = await house.chat.stream(ask())
    with pytest.raises(StreamBroken):
        await _read(streamed, heard)
    outcome = house.book.outcomes[streamed.decision_id]  # it is settled when the error is raised
    assert (outcome.status, outcome.error) == ("broken", "stream_broken")
    assert outcome.usage.estimated
    assert outcome.usage.output == 4
    assert outcome.usage.input == house.book.decisions_by_id[streamed.decision_id].input_tokens_estimated
    assert outcome.charge.amount > 0
    assert len(heard) == 2
    await streamed.close()
    house.assert_settled()


async def test_a_cut_stream_keeps_the_usage_it_reported() -> None:
    house = FakeInstallation()
    early = Usage(uncached=50, cache_read=40, output=1)
    house.chats["bargain"].scripts = [[reported(early), piece("Hello, my friends"), CUT]]
    streamed = await house.chat.stream(ask())
    with pytest.raises(StreamBroken):
        await _read(streamed, [])
    usage = house.book.outcomes[streamed.decision_id].usage
    assert (usage.uncached, usage.cache_read, usage.output, usage.estimated) == (50, 40, 5, True)


@pytest.mark.parametrize("reported", [None, Usage()])
async def test_without_reported_usage_an_estimate_is_charged(reported: Usage | None) -> None:
    house = FakeInstallation()
    house.chats["bargain"].scripts = [hello(reported)]
    streamed = await house.chat.stream(ask())
    await _read(streamed, [])
    outcome = house.book.outcomes[streamed.decision_id]
    assert outcome.status == "answered"
    assert outcome.usage.estimated
    assert outcome.charge.amount > 0


async def test_an_error_nobody_foresaw_breaks_the_stream() -> None:
    house = FakeInstallation()
    house.chats["bargain"].scripts = [[piece("Hello"), ZeroDivisionError()]]
    streamed = await house.chat.stream(ask())
    with pytest.raises(ZeroDivisionError):
        await _read(streamed, [])
    outcome = house.book.outcomes[streamed.decision_id]
    assert (outcome.status, outcome.error) == ("broken", "internal_error")
    house.assert_settled()


async def test_left_early_is_charged_for_what_came() -> None:
    house = FakeInstallation()
    house.chats["bargain"].scripts = [[piece("Hello"), HANG]]
    streamed = await house.chat.stream(ask())
    async for _ in streamed.pieces:
        break
    await streamed.close()
    outcome = house.book.outcomes[streamed.decision_id]
    assert (outcome.status, outcome.error, outcome.usage.output) == ("left", "caller_left", 2)
    assert outcome.charge.amount > 0
    house.assert_settled()


async def test_never_read_is_settled_by_closing() -> None:
    house = FakeInstallation()
    streamed = await house.chat.stream(ask())
    await streamed.close()
    outcome = house.book.outcomes[streamed.decision_id]
    assert (outcome.status, outcome.usage.output) == ("left", 2)  # the first words had come
    house.assert_settled()


async def test_closing_again_changes_nothing() -> None:
    house = FakeInstallation()
    streamed = await house.chat.stream(ask())
    await _read(streamed, [])
    await streamed.close()
    await streamed.close()
    assert house.log.count("close answered") == 1
    house.assert_settled()


async def test_a_settlement_that_cannot_be_recorded_is_no_silent_success() -> None:
    house = FakeInstallation()
    streamed = await house.chat.stream(ask())
    house.book.failing = {"close"}
    with pytest.raises(StorageUnavailable):
        await _read(streamed, [])
    assert house.chats["bargain"].closed == 1
    assert house.leasing.purses == {}
