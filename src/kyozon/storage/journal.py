"""The append-only record, by group commit: who waits while one commit is on its way shares the next one.

There is no artificial delay: alone, a record is committed at once. A batch is one statement, hence one transaction, and
every insert in it passes over rows that are there already. So when a connection breaks before the answer arrives, writing
the same batch again is right whether or not the first try was committed.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from itertools import islice

import asyncpg

from kyozon.domain.decisions import Decision, Outcome
from kyozon.domain.errors import StorageUnavailable
from kyozon.domain.language import Text
from kyozon.domain.usage import Transaction
from kyozon.ports.records import KeptAnswer
from kyozon.storage.batch import FORGET_EXPIRED, WRITE, Parts, Record, parameters
from kyozon.storage.database import Database

_BATCH = 200
_REFUSALS = (
    asyncpg.DataError,
    asyncpg.IntegrityConstraintViolationError,
    asyncpg.RaiseError,  # the tables' own triggers
    asyncpg.SyntaxOrAccessError,
    ArithmeticError,
    TypeError,
    ValueError,
)
"""What says that a record is wrong. Whatever else fails is the server's or the connection's trouble, and may pass."""
_FORGET_EVERY = 60.0


class PostgresJournal:
    """`ports.records.Journal` on PostgreSQL.

    `open_patience` and `close_patience` are how many seconds a record waits for a lost server to come back: short before a
    request is sent (the caller waits), long when it has been answered (its cost must not get lost). At most `capacity`
    records wait; then new decisions are refused, endings still taken.
    """

    def __init__(
        self, database: Database, *, open_patience: float = 5.0, close_patience: float = 60.0, capacity: int = 10_000
    ) -> None:
        self._database = database
        self._open_patience = open_patience
        self._close_patience = close_patience
        self._capacity = capacity
        self._pending: deque[Record] = deque()
        self._flusher: asyncio.Task[None] | None = None
        self._stopped = False
        self._forget_at = 0.0

    @property
    def pending(self) -> int:
        """Records that are not yet durable."""
        return len(self._pending)

    async def open(self, decision: Decision, hold: Transaction | None) -> None:
        """Record a decision and its hold; returns when both are durable."""
        if len(self._pending) >= self._capacity:
            raise StorageUnavailable(_FULL)
        held = () if hold is None else (hold,)
        await self._durable(Parts(decision=decision, transactions=held), self._open_patience)

    async def close(self, outcome: Outcome, transactions: Sequence[Transaction], kept: KeptAnswer | None = None) -> None:
        """Record how a decision ended; returns when durable. A caller who is cancelled meanwhile takes nothing back."""
        await self._durable(Parts(outcome=outcome, transactions=transactions, kept=kept), self._close_patience)

    async def stop(self) -> None:
        """Write what still waits, then take no more."""
        self._stopped = True
        if self._flusher is not None:
            await self._flusher

    async def _durable(self, parts: Parts, patience: float) -> None:
        if self._stopped:
            raise StorageUnavailable(_STOPPED)
        loop = asyncio.get_running_loop()
        record = Record.of(parts, loop.create_future(), loop.time() + patience)
        self._pending.append(record)
        if self._flusher is None or self._flusher.done():
            self._flusher = loop.create_task(self._flush())
        failure = await asyncio.shield(record.written)
        if failure is not None:
            raise failure

    async def _flush(self) -> None:
        size = _BATCH
        pause = 0.05
        while self._pending:
            batch = list(islice(self._pending, size))
            try:
                await self._write(batch)
            except _REFUSALS as error:
                # One record may be wrong, its neighbours must not suffer: halve the batch until it stands alone.
                if len(batch) == 1:
                    self._end(1, _refused(error))
                size = max(1, len(batch) // 2) if len(batch) > 1 else _BATCH
            except Exception as error:  # noqa: BLE001 - a dying server is met in many ways; no caller may wait for ever
                self._give_up(error if isinstance(error, StorageUnavailable) else _lost(error))
                await asyncio.sleep(pause)
                pause = min(pause * 2, 1.0)
            else:
                self._end(len(batch), None)
                size, pause = _BATCH, 0.05

    async def _write(self, batch: list[Record]) -> None:
        async with self._database.reading() as connection:
            await connection.execute(WRITE, *parameters(batch))
        now = asyncio.get_running_loop().time()
        if now >= self._forget_at:  # expired answers hold people's words: they go whether or not new ones come
            self._forget_at = now + _FORGET_EVERY
            with suppress(StorageUnavailable, asyncpg.PostgresError):
                async with self._database.reading() as connection:
                    await connection.execute(FORGET_EXPIRED)

    def _end(self, count: int, failure: StorageUnavailable | None) -> None:
        for _ in range(count):
            self._pending.popleft().written.set_result(failure)

    def _give_up(self, error: StorageUnavailable) -> None:
        now = asyncio.get_running_loop().time()
        waiting, self._pending = self._pending, deque()
        for record in waiting:
            if record.until <= now:
                record.written.set_result(error)
            else:
                self._pending.append(record)


def _lost(error: Exception) -> StorageUnavailable:
    name = type(error).__name__
    failure = StorageUnavailable(
        Text(
            f"the database could not record this ({name}). Try again; if it stays so, see 'kyozon doctor'.",
            f"データベースに記録できませんでした（{name}）。再度お試しください。"
            "続く場合は「kyozon doctor」で確認してください。",
        )
    )
    failure.__cause__ = error
    return failure


def _refused(error: Exception) -> StorageUnavailable:
    why = f"{type(error).__name__}: {error}" if isinstance(error, asyncpg.PostgresError) else type(error).__name__
    failure = StorageUnavailable(
        Text(
            f"the database refused this one record ({why}). Trying again will not help: please report it as a bug.",
            f"データベースがこの記録を受け付けませんでした（{why}）。再試行しても直りません。不具合として報告してください。",
        )
    )
    failure.retryable = False
    failure.__cause__ = error
    return failure


_FULL = Text(
    "too many records wait for the database, so nothing was sent. Try again in a moment; if it stays so, check with "
    "'kyozon doctor' whether the database is slow or gone.",
    "データベースへの書き込み待ちが多すぎるため、何も送信していません。少し待って再試行してください。"
    "続く場合は「kyozon doctor」でデータベースを確認してください。",
)
_STOPPED = Text(
    "Kyozon is shutting down and records nothing more, so nothing was sent. Try again once it is back.",
    "Kyozon は終了処理中のため記録できず、何も送信していません。再起動後にもう一度お試しください。",
)
