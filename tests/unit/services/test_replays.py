"""An answer already paid for is given again; nothing else is."""

import asyncio

import pytest
from msgspec import structs

from kyozon.domain.errors import IdempotencyConflict, StorageUnavailable, UpstreamUnreachable
from kyozon.services.chat import Ask
from kyozon.services.replays import Repeat, Replays
from tests.fakes.installation import FakeInstallation, api_key, ask
from tests.fakes.scripted import hello


async def _read(house: FakeInstallation, asked: Ask) -> tuple[list[tuple[bytes, str, bool]], bool, str]:
    streamed = await house.chat.stream(asked)
    pieces = [(piece.payload, piece.event, piece.usage_only) async for piece in streamed.pieces]
    await streamed.close()
    return pieces, streamed.replayed, streamed.model


async def test_a_key_brings_the_same_answer_without_a_second_charge() -> None:
    house = FakeInstallation()
    first = await house.chat.answer(ask(idempotency_key="once"))
    spent = house.book.total("key:key_test:spend")
    second = await house.chat.answer(ask(idempotency_key="once"))
    assert second.replayed
    assert (second.payload, second.decision_id, second.dialect) == (first.payload, first.decision_id, first.dialect)
    assert house.sent == ["cheap"]
    assert house.book.total("key:key_test:spend") == spent > 0
    house.assert_settled()


async def test_a_stream_is_given_again_piece_by_piece() -> None:
    house = FakeInstallation()
    first, replayed, model = await _read(house, ask(idempotency_key="once"))
    assert not replayed
    assert await _read(house, ask(idempotency_key="once")) == (first, True, model)
    assert first[-1][2]  # the usage is still known as such, for callers who did not ask for it
    assert house.sent == ["cheap"]


async def test_a_key_survives_the_process() -> None:
    house = FakeInstallation()
    await house.chat.answer(ask(idempotency_key="once"))
    house.replays._recent.clear()
    assert (await house.chat.answer(ask(idempotency_key="once"))).replayed


async def test_another_body_is_a_conflict() -> None:
    house = FakeInstallation()
    await house.chat.answer(ask(idempotency_key="once"))
    with pytest.raises(IdempotencyConflict, match="another body") as conflict:
        await house.chat.answer(ask(idempotency_key="once", temperature=1))
    assert not conflict.value.retryable
    assert (await house.chat.answer(ask(idempotency_key="once"))).replayed  # the key is not stuck


async def test_other_terms_are_another_request() -> None:
    """What was permitted under one label or policy may not be under another."""
    house = FakeInstallation()
    await house.chat.answer(ask(idempotency_key="once", terms="internal"))
    with pytest.raises(IdempotencyConflict):
        await house.chat.answer(ask(idempotency_key="once", terms="restricted"))
    await house.chat.answer(ask(sdk=True, terms="internal"))
    assert not (await house.chat.answer(ask(sdk=True, retry=True, terms="restricted"))).replayed


async def test_of_two_at_once_one_answers_and_one_conflicts() -> None:
    house = FakeInstallation()
    work = [house.chat.answer(ask(idempotency_key="once")) for _ in range(5)]
    found = await asyncio.gather(*work, return_exceptions=True)
    conflicts = [one for one in found if isinstance(one, IdempotencyConflict)]
    assert len(conflicts) == 4
    assert all(conflict.retryable for conflict in conflicts)
    assert house.sent == ["cheap"]


async def test_while_a_stream_runs_its_key_is_taken() -> None:
    house = FakeInstallation()
    streamed = await house.chat.stream(ask(idempotency_key="once"))
    with pytest.raises(IdempotencyConflict, match="still running"):
        await house.chat.answer(ask(idempotency_key="once"))
    await streamed.close()
    assert not (await house.chat.answer(ask(idempotency_key="once"))).replayed  # what was left early is not kept


async def test_keys_of_others_are_others() -> None:
    house = FakeInstallation()
    await house.chat.answer(ask(idempotency_key="once"))
    assert not (await house.chat.answer(ask(idempotency_key="once", key=api_key("other")))).replayed


async def test_a_failure_is_not_kept() -> None:
    house = FakeInstallation()
    house.chats["bargain"].scripts = [[UpstreamUnreachable("bargain", "refused")], hello()]
    with pytest.raises(UpstreamUnreachable):
        await house.chat.answer(ask("cheap", idempotency_key="once"))
    assert not (await house.chat.answer(ask("cheap", idempotency_key="once"))).replayed


async def test_a_storage_failure_does_not_hold_the_key() -> None:
    house = FakeInstallation()
    for broken in ("kept_answer", "open"):
        house.book.failing = {broken}
        with pytest.raises(StorageUnavailable):
            await house.chat.answer(ask(idempotency_key="once"))
    house.book.failing = set()
    await house.chat.answer(ask(idempotency_key="once"))


async def test_a_day_later_the_answer_is_gone() -> None:
    house = FakeInstallation()
    await house.chat.answer(ask(idempotency_key="once"))
    house.time.advance(hours=24)
    assert not (await house.chat.answer(ask(idempotency_key="once"))).replayed


async def test_a_retry_of_the_sdk_is_answered_from_memory() -> None:
    house = FakeInstallation()
    first = await house.chat.answer(ask(sdk=True))
    again = await house.chat.answer(ask(sdk=True, retry=True))
    assert again.replayed
    assert again.payload == first.payload
    assert house.sent == ["cheap"]
    assert house.book.kept == {}


async def test_a_first_try_is_never_a_repeat() -> None:
    house = FakeInstallation()
    await house.chat.answer(ask(sdk=True))
    assert not (await house.chat.answer(ask(sdk=True))).replayed
    assert len(house.sent) == 2


async def test_a_retry_with_another_body_is_new() -> None:
    house = FakeInstallation()
    await house.chat.answer(ask(sdk=True))
    assert not (await house.chat.answer(ask(sdk=True, retry=True, seed=1))).replayed


async def test_a_retry_long_after_is_new() -> None:
    house = FakeInstallation()
    await house.chat.answer(ask(sdk=True))
    house.time.advance(minutes=5)
    assert not (await house.chat.answer(ask(sdk=True, retry=True))).replayed


async def test_who_says_nothing_is_not_remembered() -> None:
    house = FakeInstallation()
    await house.chat.answer(ask())
    assert house.replays._size == 0


async def test_memory_is_bounded_oldest_out_first() -> None:
    house = FakeInstallation()
    replays = Replays(house.book, house.time.world, house.replays._keep_for, house.replays._retry_window, memory_bytes=100)
    repeats = [Repeat("key", f"body{place}", sdk=True, retry=True) for place in range(5)]
    for repeat in repeats:
        replays.keep(repeat, "dec", "answer/openai", b"x" * 40)
    found = [await replays.begin(repeat) is not None for repeat in repeats]
    assert found == [False, False, False, True, True]
    replays.keep(structs.replace(repeats[0], body_sha256="huge"), "dec", "answer/openai", b"x" * 101)
    assert replays._size == 0
