"""Nothing leaves before it is decided, permitted, reserved and recorded."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest
from msgspec import structs

from kyozon.domain.callers import Limits
from kyozon.domain.decisions import Objection
from kyozon.domain.errors import LimitReached, NotFound, NotPermitted, StorageUnavailable
from kyozon.domain.labels import Clearance, Label, Level
from kyozon.governance.subject import Subject
from kyozon.services.deciding import RECORDED
from tests.fakes.installation import CONFIDENTIAL, FakeInstallation, api_key, ask, rules


async def test_recorded_before_sent_and_closed_after() -> None:
    house = FakeInstallation()
    answered = await house.chat.answer(ask())
    assert house.log == ["open", "send cheap", "close answered"]
    decision, outcome = house.book.decisions_by_id[answered.decision_id], house.book.outcomes[answered.decision_id]
    assert decision.chosen == outcome.model == "cheap"
    assert [(c.model, c.rank, c.permitted) for c in decision.candidates] == [
        ("in-house", 2, True),
        ("cheap", 1, True),
        ("dear", 3, True),
    ]
    assert outcome.charge.amount == Decimal("0.00015")  # 100 read at 1, 10 written at 5, per million
    house.assert_settled()


async def test_money_is_held_while_the_model_answers() -> None:
    house = FakeInstallation()
    streamed = await house.chat.stream(ask(max_tokens=100))
    decision = house.book.decisions_by_id[streamed.decision_id]
    assert house.book.total("key:key_test:held") == decision.held > Decimal("0.0005")
    await streamed.close()
    house.assert_settled()


@pytest.mark.parametrize("model", ["auto", "cheap", "dear", "bargain/cheap"])
async def test_a_confidential_request_reaches_no_external_model(model: str) -> None:
    house = FakeInstallation()
    asked = ask(model, declared=CONFIDENTIAL)
    if model == "auto":
        await house.chat.answer(asked)
        assert house.sent == ["in-house"]
    else:
        with pytest.raises(NotPermitted) as refused:
            await house.chat.answer(asked)
        assert [o.rule for found in refused.value.objections.values() for o in found] == ["clearance"]
        assert house.sent == []
    house.assert_settled()


async def test_a_refusal_is_recorded_too() -> None:
    house = FakeInstallation()
    with pytest.raises(NotPermitted):
        await house.chat.answer(ask("dear", declared=CONFIDENTIAL))
    assert house.log == ["open", "close refused"]
    decision = house.book.decisions_by_id[RECORDED.get() or ""]
    assert decision.chosen is None
    assert decision.label.level is Level.CONFIDENTIAL
    assert [o.rule for candidate in decision.candidates for o in candidate.objections] == ["clearance"]
    assert house.book.outcomes[decision.id].error == "not_permitted"
    assert house.book.transactions == {}
    house.assert_settled()


async def test_a_limit_is_a_recorded_refusal() -> None:
    house = FakeInstallation()
    key = api_key(limits=Limits(requests_per_minute=1))
    await house.chat.answer(ask(key=key))
    with pytest.raises(LimitReached):
        await house.chat.answer(ask(key=key))
    assert house.book.outcomes[RECORDED.get() or ""].status == "refused"
    house.assert_settled()


async def test_the_floor_of_a_key_holds_whatever_is_declared() -> None:
    house = FakeInstallation()
    key = structs.replace(api_key(), label_floor=CONFIDENTIAL)
    await house.chat.answer(ask(key=key, declared=Label(Level.PUBLIC)))
    assert house.sent == ["in-house"]


async def test_a_key_gets_no_answer_above_its_clearance() -> None:
    house = FakeInstallation()
    key = structs.replace(api_key(), clearance=Clearance(Level.INTERNAL))
    with pytest.raises(NotPermitted) as refused:
        await house.chat.answer(ask(key=key, declared=CONFIDENTIAL))
    assert all("reader" in {o.rule for o in found} for found in refused.value.objections.values())


async def test_a_rule_that_breaks_lets_nothing_through() -> None:
    """litellm#30728: the guard failed, and the text was sent as if it had agreed."""

    def broken(_: Subject) -> Objection | None:
        raise ZeroDivisionError

    house = FakeInstallation()
    house.registry.installation = structs.replace(house.registry.installation, rules=[*rules(), broken])
    for asked in (house.chat.answer, house.chat.stream, house.chat.count_tokens):
        with pytest.raises(ZeroDivisionError):
            await asked(ask())
    assert house.log == []
    house.assert_settled()


