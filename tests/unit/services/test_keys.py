"""Keys: shown once, kept as a hash, revoked at once; trouble of the database is never an unknown key."""

import asyncio
from datetime import timedelta

import pytest

from kyozon.domain.errors import NotFound, StorageUnavailable, Unauthenticated
from kyozon.services.keys import NewKey
from tests.fakes.installation import FakeInstallation


async def test_issued_and_recognised() -> None:
    house = FakeInstallation()
    key, secret = await house.keys.issue(NewKey("app", tenant="lab", user="ann"))
    caller = await house.keys.authenticate(secret)
    assert (caller.key, caller.tenant) == (key, "lab")
    assert secret.startswith("ky-")


async def test_the_secret_is_kept_nowhere() -> None:
    house = FakeInstallation()
    key, secret = await house.keys.issue(NewKey("app"))
    assert secret not in repr(house.key_store.by_id)
    assert len(key.prefix) < len(secret) / 3


async def test_no_two_secrets_alike() -> None:
    house = FakeInstallation()
    secrets = {(await house.keys.issue(NewKey("app")))[1] for _ in range(20)}
    assert len(secrets) == 20


@pytest.mark.parametrize("secret", [None, "", "ky-", "ky-unknown"])
async def test_unknown_secrets(secret: str | None) -> None:
    with pytest.raises(Unauthenticated):
        await FakeInstallation().keys.authenticate(secret)


@pytest.mark.parametrize("seen", [False, True])
async def test_a_revoked_key_is_out_at_once(seen: bool) -> None:  # noqa: FBT001 - a parameter of pytest
    house = FakeInstallation()
    _, secret = await house.keys.issue(NewKey("app"))
    if seen:
        await house.keys.authenticate(secret)
    await house.keys.revoke("app")
    with pytest.raises(Unauthenticated):
        await house.keys.authenticate(secret)


async def test_a_key_revoked_while_it_is_looked_up_is_not_remembered() -> None:
    house = FakeInstallation()
    _, secret = await house.keys.issue(NewKey("app"))
    house.key_store.turns = 10
    looking_up = asyncio.create_task(house.keys.authenticate(secret))
    await asyncio.sleep(0)
    house.key_store.turns = 0
    await house.keys.revoke("app")
    await asyncio.wait([looking_up])
    with pytest.raises(Unauthenticated):
        await house.keys.authenticate(secret)


async def test_a_key_expires_though_it_is_remembered() -> None:
    house = FakeInstallation()
    _, secret = await house.keys.issue(NewKey("app", expires_at=house.time.now + timedelta(hours=1)))
    await house.keys.authenticate(secret)
    house.time.advance(hours=1)
    with pytest.raises(Unauthenticated):
        await house.keys.authenticate(secret)


async def test_trouble_of_the_database_is_not_an_unknown_key() -> None:
    house = FakeInstallation()
    _, secret = await house.keys.issue(NewKey("app"))
    house.key_store.failing = {"by_sha256"}
    with pytest.raises(StorageUnavailable):
        await house.keys.authenticate(secret)


async def test_a_known_key_works_without_the_database() -> None:
    house = FakeInstallation()
    _, secret = await house.keys.issue(NewKey("app"))
    await house.keys.authenticate(secret)
    house.key_store.failing = {"by_sha256"}
    await house.keys.authenticate(secret)


async def test_revoking_what_is_not_there() -> None:
    house = FakeInstallation()
    with pytest.raises(NotFound):
        await house.keys.revoke("app")
    await house.keys.issue(NewKey("app"))
    await house.keys.revoke("app")
    with pytest.raises(NotFound):
        await house.keys.revoke("app")
