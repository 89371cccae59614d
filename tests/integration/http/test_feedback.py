"""Judgements over the wire: given, given again, read, refused alike wherever the caller may not know of the answer."""

import hashlib
from typing import Any

import aiohttp
import pytest
from anthropic import AsyncAnthropic
from msgspec import structs
from openai import AsyncOpenAI

from kyozon.domain.callers import ApiKey
from kyozon.domain.labels import Clearance, Level, parse_label
from kyozon.domain.provenance import StoredValue
from kyozon.services.feedback import MOST
from kyozon.services.provenance import Wish
from tests.fakes.installation import FakeInstallation, api_key

PATH = "/kyozon/v1/feedback"
CHAT: dict[str, Any] = {"model": "auto", "messages": [{"role": "user", "content": "Say hello."}]}


@pytest.fixture
async def answered(http: aiohttp.ClientSession) -> str:
    """The decision of an internal answer."""
    async with http.post("/v1/chat/completions", json=CHAT) as response:
        return response.headers["x-kyozon-decision"]


def key(house: FakeInstallation, name: str, **changes: Any) -> dict[str, str]:
    """Another key's headers."""
    found: ApiKey = structs.replace(api_key(name), user=name, **changes)
    house.key_store.by_id[found.id] = found
    house.keys.forget()
    return {"authorization": f"Bearer ky-{name}"}


class Wire:
    """The routes; each judgement comes a second after what was before it."""

    def __init__(self, house: FakeInstallation, http: aiohttp.ClientSession) -> None:
        self.house, self.http = house, http

    async def give(self, body: dict[str, Any], headers: dict[str, str] | None = None) -> tuple[int, dict[str, Any]]:
        self.house.time.advance(seconds=1)
        async with self.http.post(PATH, json=body, headers=headers) as response:
            return response.status, await response.json()

    async def read(self, decision: str, headers: dict[str, str] | None = None) -> Any:
        """What was said, or the status of a refusal."""
        async with self.http.get(PATH, params={"decision_id": decision}, headers=headers) as response:
            return (await response.json())["data"] if response.status == 200 else response.status


@pytest.fixture
def wire(house: FakeInstallation, http: aiohttp.ClientSession) -> Wire:
    return Wire(house, http)


async def test_a_judgement_is_kept_and_read_back(house: FakeInstallation, answered: str, wire: Wire) -> None:
    status, given = await wire.give({"decision_id": answered, "rating": "bad", "comment": "  the year is wrong "})
    assert status == 200
    expected = {"object": "kyozon.feedback", "decision_id": answered, "source": "person", "score": 0.0, "user": "ann"}
    assert given.items() >= {**expected, "comment": "the year is wrong", "key_id": "key_test"}.items()
    _, checked = await wire.give({"decision_id": answered, "score": 0.75, "source": "program"})
    assert (checked["score"], checked["source"], checked["comment"]) == (0.75, "program", None)
    assert await wire.read(answered) == [given, checked]
    exposition = house.metrics.exposition().decode()
    assert 'kyozon_feedback_total{source="person"} 1.0' in exposition
    assert 'kyozon_feedback_total{source="retry"} 0.0' in exposition


async def test_what_is_repeated_counts_once_and_a_changed_mind_counts(answered: str, wire: Wire) -> None:
    minds = ["good", "good", "bad", "bad", "good"]
    given = [(await wire.give({"decision_id": answered, "rating": rating}))[1]["id"] for rating in minds]
    assert given[0] == given[1] != given[2] == given[3] != given[4] != given[0]
    assert [one["score"] for one in await wire.read(answered)] == [1.0, 0.0, 1.0]


async def test_users_of_one_key_are_people_of_their_own(answered: str, wire: Wire) -> None:
    body = {"decision_id": answered, "rating": "good"}
    given = [await wire.give(body | who) for who in ({"user": "u1"}, {"user": "u2"}, {"user": "u2"}, {})]
    users = [one["user"] for _, one in given]
    assert users == ["ann/u1", "ann/u2", "ann/u2", "ann"]
    assert len({one["id"] for _, one in given}) == len(await wire.read(answered)) == 3
    for place in range(MOST):
        await wire.give({"decision_id": answered, "score": place / MOST, "user": "u1"})
    status, refused = await wire.give({"decision_id": answered, "score": 1, "user": "u1", "comment": "again"})
    assert (status, refused["error"]["code"]) == (429, "rate_limit_exceeded")
    assert (await wire.give({"decision_id": answered, "score": 1, "user": "u3"}))[0] == 200


async def test_the_clients_own_word_that_it_is_a_repeat(answered: str, wire: Wire) -> None:
    again = {"idempotency-key": "7b0c"}
    first = await wire.give({"decision_id": answered, "rating": "good"}, again)
    await wire.give({"decision_id": answered, "rating": "bad"})
    assert await wire.give({"decision_id": answered, "rating": "good"}, again) == first
    status, refused = await wire.give({"decision_id": answered, "rating": "bad"}, again)
    assert (status, refused["error"]["code"]) == (409, "idempotency_conflict")
    assert len(await wire.read(answered)) == 2


