"""Documents on their way, counted by what becomes of them at this moment."""

from pathlib import Path

from kyozon.domain.knowledge import Failure, Progress
from kyozon.storage.database import Database
from kyozon.storage.knowledge.ingestion import PostgresIngestion
from kyozon.storage.knowledge.queue import PostgresIngestionQueue
from tests.fakes.waiting_documents import SERVER, Waiting


async def test_each_is_counted_where_it_stands(database: Database, tmp_path: Path) -> None:
    waiting, queue = Waiting(database), PostgresIngestionQueue(database)
    store = PostgresIngestion(database, SERVER, tmp_path)
    await waiting.start()
    assert await queue.states() == {}
    for number in range(7):
        await waiting.add(f"words {number}", tenant=f"tenant{number % 2}", collection=f"vs_{number % 2}")
    assert await queue.states() == {"waiting": 7}

    jobs = [job for _ in range(6) if (job := await store.claim("")) is not None]
    assert await queue.states() == {"waiting": 1, "reading": 6}
    await store.hold(jobs[0], Progress("reading", 1, 2))
    await store.hold(jobs[1], Progress("embedding", 1, 2))
    await store.later(jobs[2], 600.0, counted=True)
    await store.later(jobs[3], 0.0, counted=False)
    await store.fail(jobs[4], Failure("server_error", "x", "x"))
    assert await queue.states() == {"waiting": 2, "reading": 2, "embedding": 1, "retrying": 1}

    async with database.writing() as connection:  # the server dies
        await connection.execute("DELETE FROM running_server")
    assert await queue.states() == {"waiting": 5, "retrying": 1}
