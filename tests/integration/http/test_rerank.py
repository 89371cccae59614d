"""`POST /v1/rerank` over real HTTP."""

from typing import Any

import aiohttp
import pytest

from tests.fakes.installation import CHEAP, FAR_RERANKER, RERANKER, FakeInstallation

DOCUMENTS = ["a long document", "short", {"text": "middling"}]
BODY: dict[str, Any] = {"model": "reranker", "query": "which?", "documents": DOCUMENTS}


@pytest.fixture
def house() -> FakeInstallation:
    return FakeInstallation((CHEAP, RERANKER, FAR_RERANKER))


async def _asked(http: aiohttp.ClientSession, body: dict[str, Any], path: str = "/v1/rerank", **headers: str) -> Any:
    async with http.post(path, json=body, headers=headers) as answer:
        return answer.status, answer.headers, await answer.json()


@pytest.mark.parametrize("path", ["/v1/rerank", "/v2/rerank"])
async def test_documents_come_in_order_with_a_record(
    house: FakeInstallation, http: aiohttp.ClientSession, path: str
) -> None:
    status, headers, found = await _asked(http, BODY, path)
    (decision,) = house.book.decisions_by_id
    assert status == 200
    assert found == {
        "object": "list",
        "id": decision,
        "model": "reranker",
        "results": [
            {"index": 1, "relevance_score": 1 / 6},
            {"index": 2, "relevance_score": 1 / 9},
            {"index": 0, "relevance_score": 1 / 16},
        ],
        "usage": {"prompt_tokens": 5, "total_tokens": 5},
    }
    assert (headers["x-kyozon-decision"], headers["x-kyozon-model"]) == (decision, "reranker")
    house.assert_settled()


@pytest.mark.parametrize("name", ["top_n", "top_k"])
async def test_so_many_are_told_with_their_words_and_all_are_asked_for(
    house: FakeInstallation, http: aiohttp.ClientSession, name: str
) -> None:
    _, _, found = await _asked(http, {**BODY, name: 2, "return_documents": True, "truncation": True})
    assert [(one["index"], one["document"]) for one in found["results"]] == [
        (1, {"text": "short"}),
        (2, {"text": "middling"}),
    ]
    (call,) = house.reranker.calls
    assert call.request.body == {"truncation": True}
    assert call.request.documents == ("a long document", "short", "middling")


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"query": ""}, "query"),
        ({"query": None}, "query"),
        ({"documents": []}, "documents"),
        ({"documents": "one"}, "documents"),
        ({"documents": [""]}, "documents[0]"),
        ({"documents": [{"image": "x"}]}, "documents[0].text"),
        ({"documents": ["x"] * 1001}, "documents"),
        ({"top_n": 0}, "top_n"),
        ({"model": ""}, "model"),
    ],
)
async def test_what_is_wrong_is_named(
    house: FakeInstallation, http: aiohttp.ClientSession, change: dict[str, Any], param: str
) -> None:
    status, _, found = await _asked(http, {**BODY, **change})
    assert (status, found["error"]["param"]) == (400, param)
    assert house.book.decisions_by_id == {}


async def test_labels_and_kinds_decide(house: FakeInstallation, http: aiohttp.ClientSession) -> None:
    refused = await _asked(http, {**BODY, "model": "far-reranker"}, **{"x-kyozon-label": "confidential"})
    assert (refused[0], refused[2]["error"]["code"]) == (403, "not_permitted")
    chat = await _asked(http, {**BODY, "model": "cheap"})
    assert (chat[0], chat[2]["error"]["objections"][0]["rule"]) == (400, "kind")
    assert (await _asked(http, {**BODY, "model": "nobody"}))[0] == 404
    assert house.sent == []
    assert (await _asked(http, {**BODY, "model": "auto"}, **{"x-kyozon-label": "confidential"}))[2]["model"] == "reranker"


async def test_it_stands_among_the_models(http: aiohttp.ClientSession) -> None:
    async with http.get("/v1/models/far-reranker") as answer:
        card = (await answer.json())["kyozon"]
    assert (card["kind"], card["prices"][0]["thousand_searches"]) == ("reranking", "2")
