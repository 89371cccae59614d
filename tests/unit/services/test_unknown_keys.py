"""A flood of wrong keys reaches the store a little, holds few of its connections, and hides no right key."""

import asyncio

import pytest

from kyozon.domain.callers import ApiKey
from kyozon.domain.errors import StorageUnavailable, Unauthenticated
from kyozon.services.keys import KeyService, NewKey
from tests.fakes.memory import MemoryKeys
from tests.fakes.steered import Steered


class Counting(MemoryKeys):
    """Counts what it is asked, and how much at once."""

    def __init__(self) -> None:
        super().__init__([])
        self.asked = self.at_once = self.most = 0

    async def by_sha256(self, sha256: str) -> ApiKey | None:
        self.asked += 1
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        try:
            return await super().by_sha256(sha256)
        finally:
            self.at_once -= 1


@pytest.fixture
def store() -> Counting:
    return Counting()


@pytest.fixture
def time() -> Steered:
    return Steered()


@pytest.fixture
def keys(store: Counting, time: Steered) -> KeyService:
    return KeyService(store, time.world)


async def _refused(keys: KeyService, secret: str) -> None:
    with pytest.raises(Unauthenticated):
        await keys.authenticate(secret)


async def test_the_same_wrong_key_is_asked_for_once_in_a_while(keys: KeyService, store: Counting, time: Steered) -> None:
    for _ in range(10):
        await _refused(keys, "ky-wrong")
    assert store.asked == 1
    time.advance(seconds=5)
    await _refused(keys, "ky-wrong")
    assert store.asked == 2


async def test_many_wrong_keys_hold_few_connections_and_little_memory(keys: KeyService, store: Counting) -> None:
    await asyncio.gather(*(_refused(keys, f"ky-{number}") for number in range(5000)))
    assert store.most == 2
    assert len(keys._unknown) == 4096


async def test_a_right_key_gets_in_during_a_flood(keys: KeyService) -> None:
    _, secret = await keys.issue(NewKey(name="app"))
    flood = [asyncio.create_task(_refused(keys, f"ky-{number}")) for number in range(200)]
    assert (await keys.authenticate(secret)).key.name == "app"
    await asyncio.gather(*flood)


async def test_one_key_that_many_bring_at_once_is_asked_for_once_on_each_connection(
    keys: KeyService, store: Counting
) -> None:
    _, secret = await keys.issue(NewKey(name="app"))
    await asyncio.gather(*(keys.authenticate(secret) for _ in range(50)))
    assert store.asked == store.most == 2


async def test_a_key_that_was_unknown_is_known_as_soon_as_the_store_tells_of_it(keys: KeyService, store: Counting) -> None:
    other = KeyService(store, keys._world)
    key, secret = await other.issue(NewKey(name="app"))
    del store.by_id[key.id]
    await _refused(keys, secret)
    store.by_id[key.id] = key
    keys.forget()
    await keys.authenticate(secret)


async def test_a_lost_database_makes_nobody_unknown(keys: KeyService, store: Counting) -> None:
    _, secret = await keys.issue(NewKey(name="app"))
    store.failing.add("by_sha256")
    with pytest.raises(StorageUnavailable):
        await keys.authenticate(secret)
    store.failing.clear()
    await keys.authenticate(secret)
