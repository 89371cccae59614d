"""The append-only record, by group commit: who waits while one commit is on its way shares the next one.

There is no artificial delay: alone, a record is committed at once. A batch is one statement, hence one transaction, and
every insert in it passes over rows that are there already. So when a connection breaks before the answer arrives, writing
the same batch again is right whether or not the first try was committed.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Sequence
from itertools import islice
from typing import Any

import asyncpg

from kyozon.domain.decisions import Decision, Outcome, UnderWay
from kyozon.domain.errors import StorageUnavailable
from kyozon.domain.language import Text
from kyozon.domain.usage import Transaction
from kyozon.ports.records import KeptAnswer
from kyozon.storage.batch import Parts, Record, kept_context, statement
from kyozon.storage.database import Database
from kyozon.storage.vault import UNSEALED, Sealing

_log = logging.getLogger(__name__)

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
_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.05, 1.0
"""Seconds between two tries at a server that does not answer."""


class PostgresJournal:
    """`ports.records.Journal` on PostgreSQL.

    `open_patience` and `close_patience` are how many seconds a record waits for a lost server to come back: short before a
    request is sent (the caller waits), long when it has been answered (its cost must not get lost). At most `capacity`
    records wait; then new decisions are refused, endings still taken.
    """

    def __init__(
        self,
        database: Database,
        sealing: Sealing = UNSEALED,
        *,
        open_patience: float = 5.0,
        close_patience: float = 60.0,
        capacity: int = 10_000,
    ) -> None:
        self._database = database
        self._sealing = sealing
        self._open_patience = open_patience
        self._close_patience = close_patience
        self._capacity = capacity
        self._pending: deque[Record] = deque()
        self._flusher: asyncio.Task[None] | None = None
        self._stopped = False
        self._pause = _SHORTEST_PAUSE

    @property
    def pending(self) -> int:
        """Records that are not yet durable."""
        return len(self._pending)

    def open(self, decision: Decision, hold: Transaction | None) -> asyncio.Future[None]:
        """Record a decision and its hold; done when both are durable."""
        if len(self._pending) >= self._capacity:
            raise StorageUnavailable(_FULL)
        held = () if hold is None else (hold,)
        return self._durable(Parts(decision=decision, transactions=held), self._open_patience)

    def note(self, under_way: UnderWay) -> asyncio.Future[None]:
        """Record how far a request has come; done when durable."""
        return self._durable(Parts(under_way=under_way), self._open_patience)

    def close(
        self, outcome: Outcome, transactions: Sequence[Transaction], kept: KeptAnswer | None = None
    ) -> asyncio.Future[None]:
        """Record how a decision ended; done when durable."""
        return self._durable(Parts(outcome=outcome, transactions=transactions, kept=kept), self._close_patience)

    async def stop(self) -> None:
        """Write what still waits, then take no more."""
        self._stopped = True
        if self._flusher is not None:
            await self._flusher

    def _durable(self, parts: Parts, patience: float) -> asyncio.Future[None]:
        if self._stopped:
            raise StorageUnavailable(_STOPPED)
        loop = asyncio.get_running_loop()
        record = Record.of(parts, loop.create_future(), loop.time() + patience)
        self._pending.append(record)
        if self._flusher is None or self._flusher.done():
            self._flusher = loop.create_task(self._flush())
        return record.written

    async def _flush(self) -> None:
        while self._pending:
            try:
                async with self._database.reading() as connection:
                    await self._write(connection)
            except Exception as error:  # noqa: BLE001 - a dying server is met in many ways; no caller may wait for ever
                self._give_up(error if isinstance(error, StorageUnavailable) else _lost(error))
                await asyncio.sleep(self._pause)
                self._pause = min(self._pause * 2, _LONGEST_PAUSE)

    async def _write(self, connection: Any) -> None:
        """Write until nothing waits."""
        size = _BATCH
        while self._pending:
            batch = list(islice(self._pending, size))
            await self._seal(batch)
            text, arguments = statement(batch)
            try:
                await connection.execute(text, *arguments)
            except _REFUSALS as error:
                # One record may be wrong, its neighbours must not suffer: halve the batch until it stands alone.
                if len(batch) == 1:
                    self._end(1, _refused(error))
                size = max(1, len(batch) // 2) if len(batch) > 1 else _BATCH
            else:
                self._end(len(batch), None)
                size, self._pause = _BATCH, _SHORTEST_PAUSE

    async def _seal(self, batch: list[Record]) -> None:
        """Encrypt what is kept. What cannot be, for want of a key, is not kept: its cost is recorded all the same."""
        for record in batch:
            kept = record.kept
            if kept is None or record.sealed is not None:
                continue
            context = kept_context(kept.key_id, kept.idempotency_key)
            try:
                record.sealed = await self._sealing.seal(("", kept.key_id), kept.payload, context)
            except StorageUnavailable:
                raise
            except Exception as error:  # noqa: BLE001 - whatever it is, the other records of the batch must not wait for it
                record.kept = None
                why = f"{type(error).__name__}: {error}"
                _log.error("the answer of %s is not kept for a repeated request (%s)", kept.decision_id, why)

    def _end(self, count: int, failure: StorageUnavailable | None) -> None:
        for _ in range(count):
            _tell(self._pending.popleft(), failure)

    def _give_up(self, error: StorageUnavailable) -> None:
        now = asyncio.get_running_loop().time()
        waiting, self._pending = self._pending, deque()
        for record in waiting:
            if record.until <= now:
                _tell(record, error)
            else:
                self._pending.append(record)


def _tell(record: Record, failure: StorageUnavailable | None) -> None:
    """Whoever has cancelled the future does not wait any more."""
    if record.written.done():
        return
    if failure is None:
        record.written.set_result(None)
    else:
        record.written.set_exception(failure)
        record.written.exception()  # it has been told: who has left is no reason for asyncio's own complaint


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
