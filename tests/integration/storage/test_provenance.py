import asyncio
import secrets
from collections.abc import AsyncIterator

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kyozon.domain.labels import Label, Level
from kyozon.governance.provenance import closure, effective, joined
from kyozon.storage.database import Database
from kyozon.storage.journal import PostgresJournal
from kyozon.storage.provenance import PostgresProvenance
from tests.contract.storage.provenance_store import INTERNAL, SECRET, ProvenanceStoreSuite, changed, value
from tests.fakes.record_samples import a_decision

GRAPHS = st.lists(
    st.tuples(
        st.sampled_from(list(Level)),
        st.frozensets(st.sampled_from(["pii", "jp-only"])),
        st.sets(st.integers(0, 20), max_size=4),
    ),
    min_size=1,
    max_size=12,
)


class TestPostgresProvenance(ProvenanceStoreSuite):
    @pytest.fixture
    async def stores(self, database: Database) -> AsyncIterator[tuple[PostgresProvenance, PostgresJournal]]:
        journal = PostgresJournal(database)
        yield PostgresProvenance(database), journal
        await journal.stop()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)
@given(graph=GRAPHS)
async def test_the_query_and_the_pure_code_say_the_same(
    database: Database, graph: list[tuple[Level, frozenset[str], set[int]]]
) -> None:
    store, tenant = PostgresProvenance(database), secrets.token_hex(8)
    values = {}
    for place, (level, compartments, wanted) in enumerate(graph):
        sources = tuple(f"v{source}" for source in sorted(wanted) if source < place)
        found = values[f"v{place}"] = value(f"v{place}", *sources, label=Label(level, compartments), tenant=tenant)
        await store.add(found)
    labels = await store.labels(tenant, tuple(values))
    assert {name: joined(parts) for name, parts in labels.items()} == {name: effective(name, values) for name in values}
    below = closure("v0", lambda made: [name for name, found in values.items() if made in found.sources])
    assert set(await store.derived(tenant, "v0")) == below


async def test_of_two_who_change_a_label_at_the_same_moment_one_does(database: Database) -> None:
    store = PostgresProvenance(database)
    await store.add(value("doc"))
    done = await asyncio.gather(*(changed(store, "doc", INTERNAL, SECRET) for _ in range(4)))
    assert sorted(done) == [False, False, False, True]


async def test_an_exchange_that_cannot_be_read_is_named(database: Database) -> None:
    journal, decisions = PostgresJournal(database), [a_decision() for _ in range(2)]
    for decision in decisions:
        await journal.open(decision, None)
    await journal.stop()
    async with database.reading() as connection:
        await connection.execute("ALTER TABLE decision DISABLE TRIGGER USER")
        await connection.execute("UPDATE decision SET body = body || '{\"kind\": 7}' WHERE id = $1", decisions[0].id)
    left_out: list[str] = []
    names = [decision.id for decision in decisions]
    found = await PostgresProvenance(database).exchanges("acme", names, left_out)
    assert ([decision.id for decision, _ in found], left_out) == (names[1:], names[:1])


@pytest.mark.parametrize(
    "statement",
    [
        """UPDATE stored_value SET label = '{"level": "public"}'""",
        "UPDATE stored_value SET tenant = 'other'",
        "DELETE FROM value_source",
        "DELETE FROM stored_value",
        "UPDATE relabelling SET body = '{}'",
        "TRUNCATE delivery",
    ],
)
async def test_nobody_washes_a_label_off_in_silence(database: Database, statement: str) -> None:
    store = PostgresProvenance(database)
    await store.add(value("doc"))
    await store.add(value("chunk", "doc"))
    await changed(store, "doc", INTERNAL, SECRET)
    async with database.reading() as connection:
        with pytest.raises(asyncpg.RestrictViolationError, match="append-only"):
            await connection.execute(statement)


async def test_the_database_itself_keeps_tenants_apart(database: Database) -> None:
    store = PostgresProvenance(database)
    await store.add(value("mine"))
    await store.add(value("theirs", tenant="other"))
    async with database.reading() as connection:
        with pytest.raises(asyncpg.ForeignKeyViolationError):
            await connection.execute("INSERT INTO value_source VALUES ('acme', 'mine', 'theirs')")


async def test_names_that_postgresql_cannot_hold(database: Database) -> None:
    store = PostgresProvenance(database)
    assert await store.add(value("a\0b"))
    assert await store.labels("acme", ("a\0b",)) == {"a\0b": frozenset({INTERNAL})}
