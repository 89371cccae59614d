"""One server at a time: the lock is there while it is held, and gone with its holder."""

from kyozon.storage.database import Database
from kyozon.storage.solo import DRIFT, alone

ANOTHER = DRIFT + 1


async def test_only_one_is_alone_and_the_next_one_is_when_it_leaves(database: Database) -> None:
    async with alone(database, DRIFT) as first, alone(database, DRIFT) as second, alone(database, ANOTHER) as elsewhere:
        assert (first, second, elsewhere) == (True, False, True)
    async with alone(database, DRIFT) as later:
        assert later
