"""Real things shared by the integration tests: the embedded PostgreSQL."""

import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest

from kyozon.storage.database import Database
from kyozon.storage.embedded import EmbeddedPostgres
from kyozon.storage.migrate import upgrade

_TEMPLATE = "kyozon_template"


@pytest.fixture(scope="session")
def postgres_dsn() -> Iterator[str]:
    """The address of an embedded server for the whole session. A short path: sockets need one."""
    folder = Path(tempfile.mkdtemp(prefix="kz-"))
    server = EmbeddedPostgres(folder / "postgres")
    yield server.start()
    server.stop()
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
async def template(postgres_dsn: str) -> str:
    """An up-to-date database to copy from."""
    await _command(postgres_dsn, f"CREATE DATABASE {_TEMPLATE}")
    await upgrade(_named(postgres_dsn, _TEMPLATE))
    return _TEMPLATE


@pytest.fixture
async def database(postgres_dsn: str, template: str) -> AsyncIterator[Database]:
    """A fresh, up-to-date, connected database."""
    name = f"test_{secrets.token_hex(4)}"
    await _command(postgres_dsn, f"CREATE DATABASE {name} TEMPLATE {template}")
    fresh = Database(_named(postgres_dsn, name))
    await fresh.connect()
    yield fresh
    await fresh.close()
    await _command(postgres_dsn, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def empty_dsn(postgres_dsn: str) -> AsyncIterator[str]:
    """The address of a database without any table."""
    name = f"test_{secrets.token_hex(4)}"
    await _command(postgres_dsn, f"CREATE DATABASE {name}")
    yield _named(postgres_dsn, name)
    await _command(postgres_dsn, f"DROP DATABASE {name} WITH (FORCE)")


def _named(dsn: str, name: str) -> str:
    return dsn.replace("/postgres?", f"/{name}?")


async def _command(dsn: str, statement: str) -> None:
    connection = await asyncpg.connect(dsn)
    await connection.execute(statement)
    await connection.close()
