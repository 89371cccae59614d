"""Exposure reports over real HTTP, for those who may read them."""

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
    assert house.trail.events[0].action == "value:raised"


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
