"""A process that records requests and seals them as fast as it can; prints the id of each one that is acknowledged.

Arguments: the database's address, the folder of the keys. It never stops by itself.
"""

import asyncio
import sys
from pathlib import Path

from kyozon.storage.audit.sealer import Sealer
from kyozon.storage.audit.signing import Signer
from kyozon.storage.database import Database
from kyozon.storage.journal import PostgresJournal
from tests.fakes.record_samples import a_decision, an_outcome


async def client(journal: PostgresJournal) -> None:
    while True:
        decision = a_decision()
        await journal.open(decision, None)
        await journal.close(an_outcome(decision), ())
        print(decision.id, flush=True)  # noqa: T201 - its parent reads this


async def main(dsn: str, keys: Path) -> None:
    database = Database(dsn)
    await database.connect()
    sealer = Sealer(database, Signer.of(keys), lambda _: None, pause=0.01)
    journal = PostgresJournal(database)
    await asyncio.gather(sealer.run(), *(client(journal) for _ in range(8)))


asyncio.run(main(sys.argv[1], Path(sys.argv[2])))
