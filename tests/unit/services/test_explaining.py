"""Decisions are read by those who may, page by page."""

import pytest
from msgspec import structs

from kyozon.domain.callers import ApiKey, Caller
from kyozon.domain.errors import NotFound
from kyozon.domain.labels import Clearance, Level
from kyozon.services.explaining import ExplainService
from tests.fakes.installation import CONFIDENTIAL, FakeInstallation, api_key, ask

OWN, OTHER = api_key("own"), api_key("other")
ADMIN = structs.replace(api_key("admin"), admin=True)
STRANGER = structs.replace(api_key("stranger"), tenant="elsewhere", admin=True)
LOW = structs.replace(OWN, clearance=Clearance(Level.INTERNAL))


@pytest.mark.parametrize(
    ("reader", "allowed"), [(OWN, True), (ADMIN, True), (OTHER, False), (STRANGER, False), (LOW, False)]
)
async def test_who_may_read_a_decision(reader: ApiKey, allowed: bool) -> None:  # noqa: FBT001 - a parameter of pytest
    house = FakeInstallation()
    explain = ExplainService(house.book)
    answered = await house.chat.answer(ask(key=OWN, declared=CONFIDENTIAL))
    assert bool(await explain.page(Caller(reader), None, 10)) == allowed
    if allowed:
        decision, outcome = await explain.decision(Caller(reader), answered.decision_id)
        assert decision.id == answered.decision_id
        assert outcome is not None
    else:
        with pytest.raises(NotFound):
            await explain.decision(Caller(reader), answered.decision_id)


async def test_what_does_not_exist_looks_like_what_may_not_be_read() -> None:
    with pytest.raises(NotFound):
        await ExplainService(FakeInstallation().book).decision(Caller(OWN), "dec_none")


async def test_pages_hold_ones_own_however_many_lie_between() -> None:
    house = FakeInstallation()
    explain = ExplainService(house.book)
    own = []
    for _ in range(4):
        own.append((await house.chat.answer(ask(key=OWN))).decision_id)
        for _ in range(70):
            await house.chat.answer(ask(key=OTHER))
    first = await explain.page(Caller(OWN), None, 3)
    assert [decision.id for decision, _ in first] == own[:0:-1]
    rest = await explain.page(Caller(OWN), first[-1][0].id, 3)
    assert [decision.id for decision, _ in rest] == own[:1]
