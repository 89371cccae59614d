"""Embeddings take the same steps as a chat."""

import asyncio

import pytest

from kyozon.domain.callers import Caller
from kyozon.domain.errors import NotPermitted, UpstreamFailed
from kyozon.domain.labels import Label
from kyozon.domain.requests import EmbeddingRequest
from kyozon.services.embeddings import Embedded
from tests.fakes.installation import FakeInstallation, api_key
from tests.fakes.waiting import until


async def _embed(house: FakeInstallation, model: str = "auto", label: Label | None = None) -> Embedded:
    return await house.embeddings.embed(Caller(api_key()), EmbeddingRequest({}, model, ("one", "three")), label, b"{}")


async def test_recorded_sent_settled() -> None:
    house = FakeInstallation()
    found = await _embed(house)
    assert house.log == ["open", "send embedder", "close answered"]
    assert found.embeddings.vectors == ((3.0, 0.5), (5.0, 0.5))
    assert (found.model, found.usage.input) == ("embedder", 5)
    assert house.book.outcomes[found.decision_id].charge.amount > 0
    house.assert_settled()


async def test_without_reported_usage_it_is_estimated() -> None:
    house = FakeInstallation()
    house.embedder.usage = None
    found = await _embed(house)
    assert found.usage.estimated
    assert found.usage.input == 3
    assert found.usage.output == 0


@pytest.mark.parametrize("failure", [UpstreamFailed("local", 500, "broken"), ZeroDivisionError()])
async def test_a_failure_costs_nothing(failure: Exception) -> None:
    house = FakeInstallation()
    house.embedder.failure = failure
    with pytest.raises(type(failure)):
        await _embed(house)
    (outcome,) = house.book.outcomes.values()
    assert outcome.status == "failed"
    assert outcome.charge.amount == 0
    house.assert_settled()


async def test_a_caller_who_leaves_pays_for_what_was_sent() -> None:
    house = FakeInstallation()
    house.embedder.hangs = True
    task = asyncio.create_task(_embed(house))
    await until(lambda: house.sent)
    task.cancel()
    await asyncio.wait([task])
    await house.drain()
    (outcome,) = house.book.outcomes.values()
    assert outcome.status == "left"
    assert outcome.charge.amount > 0
    house.assert_settled()


async def test_a_chat_model_embeds_nothing() -> None:
    house = FakeInstallation()
    with pytest.raises(NotPermitted) as refused:
        await _embed(house, "cheap")
    assert "kind" in {o.rule for found in refused.value.objections.values() for o in found}
    house.assert_settled()
