"""Exposure reports over real HTTP, for those who may read them."""

from typing import Any

import aiohttp
import pytest
from msgspec import structs
from openai import AsyncOpenAI

from kyozon.domain.labels import parse_clearance
from tests.fakes.installation import FakeInstallation, api_key

BODY = {"label": "restricted+pii", "reason": "a customer's file"}


@pytest.fixture
async def decision(house: FakeInstallation, openai: AsyncOpenAI) -> str:
    """An answer from outside, asked for by a key that is an admin's."""
    house.key_store.by_id["key_test"] = structs.replace(api_key(), admin=True)
    raw = await openai.chat.completions.with_raw_response.create(
        model="cheap", messages=[{"role": "user", "content": "Hi."}]
    )
    return raw.headers["x-kyozon-decision"]


async def test_a_decision_says_where_it_has_been(http: aiohttp.ClientSession, decision: str) -> None:
    async with http.get(f"/kyozon/v1/exposures/{decision}") as response:
        found = await response.json()
    assert response.status == 200
    assert found["label"]["level"] == "internal"
    assert [(one["delivery"]["zone"], one["permitted_now"]) for one in found["deliveries"]] == [("external", True)]


async def test_raising_a_label_answers_with_what_is_too_late(
    house: FakeInstallation, http: aiohttp.ClientSession, decision: str
) -> None:
    async with http.post(f"/kyozon/v1/exposures/{decision}/label", json=BODY) as response:
        found = await response.json()
    assert (response.status, found["label"]["level"]) == (200, "restricted")
    assert [one["permitted_now"] for one in found["deliveries"]] == [False]
    assert [(change["by"], change["reason"]) for change in found["changes"]] == [("ann", "a customer's file")]
    assert house.stored.events[0].action == "value:raised"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"label": "secret", "reason": "r"}, 400, "invalid_request"),
        ({"label": "restricted"}, 400, "invalid_request"),
        ({"label": "public", "reason": "r"}, 403, "not_allowed"),
    ],
)
async def test_what_is_no_raise_is_refused(
    http: aiohttp.ClientSession, decision: str, body: dict[str, str], status: int, code: str
) -> None:
    async with http.post(f"/kyozon/v1/exposures/{decision}/label", json=body) as response:
        found = await response.json()
    assert (response.status, found["error"]["code"]) == (status, code)


async def test_only_admins_who_are_cleared_read_it(
    house: FakeInstallation, http: aiohttp.ClientSession, decision: str
) -> None:
    path = f"/kyozon/v1/exposures/{decision}"
    for changes, status in (
        ({"admin": False}, 403),
        ({"tenant": "other"}, 404),
        ({"clearance": parse_clearance("public")}, 404),
    ):
        house.keys.forget()
        house.key_store.by_id["key_test"] = structs.replace(api_key(), **{"admin": True, **changes})
        async with http.get(path) as response:
            assert response.status == status
    house.keys.forget()
    house.key_store.by_id["key_test"] = structs.replace(api_key(), admin=True, clearance=parse_clearance("internal"))
    async with http.post(f"{path}/label", json=BODY) as response:
        assert response.status == 403


async def test_a_label_is_lowered_by_two(house: FakeInstallation, http: aiohttp.ClientSession, decision: str) -> None:
    path, wish = f"/kyozon/v1/exposures/{decision}", {"label": "public", "purpose": "published"}
    roles = frozenset({"declassify:level:internal"})
    house.key_store.by_id["key_ben"] = structs.replace(api_key("ben"), user="ben", roles=roles)
    async with http.post(f"{path}/lowering", json=wish) as response:
        asked = await response.json()
    assert (response.status, asked["kind"], asked["state"]) == (200, "lowering", "waiting")
    assert asked["lowering"]["value"] == decision
    approving = f"/kyozon/v1/reviews/{asked['id']}/approve"
    async with http.post(approving) as response:
        assert response.status == 403
    async with http.post(approving, headers={"authorization": "Bearer ky-ben"}) as response:
        assert (response.status, (await response.json())["state"]) == (200, "approved")
    async with http.get(path) as response:
        found = await response.json()
    assert found["label"]["level"] == "public"
    assert [(change["by"], change["approval"]) for change in found["changes"]] == [("ann", "key_ben")]


@pytest.mark.parametrize(
    ("changes", "body", "refusal"),
    [
        ({}, {"label": "public"}, (400, "purpose")),
        ({}, {"label": "public", "purpose": "it may be known"}, (400, "purpose")),
        ({}, {"label": "restricted", "purpose": "published"}, (400, "label")),
        ({}, {"purpose": "published"}, (400, "label")),
        ({"admin": False}, {"label": "public", "purpose": "published"}, (403, None)),
        ({"tenant": "other"}, {"label": "public", "purpose": "published"}, (404, None)),
        ({"clearance": parse_clearance("public")}, {"label": "public", "purpose": "published"}, (404, None)),
    ],
)
async def test_who_asks_for_a_lower_label_says_what_for(
    house: FakeInstallation,
    http: aiohttp.ClientSession,
    decision: str,
    changes: dict[str, Any],
    body: dict[str, str],
    refusal: tuple[int, str | None],
) -> None:
    house.keys.forget()
    house.key_store.by_id["key_test"] = structs.replace(api_key(), **{"admin": True, **changes})
    async with http.post(f"/kyozon/v1/exposures/{decision}/lowering", json=body) as response:
        found = await response.json()
    assert (response.status, found["error"]["param"]) == refusal
    assert house.reviews.queue == {}


async def test_labels_read_the_same_each_time(http: aiohttp.ClientSession, decision: str) -> None:
    """The compartments of a label are a set, whose own order differs from process to process."""
    names = [f"c{number}" for number in range(9)]
    raised = {"label": "+".join(["restricted", *reversed(names)]), "reason": "a customer's file"}
    async with http.post(f"/kyozon/v1/exposures/{decision}/label", json=raised) as response:
        assert (await response.json())["label"]["compartments"] == names
    async with http.post(f"/kyozon/v1/exposures/{decision}/lowering", json={"label": "public", "purpose": "x"}) as response:
        assert (await response.json())["claim"]["label"]["compartments"] == names
    async with http.get("/kyozon/v1/reviews") as response:
        assert [item["claim"]["label"]["compartments"] for item in (await response.json())["data"]] == [names]
    chat = {"model": "in-house", "messages": [{"role": "user", "content": "Hi."}]}
    async with http.post("/v1/chat/completions", json=chat, headers={"x-kyozon-label": raised["label"]}) as response:
        made = response.headers["x-kyozon-decision"]
    for path in (f"/kyozon/v1/decisions/{made}", "/kyozon/v1/decisions?limit=1"):
        async with http.get(path) as response:
            found = await response.json()
        assert found.get("data", [found])[0]["label"]["compartments"] == names
