"""What the API tells of a decision, and of the reasoning behind it, to whom."""

from datetime import timedelta

import aiohttp
import pytest
from msgspec import structs

from kyozon.domain.labels import Clearance, Label, Level
from kyozon.domain.reasoning import Reasoning
from tests.fakes.installation import FakeInstallation, api_key

CHAT = {"model": "auto", "messages": [{"role": "user", "content": "Say hello."}]}
HIDDEN = {"label", "label_sources", "candidates", "reason", "body_sha256", "sources", "masked", "reasons"}


@pytest.fixture
async def decision(house: FakeInstallation, http: aiohttp.ClientSession) -> str:
    """A confidential request of the key, which has been cleared for less since."""
    async with http.post("/v1/chat/completions", json=CHAT, headers={"x-kyozon-label": "confidential"}) as response:
        assert response.status == 200
    now = house.time.world.now()
    kept = Reasoning(
        response.headers["x-kyozon-decision"],
        "default",
        "ann",
        now,
        Label(),
        "hm",
        whole=True,
        expires_at=now + timedelta(1),
    )
    await house.thoughts.keep(kept)
    return kept.decision_id


def clear(house: FakeInstallation, level: Level) -> None:
    house.key_store.by_id["key_test"] = structs.replace(api_key(), clearance=Clearance(level))
    house.keys.forget()


async def test_a_cleared_reader_sees_all_of_it(http: aiohttp.ClientSession, decision: str) -> None:
    async with http.get(f"/kyozon/v1/decisions/{decision}") as response:
        found = await response.json()
    assert found.keys() >= HIDDEN
    assert "redacted" not in found
    assert found["reasons"]["runner_up"] is None  # the others may not see it


async def test_a_reader_below_the_label_learns_that_it_was_made(
    house: FakeInstallation, http: aiohttp.ClientSession, decision: str
) -> None:
    clear(house, Level.INTERNAL)
    async with http.get(f"/kyozon/v1/decisions/{decision}") as response:
        one = await response.json()
    async with http.get("/kyozon/v1/decisions") as response:
        page = await response.json()
    assert page["data"] == [one]
    assert (one["id"], one["status"], one["redacted"]) == (decision, "answered", True)
    assert not HIDDEN & one.keys()
    assert "confidential" not in str(one)


@pytest.mark.parametrize(
    ("language", "note"),
    [
        ("en", "The model's own account; it may not reflect how the answer arose."),
        ("ja", "モデル自身による説明です。応答が実際に生じた過程を表すとは限りません。"),
    ],
)
async def test_reasoning_is_shown_as_the_models_own_account(
    http: aiohttp.ClientSession, decision: str, language: str, note: str
) -> None:
    async with http.get(f"/kyozon/v1/decisions/{decision}/reasoning", headers={"accept-language": language}) as response:
        found = await response.json()
    assert (found["object"], found["text"], found["label"], found["note"]) == (
        "kyozon.reasoning",
        "hm",
        "confidential",
        note,
    )


async def test_reasoning_is_for_the_cleared_alone(
    house: FakeInstallation, http: aiohttp.ClientSession, decision: str
) -> None:
    clear(house, Level.INTERNAL)
    for name in (decision, "dec_none"):
        async with http.get(f"/kyozon/v1/decisions/{name}/reasoning") as response:
            assert response.status == 404
            assert "hm" not in await response.text()
    assert house.trail.events == []
