"""Brings a database to the revision this code needs. One at a time, however many processes start at once."""

from pathlib import Path
from typing import Any

import asyncpg
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from kyozon.domain.errors import MissingPiece
from kyozon.domain.language import Text
from kyozon.storage.database import trouble
from kyozon.storage.revision import TABLE

_FOLDER = Path(__file__).with_name("migrations")
_LOCK = 0x6B796F7A6F6E  # "kyozon": the advisory lock that starters queue for


async def upgrade(dsn: str, target: str = "head") -> list[str]:
    """Apply what is missing, all or nothing, and return the revisions applied, oldest first.

    Raises:
        MissingPiece: the database was written by a newer Kyozon.
        StorageUnavailable: no server answers.
    """
    applied: list[str] = []
    await _with_connection(dsn, lambda connection: _upgrade(connection, target, applied))
    return applied


async def current(dsn: str) -> str | None:
    """The revision a database is at; None where it is empty."""
    found: list[str | None] = []
    await _with_connection(dsn, lambda connection: found.append(_current(connection)))
    return found[0]


def newest() -> str:
    """The revision this code needs."""
    return str(_scripts().get_current_head())


async def _with_connection(dsn: str, work: Any) -> None:
    # asyncpg reads the address itself: SQLAlchemy would not know options such as sslmode.
    engine = create_async_engine("postgresql+asyncpg://", async_creator=lambda: asyncpg.connect(dsn), poolclass=NullPool)
    try:
        with trouble():
            async with engine.begin() as connection:
                await connection.run_sync(work)
    finally:
        await engine.dispose()


def _upgrade(connection: Connection, target: str, applied: list[str]) -> None:
    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
    _refuse_newer(_current(connection))
    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.attributes.update(
        connection=connection,
        version_table=TABLE,
        on_version_apply=lambda step, **_: applied.append(step.up_revision_id),
    )
    command.upgrade(config, target)


def _current(connection: Connection) -> str | None:
    return MigrationContext.configure(connection, opts={"version_table": TABLE}).get_current_revision()


def _refuse_newer(found: str | None) -> None:
    known = {script.revision for script in _scripts().walk_revisions()}
    if found is not None and found not in known:
        raise MissingPiece(
            Text(
                f"the database is at revision '{found}', which this Kyozon does not know: a newer one has used it. Install "
                "that version or a later one; nothing was changed.",
                f"データベースは、この Kyozon が知らないリビジョン「{found}」です（より新しい版が使用しました）。"
                "その版以降をインストールしてください。変更は加えていません。",
            )
        )


def _scripts() -> ScriptDirectory:
    return ScriptDirectory(str(_FOLDER))
