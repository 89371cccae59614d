"""`GET /kyozon/v1/router`: what is followed and what is being tried, for admin keys."""

import aiohttp
import pytest
from msgspec import structs

from kyozon.domain.rollout import Terms
from kyozon.services.rolling_out import Proposal
from tests.fakes.estimator import KnowsThree
from tests.fakes.installation import FakeInstallation, api_key

PATH = "/kyozon/v1/router"


@pytest.fixture
def admin(house: FakeInstallation) -> dict[str, str]:
    key = structs.replace(api_key("boss"), admin=True)
    house.key_store.by_id[key.id] = key
    return {"authorization": "Bearer ky-boss"}


async def test_what_is_followed_and_what_is_tried(
    house: FakeInstallation, http: aiohttp.ClientSession, admin: dict[str, str]
) -> None:
    async with http.get(PATH, headers=admin) as response:
        assert await response.json() == {"object": "kyozon.router", "router": "cheapest", "estimator": None, "rollouts": []}
    house.measure(KnowsThree())
    await house.rolling.begin(Proposal("newer", b"0123", "three-models", "ann", "from use", Terms(share=10)))
    async with http.get(PATH, headers=admin) as response:
        found = await response.json()
    (rollout,) = found["rollouts"]
    assert (found["estimator"], rollout["stage"], rollout["terms"]["share"]) == ("three-models", "shadow", 10)


async def test_others_are_not_told(http: aiohttp.ClientSession) -> None:
    async with http.get(PATH, headers={"accept-language": "ja"}) as response:
        assert response.status == 403
        assert "管理者キー" in (await response.json())["error"]["message"]
