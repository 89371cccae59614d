import asyncio
import secrets
from datetime import UTC, datetime

import pytest

from kyozon.domain.errors import StorageUnavailable
from kyozon.storage.database import Database
from kyozon.storage.keys import PostgresKeyStore
from tests.fakes.record_samples import LONG_AGO, a_key

NOW = datetime(2026, 11, 22, tzinfo=UTC)


async def test_a_key_comes_back_as_it_was_stored(database: Database) -> None:
    store = PostgresKeyStore(database)
    key = a_key(expires_at=NOW)
    await store.add(key)
    assert await store.by_sha256(key.sha256) == key
    assert await store.by_sha256("0" * 64) is None


async def test_keys_are_listed_oldest_first_and_by_tenant(database: Database) -> None:
    store = PostgresKeyStore(database)
    young, old, other = a_key(created_at=NOW), a_key(created_at=LONG_AGO), a_key(tenant="other", created_at=NOW)
    for key in (young, old, other):
        await store.add(key)
    assert await store.all("acme") == [old, young]
    assert (await store.all())[0] == old
    assert len(await store.all()) == 3


async def test_a_key_is_revoked_once(database: Database) -> None:
    store = PostgresKeyStore(database)
    key = a_key()
    await store.add(key)
    assert await store.revoke(key.id, NOW)
    assert not await store.revoke(key.id, LONG_AGO)
    assert not await store.revoke("key_unknown", NOW)
    found = await store.by_sha256(key.sha256)
    assert found is not None
    assert found.revoked_at == NOW


async def test_a_watcher_hears_of_every_change_also_after_its_connection_was_lost(database: Database) -> None:
    store = PostgresKeyStore(database)
    heard: asyncio.Queue[None] = asyncio.Queue()
    watching = asyncio.create_task(store.watch(lambda: heard.put_nowait(None), pause=0.05))

    async def hears() -> None:
        async with asyncio.timeout(30):
            await heard.get()

    await hears()  # listening has begun
    key = a_key()
    await store.add(key)
    await hears()
    await store.revoke(key.id, NOW)
    await hears()
    async with database.reading() as connection:
        await connection.fetch(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND query LIKE 'LISTEN%'"
        )
    await hears()  # listening again
    await store.add(a_key())
    await hears()
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)


async def test_a_database_that_takes_no_more_connections_makes_nobody_unknown(database: Database) -> None:
    """litellm#18708: a server at its limit of connections made every key an invalid one."""
    role = f"narrow_{secrets.token_hex(4)}"
    async with database.reading() as connection:
        await connection.execute(f"CREATE ROLE {role} LOGIN CONNECTION LIMIT 1; GRANT SELECT ON api_key TO {role}")
    address = database.dsn.replace("postgres@", f"{role}@")
    assert role in address
    hog, narrow = Database(address), Database(address)
    await hog.connect()
    with pytest.raises(StorageUnavailable, match="too many connections"):
        await narrow.connect()
    with pytest.raises(StorageUnavailable):
        await PostgresKeyStore(narrow).by_sha256("0" * 64)
    await hog.close()
    await narrow.connect()  # by itself as soon as there is room
    assert await PostgresKeyStore(narrow).by_sha256("0" * 64) is None
    await narrow.close()
    async with database.reading() as connection:
        await connection.execute(f"DROP OWNED BY {role}; DROP ROLE {role}")


async def test_a_lost_database_is_not_an_unknown_key(database: Database) -> None:
    await database.close()
    with pytest.raises(StorageUnavailable):
        await PostgresKeyStore(database).by_sha256("0" * 64)
