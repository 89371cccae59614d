"""Which revision a database is at and which one this code needs, told without loading Alembic and SQLAlchemy."""

from pathlib import Path

import asyncpg

from kyozon.storage.database import trouble

_VERSIONS = Path(__file__).with_name("migrations") / "versions"
TABLE = "kyozon_revision"


async def current(dsn: str) -> str | None:
    """The revision a database is at, None where it is empty; raises `StorageUnavailable` where no server answers."""
    with trouble():
        connection = await asyncpg.connect(dsn)
        try:
            found = await connection.fetchval(f"SELECT version_num FROM {TABLE}")  # noqa: S608 - a constant
        except asyncpg.UndefinedTableError:
            return None
        finally:
            await connection.close()
    return None if found is None else str(found)


def newest() -> str:
    """The revision this code needs: the file `NAME_NUMBER.py` with the highest number holds revision `NUMBER_NAME`."""
    number, name = max(path.stem.rpartition("_")[::-2] for path in _VERSIONS.glob("*_[0-9]*.py"))
    return f"{number}_{name}"
