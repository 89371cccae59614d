"""One model at two providers is one model: its requests are spread, and each deployment stands in for the other."""

import asyncio
from collections import Counter

import pytest
from msgspec import structs

from kyozon.domain.callers import Caller
from kyozon.domain.errors import UpstreamUnreachable
from kyozon.domain.models import AUTO
from kyozon.domain.requests import EmbeddingRequest
from kyozon.governance.provenance import deliveries_of
from kyozon.routing.breaking import Breaking
from kyozon.services.reporting.calls import calls_of
from kyozon.telemetry.reached import reached
from tests.fakes.installation import CHEAP, DEAR, EMBEDDER, NEVER_OPEN, FakeInstallation, api_key, ask
from tests.fakes.scripted import HANG, ScriptedEmbedding, hello

TWIN = structs.replace(CHEAP, provider="boutique")


def _house(breaking: Breaking = NEVER_OPEN) -> FakeInstallation:
    return FakeInstallation((CHEAP, TWIN), breaking=breaking)


async def test_whoever_has_less_under_way_gets_the_next() -> None:
    house = _house()
    for chat in house.chats.values():
        chat.scripts = [[HANG]]
    asking = []
    for _ in range(10):
        asking.append(asyncio.create_task(house.chat.answer(ask("cheap"))))
        for _ in range(40):  # until it is under way
            await asyncio.sleep(0)
    calls = Counter({name: len(chat.calls) for name, chat in house.chats.items()})
    assert calls == {"bargain": 5, "boutique": 5, "local": 0}
    for task in asking:
        task.cancel()
    await asyncio.wait(asking)
    await house.drain()
    house.assert_settled()


async def test_one_stands_in_for_the_other_and_is_owed_for_it() -> None:
    house = _house()
    house.chats["bargain"].scripts = [[UpstreamUnreachable("bargain", "refused")]]
    house.chats["boutique"].scripts = [hello()]
    for _ in range(4):
        await house.chat.answer(ask("cheap"))
    assert house.book.total("provider:boutique:payable") < 0 == house.book.total("provider:bargain:payable")
    house.assert_settled()


@pytest.mark.parametrize(("fails", "hangs"), [("bargain", "boutique"), ("boutique", "bargain")])
async def test_who_leaves_while_the_second_is_asked_owes_the_second_and_has_told_both(fails: str, hangs: str) -> None:
    house = _house()
    house.chats[fails].scripts = [[UpstreamUnreachable(fails, "refused")]]
    house.chats[hangs].scripts = [[HANG]]
    house.health.begin(TWIN if hangs == "boutique" else CHEAP)  # under way: the other one comes first
    asking = asyncio.create_task(house.chat.answer(ask("cheap")))
    for _ in range(200):
        await asyncio.sleep(0)
    asking.cancel()
    await asyncio.wait([asking])
    await house.drain()
    ((decision_id, outcome),) = house.book.outcomes.items()
    decision = house.book.decisions_by_id[decision_id]
    assert ([one.provider for one in outcome.attempts], outcome.provider, outcome.model) == ([fails], hangs, "cheap")
    assert house.book.total(f"provider:{fails}:payable") == 0 > house.book.total(f"provider:{hangs}:payable")
    assert [(one.provider, one.status) for one in calls_of(decision, outcome)] == [(fails, "failed"), (hangs, "left")]
    assert {one.provider for one in deliveries_of(decision, outcome)} == {"bargain", "boutique"}
    assert reached(decision, outcome) == (hangs, "cheap")


async def test_a_stream_is_under_way_until_its_last_piece() -> None:
    house = _house()
    found = await house.chat.stream(ask("cheap"))
    assert house.health.load(CHEAP).outstanding + house.health.load(TWIN).outstanding == 1
    assert [piece async for piece in found.pieces]
    assert house.health.load(CHEAP).outstanding + house.health.load(TWIN).outstanding == 0
    house.assert_settled()


async def test_a_resting_deployment_is_left_out_of_the_spread() -> None:
    house = _house(Breaking(in_row=1, rest=60.0))
    house.chats["bargain"].scripts = [[UpstreamUnreachable("bargain", "refused")]]
    for _ in range(6):
        await house.chat.answer(ask("cheap"))
    assert len(house.chats["bargain"].calls) <= 1
    house.assert_settled()


async def test_an_embedder_is_stood_in_for_by_itself_only() -> None:
    other = structs.replace(EMBEDDER, id="other", prices=DEAR.prices)
    house = FakeInstallation((EMBEDDER, structs.replace(EMBEDDER, provider="boutique"), other))
    broken = ScriptedEmbedding(house.log)
    broken.failure = UpstreamUnreachable("boutique", "refused")
    house.egress._embedding = {"local": house.embedder, "boutique": broken}
    request = EmbeddingRequest({"model": AUTO, "input": "hello"}, AUTO, ("hello",))
    found = await house.embeddings.embed(Caller(api_key()), request, None, b"{}")
    assert (found.model, len(house.embedder.calls)) == ("embedder", 1)
    house.embedder.failure = UpstreamUnreachable("local", "refused")
    with pytest.raises(UpstreamUnreachable):
        await house.embeddings.embed(Caller(api_key()), request, None, b"{}")
    assert "send other" not in house.log
    house.assert_settled()