@pytest.mark.parametrize(
    ("wrong", "param"),
    [
        ({"rating": "good", "score": 1}, "score"),
        ({}, "score"),
        ({"score": 1.5}, "score"),
        ({"rating": "so-so"}, "rating"),
        ({"rating": "good", "comment": "x" * 4001}, "comment"),
        ({"rating": "good", "coment": "x"}, "coment"),
        ({"rating": "good", "source": "retry"}, "source"),
        ({"rating": "good", "user": "Yamada Hanako"}, "user"),
        ({"rating": "good", "decision_id": "chatcmpl-1"}, "decision_id"),
        ({"rating": "good", "decision_id": ""}, "decision_id"),
    ],
)
async def test_mistakes_name_the_field_and_what_is_allowed(
    answered: str, wrong: dict[str, Any], param: str, wire: Wire
) -> None:
    for language in ("en", "ja"):
        status, found = await wire.give({"decision_id": answered, **wrong}, {"accept-language": language})
        assert (status, found["error"]["param"]) == (400, param)
        assert not any(foreign in found["error"]["message"] for foreign in ("Expected", "enum", "regex"))


async def test_what_a_caller_may_not_know_of_is_refused_as_what_never_was(
    house: FakeInstallation, http: aiohttp.ClientSession, answered: str, wire: Wire
) -> None:
    async with http.post("/v1/chat/completions", json=CHAT, headers={"x-kyozon-label": "restricted"}) as response:
        secret = response.headers["x-kyozon-decision"]
    async with http.post("/v1/embeddings", json={"model": "embedder", "input": "x"}) as response:
        vectors = response.headers["x-kyozon-decision"]
    async with http.post(
        "/v1/chat/completions", json=CHAT | {"model": "cheap"}, headers={"x-kyozon-label": "restricted"}
    ) as r:
        refused = r.headers["x-kyozon-decision"]
    low = key(house, "low", clearance=Clearance(Level.INTERNAL))
    strange = key(house, "strange", tenant="other")
    said = [
        (await wire.give({"decision_id": name, "rating": "good"}, headers), name)
        for name, headers in (
            ("dec_f00", low),
            (secret, low),
            (answered, strange),
            (vectors, None),
            (refused, None),
        )
    ]
    texts = {found["error"]["message"].replace(name, "ID") for (status, found), name in said if status == 404}
    assert len(texts) == 1
    assert [status for (status, _), _ in said] == [404] * 5
    assert await wire.read(secret, low) == await wire.read("dec_f00", low) == await wire.read(answered, strange) == 404
    assert house.said.by_id == {}


async def test_a_comment_is_as_secret_as_its_decision_is_by_now(house: FakeInstallation, answered: str, wire: Wire) -> None:
    admin = key(house, "low", clearance=Clearance(Level.INTERNAL), admin=True)
    await wire.give({"decision_id": answered, "rating": "bad", "comment": "the merger is off"})
    assert [one["comment"] for one in await wire.read(answered, admin)] == ["the merger is off"]
    await house.provenance.raise_label(Wish("default", answered, parse_label("restricted"), "ann", "it was wrong"))
    assert await wire.read(answered, admin) == 404
    assert (await wire.give({"decision_id": answered, "rating": "good"}, admin))[0] == 404
    assert len(await wire.read(answered)) == 1


async def test_so_it_is_with_what_the_answer_was_made_from(house: FakeInstallation, answered: str, wire: Wire) -> None:
    decision = house.book.decisions_by_id[answered]
    label = parse_label("internal")
    await house.stored.add(StoredValue("doc", "default", "document", decision.at, label, (), hashlib.sha256().hexdigest()))
    house.book.decisions_by_id[answered] = structs.replace(decision, sources=("doc",))
    low = key(house, "low", clearance=Clearance(Level.INTERNAL))
    assert (await wire.give({"decision_id": answered, "rating": "good"}, low))[0] == 200
    await house.provenance.raise_label(Wish("default", "doc", parse_label("internal+hr"), "ann", "it was wrong"))
    assert (await wire.give({"decision_id": answered, "rating": "bad"}, low))[0] == 404


async def test_another_key_of_the_tenant_judges_and_reads_its_own_words_alone(
    house: FakeInstallation, answered: str, wire: Wire
) -> None:
    other, admin = key(house, "other"), key(house, "boss", admin=True)
    await wire.give({"decision_id": answered, "rating": "bad", "comment": "mine"})
    assert house.trail.events == []
    await wire.give({"decision_id": answered, "rating": "good", "comment": "his"}, other)
    assert [one["comment"] for one in await wire.read(answered, other)] == ["his"]
    assert house.trail.events == []
    for headers in (None, admin):
        assert [one["comment"] for one in await wire.read(answered, headers)] == ["mine", "his"]
    read = [(event.action, event.user, event.object, event.detail["comments"]) for event in house.trail.events]
    assert read == [("feedback:read", "ann", answered, 1), ("feedback:read", "boss", answered, 2)]


async def test_a_flood_ends(http: aiohttp.ClientSession, answered: str, wire: Wire) -> None:
    for place in range(MOST):
        assert (await wire.give({"decision_id": answered, "score": place / 100}))[0] == 200
    async with http.post(PATH, json={"decision_id": answered, "score": 0.5}) as response:
        assert (response.status, response.headers["x-should-retry"]) == (429, "false")
        assert (await response.json())["error"]["code"] == "rate_limit_exceeded"


async def test_users_of_both_sdks_find_what_to_judge(openai: AsyncOpenAI, anthropic: AsyncAnthropic, wire: Wire) -> None:
    messages: Any = CHAT["messages"]
    first = await openai.chat.completions.with_raw_response.create(model="auto", messages=messages)
    second = await anthropic.messages.with_raw_response.create(model="auto", messages=messages, max_tokens=9)
    for answer in (first, second):
        status, _ = await wire.give({"decision_id": answer.headers["x-kyozon-decision"], "rating": "good"})
        assert status == 200
