import asyncio

import pytest
from msgspec import structs

from kyozon.domain.cache import CachedAnswer
from kyozon.domain.errors import StorageUnavailable
from kyozon.storage.cache import PostgresAnswers
from kyozon.storage.database import Database
from tests.contract.storage.answer_store import HERE, AnswerStoreSuite, answer, wanted


class TestPostgresAnswers(AnswerStoreSuite):
    @pytest.fixture
    def store(self, database: Database) -> PostgresAnswers:
        return PostgresAnswers(database)


async def test_writers_at_the_same_moment_leave_one_whole_answer(database: Database) -> None:
    store = PostgresAnswers(database)

    async def written(number: int) -> CachedAnswer | None:
        await store.keep(answer(source=str(number), payload=str(number).encode()))
        return await store.same(wanted(), "question")

    found = await asyncio.gather(*(written(number) for number in range(20)))
    assert all(one is not None and one.payload.decode() == one.source for one in found)
    assert await store.forget("acme", None) == 1


async def test_names_that_postgresql_cannot_hold_stay_apart(database: Database) -> None:
    store = PostgresAnswers(database)
    odd, replaced = (structs.replace(HERE, principals=("ann", name)) for name in ("\0", "\ufffd"))
    await store.keep(answer(partition=odd))
    assert await store.same(wanted(replaced), "question") is None
    assert await store.same(wanted(odd), "question") is not None


async def test_the_words_of_a_question_do_not_lie_in_the_database(database: Database) -> None:
    await PostgresAnswers(database).keep(answer(essence="\nsecret merger"))
    async with database.reading() as connection:
        row = await connection.fetchrow("SELECT * FROM cached_answer")
    assert "merger" not in str(dict(row))


async def test_a_lost_database_is_said_so(database: Database) -> None:
    await database.close()
    with pytest.raises(StorageUnavailable):
        await PostgresAnswers(database).same(wanted(), "question")
