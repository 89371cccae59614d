"""Connections to PostgreSQL. Trouble on the way there comes out as `StorageUnavailable`, never as anything else."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Literal

import asyncpg

from kyozon.domain.errors import StorageUnavailable
from kyozon.domain.language import Text

_TROUBLE = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # a connection whose server has just said that it dies, before it is closed
    asyncpg.PostgresConnectionError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.InsufficientResourcesError,  # disk full, out of memory, too many connections
    asyncpg.OperatorInterventionError,  # shutting down, starting up, statement cancelled
    asyncpg.TransactionRollbackError,  # deadlock with another replica
    asyncpg.ReadOnlySQLTransactionError,  # a standby
)


class Database:
    """A pool of connections to `dsn`. A lost server is found again by the next call after it is back."""

    def __init__(
        self,
        dsn: str,
        *,
        connections: int = 8,
        patience: float = 5.0,
        durability: Literal["strict", "relaxed"] = "strict",
        server: str = "",
    ) -> None:
        """`patience` is how many seconds to wait for a connection; a statement gets 30. Decisions are marked with `server`.

        A `strict` commit is on the database's disk; a `relaxed` one is there within three `wal_writer_delay` (0.6 s).
        """
        self.dsn = dsn
        self._connections = connections
        self._patience = patience
        self._settings = {
            "application_name": "kyozon",
            "TimeZone": "UTC",
            "synchronous_commit": "on" if durability == "strict" else "off",
            "kyozon.server": server,  # the default of a column
        }
        self._pool: asyncpg.Pool | None = None
        self._slow = asyncio.Semaphore(max(1, connections // 4))

    async def connect(self) -> None:
        """Open the pool; raises `StorageUnavailable` where no server answers."""
        with trouble():
            self._pool = await asyncpg.create_pool(
                self.dsn,
                min_size=1,
                max_size=self._connections,
                timeout=self._patience,
                command_timeout=30,
                reset=_leave_as_it_is,
                server_settings=self._settings,
            )

    async def close(self) -> None:
        """Close every connection; calls still running are given ten seconds."""
        pool, self._pool = self._pool, None
        if pool is not None:
            with trouble():
                try:
                    async with asyncio.timeout(10):
                        await pool.close()
                except TimeoutError:
                    pool.terminate()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Any]:
        """A connection for single statements: each is its own transaction."""
        with trouble():
            if self._pool is None:
                raise ConnectionError("not connected")
            async with self._pool.acquire(timeout=self._patience) as connection:
                yield connection

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[Any]:
        """A connection inside a transaction: committed at the end, rolled back on an error."""
        async with self.reading() as connection, connection.transaction():
            yield connection

    @asynccontextmanager
    async def writing_slowly(self) -> AsyncIterator[Any]:
        """As `writing`, for what takes seconds, such as files: three quarters of the connections are always left to others.

        Who comes when the rest are in use waits for a turn.
        """
        async with self._slow, self.writing() as connection:
            yield connection

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[Any]:
        """A connection outside the pool, for listening."""
        with trouble():
            connection = await asyncpg.connect(self.dsn, timeout=self._patience)
            try:
                yield connection
            finally:
                await connection.close(timeout=self._patience)

    async def watch(self, channel: str, changed: Callable[[], None], pause: float = 1.0) -> None:
        """Call `changed` whenever some process notifies `channel`; runs until cancelled.

        It is also called whenever listening begins, at first and after a lost connection: something may have been missed.
        """
        while True:
            try:
                async with self.alone() as connection:
                    lost = asyncio.Event()
                    connection.add_termination_listener(lambda _, lost=lost: lost.set())
                    await connection.add_listener(channel, lambda *_: changed())
                    changed()
                    await lost.wait()
            except StorageUnavailable:
                await asyncio.sleep(pause)

    async def healthy(self) -> bool:
        """Whether the server answers."""
        try:
            async with self.reading() as connection:
                return bool(await connection.fetchval("SELECT true", timeout=self._patience))
        except StorageUnavailable:
            return False

    async def server_version(self) -> str:
        """The server's version, as in `18.4`."""
        async with self.reading() as connection:
            return str(await connection.fetchval("SHOW server_version"))


async def _leave_as_it_is(_: Any) -> None:
    """Nothing here changes a session's state, so the pool need not spend a round trip on resetting it after each use."""


def cancelled() -> bool:
    """Whether the running task has been cancelled, so that it is on its way out."""
    try:
        task = asyncio.current_task()
    except RuntimeError:  # no loop runs
        return False
    return task is not None and task.cancelling() > 0


@contextmanager
def trouble() -> Iterator[None]:
    """Turns connection trouble into `StorageUnavailable`; mistakes in a statement stay what they are.

    A connection that breaks while a cancelled task leaves it does not undo the cancellation.
    """
    try:
        yield
    except _TROUBLE as error:
        if cancelled():
            raise asyncio.CancelledError from error
        why = str(error) or type(error).__name__
        raise StorageUnavailable(
            Text(
                f"the database does not answer ({why}). Check with 'kyozon doctor' that PostgreSQL runs and is reachable, "
                "then try again.",
                f"データベースが応答しません（{why}）。PostgreSQL が動いていて接続できるかを「kyozon doctor」で確認し、"
                "もう一度お試しください。",
            )
        ) from error