async def test_an_unknown_model_is_not_found() -> None:
    house = FakeInstallation()
    with pytest.raises(NotFound) as missing:
        await house.chat.answer(ask("gpt-9"))
    assert "cheap" in missing.value.message("en")
    assert house.log == []


async def test_an_installation_without_models_says_how_to_get_one() -> None:
    house = FakeInstallation(cards=())
    with pytest.raises(NotPermitted, match="kyozon models pull"):
        await house.chat.answer(ask())
    house.assert_settled()


@pytest.mark.parametrize("broken", ["open", "spent"])
async def test_without_storage_nothing_is_sent_and_nothing_reserved(broken: str) -> None:
    house = FakeInstallation()
    house.book.failing = {broken}
    key = api_key(limits=Limits(tokens_per_minute=10_000, money_per_month=Decimal(1)))
    with pytest.raises(StorageUnavailable):
        await house.chat.answer(ask(key=key))
    assert house.sent == []
    house.assert_settled()
    house.book.failing = set()
    remaining = house.limiter.remaining(key)
    assert all(found.left == found.limit for name, found in remaining.items() if name == "tokens")
    await house.chat.answer(ask(key=key))
    house.assert_settled()


@pytest.mark.parametrize("turns", range(12))
async def test_a_caller_who_leaves_while_the_record_is_written_leaves_nothing_held(turns: int) -> None:
    house = FakeInstallation()
    key = api_key(limits=Limits(money_per_month=Decimal(1)))
    task = asyncio.create_task(house.chat.answer(ask(key=key)))
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    await house.drain()
    house.assert_settled()


async def test_several_choices_are_held_for_together() -> None:
    house = FakeInstallation()
    one = await house.chat.stream(ask("cheap", max_tokens=1000))
    many = await house.chat.stream(ask("cheap", max_tokens=1000, n=3))
    held = [house.book.decisions_by_id[streamed.decision_id].held for streamed in (one, many)]
    assert held[1] - held[0] == 2 * Decimal("0.005")
    await one.close()
    await many.close()


async def _held(house: FakeInstallation, **fields: Any) -> Decimal:
    streamed = await house.chat.stream(ask("cheap", **fields))
    await streamed.close()
    return house.book.decisions_by_id[streamed.decision_id].held


async def test_what_is_held_covers_the_dearest_answer_allowed() -> None:
    """Output costs 5 per million; the input of these requests costs less than a token of it."""
    cards = tuple(structs.replace(card, max_output=200) for card in FakeInstallation().registry.cards())
    house = FakeInstallation(cards)
    held = {
        "stated": await _held(house, max_tokens=100),
        "beyond the model": await _held(house, max_tokens=1000),
        "of each choice": await _held(house, max_tokens=1000, n=3),
        "unstated": await _held(house),
    }
    tokens = {name: int(money * 1_000_000 / 5) for name, money in held.items()}
    assert tokens == {"stated": 101, "beyond the model": 201, "of each choice": 601, "unstated": 201}


async def test_a_refusal_says_what_it_is_about() -> None:
    house = FakeInstallation()
    long = "words " * 20_000

    async def said(*asked: Any, **more: Any) -> str:
        with pytest.raises(NotPermitted) as refused:
            await house.chat.answer(ask(*asked, **more))
        return refused.value.message("en")

    assert (await said("cheap", messages=[{"role": "user", "content": long}])).startswith(
        "the request is too long for 'cheap': "
    )
    assert (await said(messages=[{"role": "user", "content": long}])).startswith(
        "the request is too long for every model: "
    )
    assert "let model 'auto' choose" in await said("dear", declared=CONFIDENTIAL)
    secret = await said(declared=CONFIDENTIAL, messages=[{"role": "user", "content": long}])
    assert secret.startswith("no model is permitted for this request: ")
    assert "auto" not in secret
