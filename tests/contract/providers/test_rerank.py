"""Rerankings: each vendor's form is read, and no answer is trusted to be what it should be."""

from typing import Any

import msgspec
import pytest

from kyozon.domain.errors import RejectedUpstream, UpstreamFailed, UpstreamUnreachable
from kyozon.domain.models import ModelCard, Provider, Quirks
from kyozon.domain.requests import Json, RerankRequest
from kyozon.domain.usage import Usage
from kyozon.ports.provider import Ranks, RerankCall
from kyozon.providers import openai
from kyozon.providers.transport import Transport
from tests.fakes.upstream import Behaviour, FakeUpstream

CARD = ModelCard("small", "house", "org/small-1", "lan", kind="reranking")
DOCUMENTS = ("apples and pears", "red apples", "the sea")
ROWS: list[Json] = [
    {"index": 1, "relevance_score": 0.9},
    {"index": 0, "relevance_score": -0.25},
    {"index": 2, "relevance_score": 0},
]
SCORES = (-0.25, 0.9, 0.0)


async def _rerank(upstream: FakeUpstream, transport: Transport, body: Json | None = None, **quirks: Any) -> Ranks:
    async def endpoint(_: ModelCard) -> str:
        return f"{upstream.url}/v1"

    provider = Provider("house", "House", "openai", "", quirks=Quirks(**quirks))
    adapter = openai.adapter(provider, endpoint, "sk-fake", transport)
    return await adapter.rerank(RerankCall(CARD, RerankRequest(body or {}, "small", "red apples", DOCUMENTS)))


async def test_all_scores_are_asked_for_and_come_in_the_documents_order(
    upstream: FakeUpstream, transport: Transport
) -> None:
    found = await _rerank(upstream, transport, {"truncation": True, "priority": None})
    assert found == Ranks((0.5, 1.0, 0.0), Usage(uncached=9))
    (received,) = upstream.received
    assert (received.path, received.headers["authorization"]) == ("/v1/rerank", "Bearer sk-fake")
    assert received.json == {
        "truncation": True,
        "model": "org/small-1",
        "query": "red apples",
        "documents": list(DOCUMENTS),
    }


async def test_path_and_names_are_the_vendor_s(upstream: FakeUpstream, transport: Transport) -> None:
    await _rerank(upstream, transport, rerank_path="/{model}/rerank", renames={"documents": "texts"})
    (received,) = upstream.received
    assert received.path == "/v1/org/small-1/rerank"
    assert received.json["texts"] == list(DOCUMENTS)


async def test_more_documents_than_it_takes_at_once_go_in_several_calls(
    upstream: FakeUpstream, transport: Transport
) -> None:
    found = await _rerank(upstream, transport, rerank_most=2, rerank_logits=True)
    assert found == Ranks((0.5, 1.0, 0.0), Usage(uncached=18), logits=True)
    assert [one.json["documents"] for one in upstream.received] == [list(DOCUMENTS[:2]), list(DOCUMENTS[2:])]


async def test_a_usage_that_is_told_of_one_call_only_is_none(upstream: FakeUpstream, transport: Transport) -> None:
    rows = [{"index": 0, "relevance_score": 0.5}]
    answers = [{"results": rows, "usage": usage} for usage in ({"total_tokens": 3}, None, {"total_tokens": 3})]
    upstream.behaviours = [Behaviour(raw_body=msgspec.json.encode(answer)) for answer in answers]
    assert (await _rerank(upstream, transport, rerank_most=1)).usage is None


@pytest.mark.parametrize(
    ("answer", "usage"),
    [
        ({"results": ROWS, "id": "x", "meta": {"api_version": {"version": "2"}, "billed_units": {"search_units": 1}}}, 1),
        ({"object": "list", "data": ROWS, "model": "m", "usage": {"total_tokens": 26}}, 26),
        ({"model": "m", "results": [{**row, "document": {"text": "forged"}} for row in ROWS], "usage": None}, None),
        ([{"index": row["index"], "score": row["relevance_score"], "text": None} for row in ROWS], None),
    ],
    ids=["cohere", "voyage", "vllm", "tei"],
)
async def test_each_vendor_s_answer(
    upstream: FakeUpstream, transport: Transport, answer: object, usage: int | None
) -> None:
    upstream.default = Behaviour(raw_body=msgspec.json.encode(answer))
    found = await _rerank(upstream, transport)
    assert found.scores == SCORES
    assert usage == (None if found.usage is None else found.usage.uncached or found.usage.searches)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b'{"results": []}', "ranks 0 of 3 documents"),
        (b"{}", "ranks 0 of 3 documents"),
        (msgspec.json.encode({"results": ROWS[:2]}), "ranks 2 of 3 documents"),
        (msgspec.json.encode({"results": [*ROWS[:2], {"index": 3, "relevance_score": 1}]}), "document 3 of 3"),
        (msgspec.json.encode({"results": [*ROWS[:2], {"index": -1, "relevance_score": 1}]}), "document -1 of 3"),
        (msgspec.json.encode({"results": [*ROWS, ROWS[0]]}), "document 1 twice"),
        (msgspec.json.encode({"results": [{"index": 0, "relevance_score": None}]}), "document 0 no score"),
        (b'{"results": [{"index": 0, "relevance_score": 1e999}]}', "unknown shape"),
        (b'{"results": [{"index": 0, "relevance_score": NaN}]}', "unknown shape"),
        (b'{"results": [{"index": "0", "relevance_score": 1}]}', "unknown shape"),
        (b'{"results": {"0": 1}}', "unknown shape"),
        (b'{"error": {"message": "no reranker is loaded"}}', "no reranker is loaded"),
        (b"<html>", "unknown shape"),
        (b"7", "unknown shape"),
    ],
)
async def test_what_is_no_ranking_of_these_documents_is_a_failure(
    upstream: FakeUpstream, transport: Transport, answer: bytes, said: str
) -> None:
    upstream.default = Behaviour(raw_body=answer)
    with pytest.raises(UpstreamFailed, match=said):
        await _rerank(upstream, transport)


@pytest.mark.parametrize(
    ("behaviour", "failure"),
    [
        (Behaviour(status=422), RejectedUpstream),
        (Behaviour(status=503), UpstreamFailed),
        (Behaviour(reset=True), UpstreamUnreachable),
    ],
)
async def test_failures_are_told_apart(
    upstream: FakeUpstream, transport: Transport, behaviour: Behaviour, failure: type[Exception]
) -> None:
    upstream.default = behaviour
    with pytest.raises(failure):
        await _rerank(upstream, transport)
