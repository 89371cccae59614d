"""Rerankings take the same steps as a chat, and are charged by what their provider bills."""

import asyncio
from decimal import Decimal

import pytest
from msgspec import structs

from kyozon.domain.callers import Caller
from kyozon.domain.canaries import Canary
from kyozon.domain.errors import Busy, CircuitOpen, MissingPiece, NotPermitted, UpstreamFailed, UpstreamUnreachable
from kyozon.domain.labels import Label, Level
from kyozon.domain.requests import RerankRequest
from kyozon.domain.usage import Usage
from kyozon.routing.breaking import Breaking
from kyozon.services.reranking import Reranked
from tests.fakes.detection import KnownValues
from tests.fakes.installation import CHEAP, EMBEDDER, FAR_RERANKER, INTERNAL, RERANKER, FakeInstallation, api_key
from tests.fakes.steered import START
from tests.fakes.waiting import until

DOCUMENTS = ("a long document", "short")


@pytest.fixture
def house() -> FakeInstallation:
    return FakeInstallation((CHEAP, EMBEDDER, RERANKER, FAR_RERANKER))


async def _rerank(
    house: FakeInstallation, model: str = "reranker", label: Label | None = INTERNAL, query: str = "what?"
) -> Reranked:
    return await house.reranking.rerank(Caller(api_key()), RerankRequest({}, model, query, DOCUMENTS), label, b"{}")


async def test_recorded_sent_settled(house: FakeInstallation) -> None:
    found = await _rerank(house)
    assert house.log == ["open", "send reranker", "close answered"]
    assert found.scores == (1 / 16, 1 / 6)
    assert (found.model, found.usage) == ("reranker", Usage(uncached=5))
    decision, outcome = house.book.decisions_by_id[found.decision_id], house.book.outcomes[found.decision_id]
    assert (decision.kind, decision.chosen) == ("reranking", "reranker")
    assert outcome.charge.amount == 5 * Decimal(2) / 1_000_000
    house.assert_settled()


async def test_searches_are_charged_where_they_have_a_price_whether_or_not_they_are_reported(
    house: FakeInstallation,
) -> None:
    house.reranker.usage = Usage(searches=2)
    reported = await _rerank(house, "far-reranker")
    house.reranker.usage = None
    estimated = await _rerank(house, "far-reranker")
    charges = [house.book.outcomes[found.decision_id].charge.amount for found in (reported, estimated)]
    assert charges == [Decimal("0.004"), Decimal("0.002")]
    assert not reported.usage.estimated  # its tokens are, which nobody bills
    assert (estimated.usage.estimated, estimated.usage.searches) == (True, 1)
    assert {decision.held for decision in house.book.decisions_by_id.values()} == {Decimal("0.002")}
    house.assert_settled()


async def test_more_searches_than_there_are_documents_are_not_believed(house: FakeInstallation) -> None:
    house.reranker.usage = Usage(uncached=5, searches=3)
    found = await _rerank(house, "far-reranker")
    assert found.usage == Usage(uncached=5, searches=1, estimated=True)
    assert house.book.outcomes[found.decision_id].charge.amount == Decimal("0.002")


async def test_a_reranker_that_is_too_slow_has_failed_and_rests() -> None:
    house = FakeInstallation((RERANKER,), breaking=Breaking(in_row=2))
    house.reranker.hangs = True
    request = RerankRequest({}, "reranker", "what?", DOCUMENTS, seconds=0.01)
    for failure in (UpstreamUnreachable, UpstreamUnreachable, CircuitOpen):
        with pytest.raises(failure):
            await house.reranking.rerank(Caller(api_key()), request, INTERNAL, b"{}")
    found = [(outcome.status, outcome.error, outcome.charge.amount) for outcome in house.book.outcomes.values()]
    assert found[:2] == [("failed", "provider_unreachable", Decimal(0))] * 2
    assert house.health.state(RERANKER) == "open"
    house.assert_settled()


