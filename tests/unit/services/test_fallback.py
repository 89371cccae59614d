"""The next permitted candidate answers when one fails; a request that is wrong itself goes to no other."""

from decimal import Decimal

import pytest

from kyozon.domain.decisions import Attempt
from kyozon.domain.errors import KyozonError, RejectedUpstream, StreamBroken, UpstreamFailed, UpstreamUnreachable
from kyozon.services.chat import Ask
from tests.fakes.installation import CONFIDENTIAL, FakeInstallation, ask
from tests.fakes.scripted import piece

DEAD = UpstreamUnreachable("bargain", "refused")
OVERLOADED = UpstreamFailed("bargain", 503, "busy")
CUT = StreamBroken("bargain", "cut")


async def _text(house: FakeInstallation, asked: Ask, *, streamed: bool) -> str:
    if not streamed:
        await house.chat.answer(asked)
        return ""
    found = await house.chat.stream(asked)
    text = "".join([piece.text async for piece in found.pieces])
    await found.close()
    return text


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("failure", [DEAD, OVERLOADED, UpstreamFailed("bargain", 401, "key"), CUT], ids=lambda e: e.code)
async def test_the_next_candidate_answers(failure: KyozonError, streamed: bool) -> None:  # noqa: FBT001 - of pytest
    house = FakeInstallation()
    house.chats["bargain"].scripts = [[failure]]
    assert await _text(house, ask(), streamed=streamed) in ("", "Hello world")
    assert house.sent == ["cheap", "in-house"]
    (outcome,) = house.book.outcomes.values()
    assert outcome.status == "answered"
    assert [(a.model, a.error) for a in outcome.attempts] == [("cheap", failure.code), ("in-house", None)]
    assert outcome.charge.amount == Decimal("0.0003")  # at the price of the one that answered
    house.assert_settled()


@pytest.mark.parametrize("streamed", [False, True])
async def test_a_request_that_is_wrong_goes_to_no_other(streamed: bool) -> None:  # noqa: FBT001 - a parameter of pytest
    house = FakeInstallation()
    house.chats["bargain"].scripts = [[RejectedUpstream("bargain", 400, "no such field")]]
    with pytest.raises(RejectedUpstream):
        await _text(house, ask(), streamed=streamed)
    assert house.sent == ["cheap"]
    (outcome,) = house.book.outcomes.values()
    assert (outcome.status, outcome.error) == ("failed", "rejected_by_provider")
    assert outcome.charge.amount == 0
    assert outcome.attempts == (Attempt("cheap", "bargain", "rejected_by_provider", 400),)
    house.assert_settled()


@pytest.mark.parametrize("streamed", [False, True])
async def test_when_all_fail_the_last_failure_is_raised_and_nothing_charged(streamed: bool) -> None:  # noqa: FBT001
    house = FakeInstallation()
    for chat in house.chats.values():
        chat.scripts = [[OVERLOADED]]
    house.chats["boutique"].scripts = [[DEAD]]
    with pytest.raises(UpstreamUnreachable):
        await _text(house, ask(), streamed=streamed)
    (outcome,) = house.book.outcomes.values()
    assert (outcome.status, outcome.error, outcome.model) == ("failed", "provider_unreachable", None)
    assert [(a.model, a.status) for a in outcome.attempts] == [("cheap", 503), ("in-house", 503), ("dear", None)]
    assert outcome.charge.amount == outcome.usage.input == 0
    house.assert_settled()


async def test_a_confidential_request_falls_back_to_no_external_model() -> None:
    house = FakeInstallation()
    house.chats["local"].scripts = [[DEAD]]
    with pytest.raises(UpstreamUnreachable):
        await house.chat.answer(ask(declared=CONFIDENTIAL))
    assert house.sent == ["in-house"]
    house.assert_settled()


async def test_a_named_model_is_not_replaced() -> None:
    house = FakeInstallation()
    house.chats["bargain"].scripts = [[DEAD]]
    with pytest.raises(UpstreamUnreachable):
        await house.chat.answer(ask("cheap"))
    assert house.sent == ["cheap"]


async def test_a_stream_that_fails_before_its_first_words_is_taken_over() -> None:
    house = FakeInstallation()
    house.chats["bargain"].scripts = [[piece(role="assistant"), CUT]]
    assert await _text(house, ask(), streamed=True) == "Hello world"
    assert house.sent == ["cheap", "in-house"]
    house.assert_settled()


async def test_an_empty_stream_is_a_broken_one() -> None:
    house = FakeInstallation()
    house.chats["bargain"].scripts = [[]]
    assert await _text(house, ask(), streamed=True) == "Hello world"
    assert house.sent == ["cheap", "in-house"]


@pytest.mark.parametrize("streamed", [False, True])
async def test_an_error_nobody_foresaw_is_settled_too(streamed: bool) -> None:  # noqa: FBT001 - a parameter of pytest
    house = FakeInstallation()
    house.chats["bargain"].scripts = [[ZeroDivisionError()]]
    with pytest.raises(ZeroDivisionError):
        await _text(house, ask(), streamed=streamed)
    (outcome,) = house.book.outcomes.values()
    assert (outcome.status, outcome.error) == ("failed", "internal_error")
    assert outcome.charge.amount == 0
    house.assert_settled()


async def test_a_model_its_provider_no_longer_knows_is_passed_over_where_the_choice_was_ours() -> None:
    house = FakeInstallation()
    gone = RejectedUpstream("bargain", 404, "no such model")
    house.chats["bargain"].scripts = [[gone], [gone]]
    await house.chat.answer(ask())
    assert house.sent == ["cheap", "in-house"]
    with pytest.raises(RejectedUpstream):
        await house.chat.answer(ask("cheap"))
    house.assert_settled()
