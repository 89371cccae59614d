"""Judgements at rest: append-only, on record, their words unreadable in the table, gone with a person or a decision."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest

from kyozon.bootstrap.world import WORLD
from kyozon.domain.decisions import Decision
from kyozon.domain.errors import LimitReached, NotAllowed
from kyozon.services.feedback import MOST
from kyozon.storage.audit.forgetting import Forgetting
from kyozon.storage.database import Database
from kyozon.storage.feedback import PostgresFeedback
from kyozon.storage.journal import PostgresJournal
from kyozon.storage.keys import PostgresKeyStore
from kyozon.storage.master_keys import MasterKeys
from kyozon.storage.vault import Vault
from tests.contract.storage.feedback_store import FeedbackStoreSuite, a_judgement, recorded
from tests.fakes.record_samples import LONG_AGO, a_key


class TestPostgresFeedback(FeedbackStoreSuite):
    @pytest.fixture
    async def stores(
        self, database: Database, masters: MasterKeys
    ) -> AsyncIterator[tuple[PostgresFeedback, PostgresJournal]]:
        journal = PostgresJournal(database)
        yield PostgresFeedback(database, Vault(database, masters)), journal
        await journal.stop()


@pytest.fixture
def masters(tmp_path: Path) -> MasterKeys:
    return MasterKeys(tmp_path)


@pytest.fixture
def store(database: Database, masters: MasterKeys) -> PostgresFeedback:
    return PostgresFeedback(database, Vault(database, masters))


@pytest.fixture
async def decision(database: Database) -> Decision:
    """Of hanako; taro has a key, too."""
    await PostgresKeyStore(database).add(a_key(id="key_2", user="taro"))
    journal = PostgresJournal(database)
    found = await recorded(journal, at=WORLD.now())
    await journal.stop()
    return found


async def test_words_lie_there_encrypted_and_the_log_tells_numbers(
    database: Database, store: PostgresFeedback, decision: Decision
) -> None:
    said = a_judgement(decision, user="taro", key_id="key_2")
    await store.add(said)
    await store.add(said)
    await store.add(a_judgement(decision, "fbk_2", source="retry", score=0.0, comment=None))
    assert (await store.of(decision.id, "acme"))[0].comment == "山 is\ufffd wrong"
    async with database.reading() as connection:
        assert b"wrong" not in await connection.fetchval("SELECT comment FROM feedback WHERE id = 'fbk_1'")
        assert "taro" not in str(await connection.fetch("SELECT * FROM feedback"))
        events = await connection.fetch("SELECT body FROM audit_event WHERE action LIKE 'feedback:%' ORDER BY action")
    gave, seen = (json.loads(row["body"]) for row in events)
    assert (gave["action"], gave["user"], gave["object"]) == ("feedback:gave", "taro", decision.id)
    assert gave["detail"] == {"feedback": "fbk_1", "source": "person", "score": "0.25", "key": "key_2"}
    assert (seen["action"], seen["detail"]["source"]) == ("feedback:seen", "retry")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE feedback SET score = 1",
        "UPDATE feedback SET comment = 'x'",
        "UPDATE feedback SET comment = NULL, score = 1",
        "DELETE FROM feedback",
        "TRUNCATE feedback",
    ],
)
async def test_nobody_puts_other_words_into_his_mouth(
    database: Database, store: PostgresFeedback, decision: Decision, statement: str
) -> None:
    await store.add(a_judgement(decision))
    async with database.reading() as connection:
        with pytest.raises(asyncpg.RestrictViolationError, match="append-only"):
            await connection.execute(statement)


@pytest.mark.parametrize("person", ["hanako", "taro"])
async def test_words_go_with_who_said_them_and_with_whom_they_are_about(
    database: Database, masters: MasterKeys, store: PostgresFeedback, decision: Decision, person: str
) -> None:
    await store.add(a_judgement(decision, user="taro", key_id="key_2"))
    await Forgetting(database, masters, WORLD).erase("acme", person)
    (left,) = await PostgresFeedback(database, Vault(database, masters)).of(decision.id, "acme")
    assert (left.score, left.comment) == (0.25, None)
    assert (left.user == "taro") is (person == "hanako")
    async with database.reading() as connection:
        assert await connection.fetchval("SELECT count(*) FROM feedback WHERE comment IS NOT NULL") == 0


async def test_other_peoples_words_stay(
    database: Database, masters: MasterKeys, store: PostgresFeedback, decision: Decision
) -> None:
    journal = PostgresJournal(database)
    other = await recorded(journal, user="jiro")
    await journal.stop()
    await store.add(a_judgement(decision, comment="of mine"))
    await store.add(a_judgement(other, "fbk_2", comment="of his"))
    await Forgetting(database, masters, WORLD).erase("acme", "jiro")
    kept = PostgresFeedback(database, Vault(database, masters))
    assert [(await kept.of(one.id, "acme"))[0].comment for one in (decision, other)] == ["of mine", None]


async def test_who_was_erased_does_not_come_back_by_a_judgement(
    database: Database, masters: MasterKeys, store: PostgresFeedback, decision: Decision
) -> None:
    await Forgetting(database, masters, WORLD).erase("acme", "taro")
    for comment in (None, "late"):
        with pytest.raises(NotAllowed):
            await store.add(a_judgement(decision, user="taro", key_id="key_2", comment=comment))
    async with database.reading() as connection:
        assert await connection.fetchval("SELECT count(*) FROM feedback") == 0
        assert await connection.fetchval("SELECT count(*) FROM data_subject WHERE name = 'taro'") == 0


async def test_who_comes_back_says_nothing_under_the_key_that_was_destroyed(
    database: Database, masters: MasterKeys, store: PostgresFeedback, decision: Decision
) -> None:
    """A server that has not heard of the erasure has the old key in memory; old backups have it, too."""
    await store.add(a_judgement(decision, user="taro", key_id="key_2", comment="before"))
    await Forgetting(database, masters, WORLD).erase("acme", "taro")
    await PostgresKeyStore(database).add(a_key(id="key_3", user="taro"))
    await store.add(a_judgement(decision, "fbk_2", user="taro", key_id="key_3", comment="after"))
    async with database.reading() as connection:
        assert await connection.fetchval("SELECT count(*) FROM feedback WHERE comment IS NOT NULL") == 0
    assert {one.user == "taro" for one in await store.of(decision.id, "acme")} == {True, False}


async def test_nothing_is_said_of_an_answer_while_its_person_is_erased(
    database: Database, store: PostgresFeedback, decision: Decision
) -> None:
    """It would be missed by the erasure, which does not see what is not committed yet."""
    async with database.alone() as erasing, erasing.transaction():
        await erasing.execute("SELECT FROM data_subject WHERE tenant = 'acme' AND name = 'hanako' FOR UPDATE")
        adding = asyncio.create_task(store.add(a_judgement(decision, user="taro", key_id="key_2", comment=None)))
        await asyncio.sleep(0.3)
        assert not adding.done()
    await adding


async def test_a_flood_from_many_hands_is_stopped_at_the_same_number(store: PostgresFeedback, decision: Decision) -> None:
    said = [a_judgement(decision, f"fbk_{place}", comment=None) for place in range(3 * MOST)]
    done = await asyncio.gather(*map(store.add, said), return_exceptions=True)
    assert sum(isinstance(one, LimitReached) for one in done) == 2 * MOST
    assert len(await store.of(decision.id, "acme")) == MOST


async def test_two_who_judge_each_others_answers_do_not_wait_for_each_other(
    database: Database, store: PostgresFeedback, decision: Decision
) -> None:
    journal = PostgresJournal(database)
    his = await recorded(journal, user="taro")
    await journal.stop()
    said = [
        a_judgement(about, f"fbk_{who}_{place}", user=who, key_id=f"key_{place}", comment=None)
        for place in range(20)
        for who, about in (("hanako", his), ("taro", decision))
    ]
    await asyncio.gather(*map(store.add, said))
    assert len(await store.of(his.id, "acme")) == len(await store.of(decision.id, "acme")) == 20


async def test_all_pages_are_read_and_what_cannot_be_is_named(database: Database) -> None:
    store = PostgresFeedback(database, page=3)
    journal = PostgresJournal(database)
    made = await asyncio.gather(*(recorded(journal, at=LONG_AGO + timedelta(days=n % 7)) for n in range(12)))
    await journal.stop()
    async with database.writing() as connection:
        await connection.execute("SET LOCAL session_replication_role = replica")
        await connection.execute("UPDATE decision SET body = body || '{\"kind\": 7}' WHERE id = $1", made[5].id)
    left_out: list[str] = []
    found = [one.decision async for one in store.rated(LONG_AGO, left_out=left_out)]
    assert found == sorted((one for one in made if one != made[5]), key=lambda one: (one.at, one.id))
    assert left_out == [made[5].id]


async def test_the_pseudonym_of_now_is_the_judges(
    database: Database, masters: MasterKeys, store: PostgresFeedback, decision: Decision
) -> None:
    await store.add(a_judgement(decision, comment=None))
    await Forgetting(database, masters, WORLD).rotate("acme", "hanako")
    await store.add(a_judgement(decision, "fbk_2", comment="again"))
    first, second = await store.of(decision.id, "acme")
    assert (first.user, second.user, second.comment) == ("hanako", "hanako", "again")
    await Forgetting(database, masters, WORLD).erase("acme", "hanako")
    assert "hanako" not in str(await store.of(decision.id, "acme"))