async def test_who_waits_too_long_for_a_turn_is_told_so_and_the_reranker_is_not_blamed() -> None:
    house = FakeInstallation((RERANKER,), breaking=Breaking(in_row=1))
    house.deployment_caps["local"] = 1
    house.reranker.hangs = True
    first = asyncio.create_task(_rerank(house))
    await until(lambda: house.sent)
    request = RerankRequest({}, "reranker", "what?", DOCUMENTS, seconds=0.01)
    with pytest.raises(Busy):
        await house.reranking.rerank(Caller(api_key()), request, INTERNAL, b"{}")
    first.cancel()
    await asyncio.wait([first])
    await house.drain()
    assert (house.sent, house.health.state(RERANKER)) == (["reranker"], "closed")
    house.assert_settled()


async def test_a_provider_without_such_a_call_is_no_crash() -> None:
    house = FakeInstallation((structs.replace(RERANKER, provider="boutique", zone="external"),))
    with pytest.raises(MissingPiece, match="boutique has no call for reranking"):
        await _rerank(house)
    ((_, outcome),) = house.book.outcomes.items()
    assert (outcome.status, outcome.error, outcome.charge.amount) == ("failed", "missing_piece", Decimal(0))
    house.assert_settled()


@pytest.mark.parametrize("failure", [UpstreamFailed("local", 500, "broken"), ZeroDivisionError()])
async def test_a_failure_costs_nothing(house: FakeInstallation, failure: Exception) -> None:
    house.reranker.failure = failure
    with pytest.raises(type(failure)):
        await _rerank(house)
    (outcome,) = house.book.outcomes.values()
    assert (outcome.status, outcome.charge.amount) == ("failed", Decimal(0))
    house.assert_settled()


async def test_another_permitted_one_stands_in(house: FakeInstallation) -> None:
    house.reranker.failure = UpstreamFailed("bargain", 503, "away")
    with pytest.raises(UpstreamFailed):
        await _rerank(house, "auto")
    assert sorted(house.sent) == ["far-reranker", "reranker"]
    house.assert_settled()


async def test_a_caller_who_leaves_pays_for_what_was_sent(house: FakeInstallation) -> None:
    house.reranker.hangs = True
    task = asyncio.create_task(_rerank(house, "far-reranker"))
    await until(lambda: house.sent)
    task.cancel()
    await asyncio.wait([task])
    await house.drain()
    (outcome,) = house.book.outcomes.values()
    assert (outcome.status, outcome.charge.amount) == ("left", Decimal("0.002"))
    house.assert_settled()


@pytest.mark.parametrize("model", ["cheap", "embedder"])
async def test_a_model_of_another_kind_reranks_nothing(house: FakeInstallation, model: str) -> None:
    with pytest.raises(NotPermitted) as refused:
        await _rerank(house, model)
    assert "kind" in {o.rule for found in refused.value.objections.values() for o in found}
    assert house.sent == []


async def test_the_label_decides_who_sees_the_documents(house: FakeInstallation) -> None:
    with pytest.raises(NotPermitted):
        await _rerank(house, "far-reranker", Label(Level.CONFIDENTIAL))
    assert (await _rerank(house, "auto", Label(Level.CONFIDENTIAL))).model == "reranker"
    assert house.sent == ["reranker"]


async def test_what_is_found_in_query_and_documents_is_masked(house: FakeInstallation) -> None:
    house.look_through(KnownValues())
    request = RerankRequest({"note": "for 山田太郎"}, "far-reranker", "Who is 山田太郎?", ("山田太郎 is here.", "short"))
    found = await house.reranking.rerank(Caller(api_key()), request, INTERNAL, b"{}")
    (call,) = house.reranker.calls
    assert call.request.texts == ("Who is [PERSON_1]?", "[PERSON_1] is here.", "short")
    assert call.request.body == {"note": "for [PERSON_1]"}
    decision = house.book.decisions_by_id[found.decision_id]
    assert "pii" in decision.label.compartments
    assert decision.masked_label == INTERNAL


async def test_a_canary_in_a_document_stays(house: FakeInstallation) -> None:
    house.canaries.append(Canary("planted", "document", START))
    with pytest.raises(NotPermitted):
        await _rerank(house, "far-reranker")
    assert [alarm.place for alarm in house.alarms] == ["egress"]
    assert house.sent == []


async def test_what_a_caller_sends_besides_goes_on(house: FakeInstallation) -> None:
    request = RerankRequest({"truncation": False}, "reranker", "what?", DOCUMENTS)
    await house.reranking.rerank(Caller(api_key()), request, INTERNAL, b"{}")
    (call,) = house.reranker.calls
    assert call.request == request
