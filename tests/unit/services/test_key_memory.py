"""A revocation whose word got lost is noticed all the same, after a while."""

import pytest

from kyozon.domain.errors import Unauthenticated
from kyozon.services.keys import NewKey
from tests.fakes.installation import FakeInstallation


async def test_a_key_revoked_elsewhere_is_out_when_the_store_is_asked_again() -> None:
    house = FakeInstallation()
    key, secret = await house.keys.issue(NewKey("app"))
    await house.keys.authenticate(secret)
    await house.key_store.revoke(key.id, house.time.now)
    await house.keys.authenticate(secret)  # nobody has told
    house.time.advance(seconds=31)
    with pytest.raises(Unauthenticated):
        await house.keys.authenticate(secret)


async def test_use_does_not_keep_it_in_memory() -> None:
    house = FakeInstallation()
    key, secret = await house.keys.issue(NewKey("app"))
    await house.keys.authenticate(secret)
    await house.key_store.revoke(key.id, house.time.now)
    house.time.advance(seconds=20)
    await house.keys.authenticate(secret)
    house.time.advance(seconds=20)
    with pytest.raises(Unauthenticated):
        await house.keys.authenticate(secret)
