"""Responses at rest: unreadable in the table, gone when their time is over, gone with their person, labels and all kept."""

from datetime import timedelta
from pathlib import Path

import pytest

from kyozon.bootstrap.world import WORLD
from kyozon.domain.knowledge import Reader
from kyozon.domain.labels import Clearance, Label, Level
from kyozon.domain.provenance import StoredValue
from kyozon.domain.responses import RESPONSE, KeptResponse
from kyozon.storage.audit.forgetting import Forgetting
from kyozon.storage.database import Database
from kyozon.storage.expired import forget_expired
from kyozon.storage.journal import PostgresJournal
from kyozon.storage.master_keys import MasterKeys
from kyozon.storage.provenance import PostgresProvenance
from kyozon.storage.responses import PostgresResponses
from kyozon.storage.vault import Vault
from tests.fakes.record_samples import a_decision

EVERYTHING = Clearance(Level.RESTRICTED, frozenset({"*"}))
HANAKO, OTHER = Reader("acme", "hanako", EVERYTHING), Reader("other", "hanako", EVERYTHING)
TEXT = "有給休暇は\0 10日です。 Ten days."


@pytest.fixture
def store(database: Database, tmp_path: Path) -> PostgresResponses:
    return PostgresResponses(database, Vault(database, MasterKeys(tmp_path)))


@pytest.fixture
async def kept(database: Database, store: PostgresResponses) -> KeptResponse:
    """One that is kept, made from a recorded decision."""
    journal, decision = PostgresJournal(database), a_decision(at=WORLD.now())
    await journal.open(decision, None)
    await journal.stop()
    response = KeptResponse(
        id="resp_1",
        tenant="acme",
        user="hanako",
        at=decision.at,
        expires_at=decision.at + timedelta(hours=1),
        label=Label(Level.PUBLIC),
        sources=(decision.id,),
        body={"id": "resp_1", "output": [{"text": TEXT, "score": 0.5, "none": None}]},
        items=({"role": "user", "content": TEXT},),
        messages=({"role": "user", "content": TEXT}, {"role": "assistant", "content": "10"}),
    )
    value = StoredValue(response.id, "acme", RESPONSE, response.at, response.label, response.sources)
    assert await PostgresProvenance(database).add(value)
    await store.keep(response)
    return response


async def test_it_comes_back_as_it_was_and_lies_there_encrypted(
    database: Database, store: PostgresResponses, kept: KeptResponse
) -> None:
    assert await store.read(HANAKO, "resp_1", kept.at) == kept
    assert await store.read(OTHER, "resp_1", kept.at) is None
    await store.keep(kept)
    async with database.reading() as connection:
        assert b"Ten days" not in await connection.fetchval("SELECT payload FROM kept_response")


async def test_when_its_time_is_over_it_is_neither_read_nor_kept(
    database: Database, store: PostgresResponses, kept: KeptResponse
) -> None:
    assert await store.read(HANAKO, "resp_1", kept.expires_at) is None
    async with database.reading() as connection:
        await connection.execute("UPDATE kept_response SET expires_at = now() - interval '1 second'")
        await forget_expired(database)
        assert await connection.fetchval("SELECT count(*) FROM kept_response") == 0


async def test_what_is_deleted_is_gone_for_its_tenant_alone(store: PostgresResponses, kept: KeptResponse) -> None:
    await store.delete("other", "resp_1")
    assert await store.read(HANAKO, "resp_1", kept.at) == kept
    await store.delete("acme", "resp_1")
    assert await store.read(HANAKO, "resp_1", kept.at) is None


async def test_it_goes_with_its_person(
    database: Database, store: PostgresResponses, kept: KeptResponse, tmp_path: Path
) -> None:
    await Forgetting(database, MasterKeys(tmp_path), WORLD).erase("acme", "hanako")

    assert await store.read(HANAKO, "resp_1", kept.at) is None
