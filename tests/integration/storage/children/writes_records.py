"""A process that records requests as fast as it can and prints the id of each record once it is acknowledged.

Arguments: the folder of the embedded server. It never stops by itself.
"""

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path

from kyozon.domain.errors import StorageUnavailable
from kyozon.metering.posting import hold, release, settle
from kyozon.storage.database import Database
from kyozon.storage.embedded import EmbeddedPostgres
from kyozon.storage.journal import PostgresJournal
from kyozon.storage.migrate import upgrade
from tests.fakes.record_samples import a_decision, an_outcome


async def request(journal: PostgresJournal) -> None:
    decision = a_decision(at=datetime.now(UTC))
    await journal.open(decision, hold(decision, decision.at))
    print("opened", decision.id, flush=True)  # noqa: T201 - its parent reads this
    outcome = an_outcome(decision)
    booked = [release(decision, outcome.at), settle(decision, outcome)]
    await journal.close(outcome, [each for each in booked if each])
    print("closed", decision.id, flush=True)  # noqa: T201 - its parent reads this


async def client(journal: PostgresJournal) -> None:
    while True:
        try:
            await request(journal)
        except StorageUnavailable:
            await asyncio.sleep(0.05)


async def main(dsn: str) -> None:
    await upgrade(dsn)
    database = Database(dsn)
    await database.connect()
    journal = PostgresJournal(database, open_patience=0.2, close_patience=0.2)
    await asyncio.gather(*(client(journal) for _ in range(8)))


asyncio.run(main(EmbeddedPostgres(Path(sys.argv[1])).start()))
