"""Groups over real HTTP: whoever has a key can be in one, whatever it calls him."""

from urllib.parse import quote

import aiohttp
import pytest

from tests.fakes.library import Library


@pytest.mark.parametrize("user", ["ben", "Ben Smith", "sales/ben", "ben@example.org"])
async def test_a_user_joins_and_leaves_a_group_by_his_name(house: Library, url: str, user: str) -> None:
    house.key("root", admin=True)
    member = f"{url}/kyozon/v1/groups/legal/members/{quote(user, safe='')}"
    async with aiohttp.ClientSession(headers={"authorization": "Bearer ky-root"}) as admin:
        async with admin.put(member) as answer:
            assert await answer.json() == {"added": True}
        async with admin.get(f"{url}/kyozon/v1/groups") as answer:
            assert [(one["name"], one["members"]) for one in (await answer.json())["data"]] == [("legal", [user])]
        async with admin.delete(member) as answer:
            assert await answer.json() == {"removed": True}
