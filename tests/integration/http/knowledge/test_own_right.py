"""Whoever sees a collection is told whose it is and what he may do with it himself, not what others may."""

from typing import Any

import aiohttp
import pytest

from kyozon.domain.knowledge import Share
from tests.fakes.bookshelf import person
from tests.fakes.library import Library

SHARES = (Share("everyone"), Share("user", "ben", "write"))


@pytest.mark.parametrize(("who", "access"), [("ann", "own"), ("ben", "write"), ("cho", "read"), ("root", "own")])
async def test_a_collection_says_whose_it_is_and_ones_own_right(house: Library, url: str, who: str, access: str) -> None:
    house.key(who, admin=who == "root")
    shelf = await house.shelf.collection(person("ann"), *SHARES)
    async with (
        aiohttp.ClientSession(url, headers={"authorization": f"Bearer ky-{who}"}) as http,
        http.get(f"/kyozon/v1/collections/{shelf.id}") as answer,
    ):
        found: dict[str, Any] = await answer.json()
    shares = (
        None
        if access in ("read", "write")
        else [
            {"kind": "everyone", "name": "", "right": "read"},
            {"kind": "user", "name": "ben", "right": "write"},
        ]
    )
    assert found == {
        "object": "kyozon.collection",
        "id": shelf.id,
        "owner": "ann",
        "access": access,
        "shares": shares,
    }
