"""Chains of thought at rest: unreadable in the table, gone when their time is over, gone with their person."""

from datetime import timedelta
from pathlib import Path

import pytest
from msgspec import structs

from kyozon.bootstrap.world import WORLD
from kyozon.domain.labels import Label, Level
from kyozon.domain.reasoning import Reasoning
from kyozon.storage.audit.forgetting import Forgetting
from kyozon.storage.database import Database
from kyozon.storage.expired import forget_expired
from kyozon.storage.journal import PostgresJournal
from kyozon.storage.master_keys import MasterKeys
from kyozon.storage.reasoning import PostgresReasoning
from kyozon.storage.vault import Vault
from tests.fakes.record_samples import a_decision

TEXT = "山を越え\0て、 then the sea"


@pytest.fixture
def masters(tmp_path: Path) -> MasterKeys:
    return MasterKeys(tmp_path)


@pytest.fixture
async def kept(database: Database, masters: MasterKeys) -> Reasoning:
    """One that is kept for a recorded decision."""
    journal, decision = PostgresJournal(database), a_decision(at=WORLD.now())
    await journal.open(decision, None)
    await journal.stop()
    label = Label(Level.RESTRICTED, frozenset({"pii"}))
    expires = decision.at + timedelta(hours=1)
    reasoning = Reasoning(decision.id, "acme", "hanako", decision.at, label, TEXT, whole=False, expires_at=expires)
    await PostgresReasoning(database, Vault(database, masters)).keep(reasoning)
    return reasoning


async def test_it_comes_back_as_it_was_and_lies_there_encrypted(
    database: Database, masters: MasterKeys, kept: Reasoning
) -> None:
    store = PostgresReasoning(database, Vault(database, masters))
    assert await store.read(kept.decision_id, kept.at) == kept
    await store.keep(structs.replace(kept, text="another"))
    assert await store.read(kept.decision_id, kept.at) == kept
    assert await store.read("dec_none", kept.at) is None
    async with database.reading() as connection:
        assert b"sea" not in await connection.fetchval("SELECT payload FROM kept_reasoning")


async def test_when_its_time_is_over_it_is_neither_read_nor_kept(
    database: Database, masters: MasterKeys, kept: Reasoning
) -> None:
    store = PostgresReasoning(database, Vault(database, masters))
    assert await store.read(kept.decision_id, kept.expires_at) is None
    async with database.reading() as connection:
        await forget_expired(database)
        assert await connection.fetchval("SELECT count(*) FROM kept_reasoning") == 1
        await connection.execute("UPDATE kept_reasoning SET expires_at = now()")
        await forget_expired(database)
        assert await connection.fetchval("SELECT count(*) FROM kept_reasoning") == 0


async def test_it_goes_with_its_person(database: Database, masters: MasterKeys, kept: Reasoning) -> None:
    await Forgetting(database, masters, WORLD).erase("acme", "hanako")
    async with database.reading() as connection:
        assert await connection.fetchval("SELECT count(*) FROM kept_reasoning") == 0
    assert await PostgresReasoning(database, Vault(database, masters)).read(kept.decision_id, kept.at) is None
