"""What has served its time goes by itself, and the going of much of it is the database's work alone."""

import tracemalloc
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest

from kyozon.storage.cache import PostgresAnswers
from kyozon.storage.database import Database
from kyozon.storage.expired import forget_expired
from kyozon.storage.journal import PostgresJournal
from tests.contract.storage.answer_store import answer
from tests.fakes.record_samples import a_decision

MANY = 900
LARGE = 20_000
NOW = datetime.now(UTC)

_KEPT = """
INSERT INTO kept_answer SELECT 'key_1', 'idem-' || n, '', $1, 'answer/openai', decode(repeat('61', $2), 'hex'),
    now() - interval '1 hour' FROM generate_series(1, $3) n
"""
_CACHED = """
INSERT INTO cached_answer (partition_sha256, question_sha256, tenant, principals, label, policy_version, partition,
                           deployment, source, content_type, payload, charge, expires_at)
SELECT 'here', 'question-' || n, 'acme', '{ann}', 'internal', 'v1', '{}', 'vendor/gpt', $1, 'answer/openai',
    decode(repeat('61', $2), 'hex'), '{}', now() - interval '1 hour' FROM generate_series(1, $3) n
"""


async def _count(database: Database) -> int:
    async with database.reading() as connection:
        counts = "(SELECT count(*) FROM kept_answer) + (SELECT count(*) FROM cached_answer)"
        return int(await connection.fetchval(f"SELECT {counts}"))


async def _expired(database: Database) -> None:
    await forget_expired(database)


async def _tidy(database: Database) -> None:
    await PostgresAnswers(database).tidy(NOW, "v1", 10)


@pytest.mark.parametrize("housekeeping", [_expired, _tidy])
async def test_to_delete_much_takes_no_memory(
    database: Database, housekeeping: Callable[[Database], Awaitable[None]]
) -> None:
    """litellm#21908, #25219: the daily clean-up read the rows that it deleted, and the pod was killed for it."""
    decision = a_decision()
    await PostgresJournal(database).open(decision, None)
    async with database.reading() as connection:
        for rows in (_KEPT, _CACHED):
            await connection.execute(rows, decision.id, LARGE, MANY)
    before = await _count(database)
    tracemalloc.start()
    await housekeeping(database)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert await _count(database) <= before - MANY
    assert peak < LARGE * MANY / 20


async def test_what_a_cache_held_that_is_off_now_goes_when_it_expires(database: Database) -> None:
    """They are people's words: litellm#24928 kept vectors for ever, of prompts that it was told not to keep."""
    answers = PostgresAnswers(database)
    await answers.keep(answer(expires_at=NOW))
    await answers.keep(answer(question_sha256="another", expires_at=datetime(2100, 1, 1, tzinfo=UTC)))
    await forget_expired(database)
    async with database.reading() as connection:
        left = await connection.fetch("SELECT question_sha256 FROM cached_answer")
    assert [row["question_sha256"] for row in left] == ["another"]
