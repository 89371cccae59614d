"""An event stream is closed whatever becomes of its caller; work for a caller who has left is cancelled."""

import asyncio
from collections.abc import AsyncGenerator

import pytest
from starlette.requests import Request
from starlette.types import Message, Scope

from kyozon.domain.errors import InvalidRequest
from kyozon.http.event_stream import EventStream, event, while_connected

SCOPE: Scope = {"type": "http", "method": "POST", "path": "/", "headers": []}


class Connection:
    """An ASGI connection: what was sent, and when its caller leaves."""

    def __init__(self) -> None:
        self.sent: list[Message] = []
        self.gone = asyncio.Event()
        self.writable = asyncio.Event()
        self.writable.set()

    async def receive(self) -> Message:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        await self.writable.wait()
        self.sent.append(message)

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.sent)


class Source:
    """Events to send; counts how often it was closed and whether it was read to the end."""

    def __init__(self, *, endless: bool = False) -> None:
        self.closed = 0
        self.ended = False
        self.events = self._events(endless=endless)

    async def close(self) -> None:
        await asyncio.sleep(0)
        self.closed += 1

    async def _events(self, *, endless: bool) -> AsyncGenerator[bytes, None]:
        yield event(b"1")
        yield event(b"2", "named")
        if endless:
            await asyncio.Event().wait()
        self.ended = True


async def _serve(source: Source, connection: Connection) -> None:
    await EventStream(source.events, {"x-a": "b"}, source.close)(SCOPE, connection.receive, connection.send)


async def test_sends_all_and_closes() -> None:
    source, connection = Source(), Connection()
    await _serve(source, connection)
    assert connection.body == b"data: 1\n\nevent: named\ndata: 2\n\n"
    assert (b"x-a", b"b") in connection.sent[0]["headers"]
    assert connection.sent[-1]["more_body"] is False
    assert (source.closed, source.ended) == (1, True)


@pytest.mark.parametrize("turns", range(12))
async def test_a_caller_who_leaves_at_any_turn(turns: int) -> None:
    source, connection = Source(endless=True), Connection()
    serving = asyncio.create_task(_serve(source, connection))
    for _ in range(turns):
        await asyncio.sleep(0)
    connection.gone.set()
    await serving
    assert (source.closed, source.ended) == (1, False)


async def test_a_caller_who_reads_nothing_and_leaves() -> None:
    source, connection = Source(endless=True), Connection()
    connection.writable.clear()
    connection.gone.set()
    await _serve(source, connection)
    assert (source.closed, connection.sent) == (1, [])


@pytest.mark.parametrize("turns", range(1, 12))
async def test_a_server_that_is_stopped(turns: int) -> None:
    source, connection = Source(endless=True), Connection()
    serving = asyncio.create_task(_serve(source, connection))
    for _ in range(turns):
        await asyncio.sleep(0)
    serving.cancel()
    await asyncio.wait([serving])
    assert source.closed == 1


async def test_a_connection_that_breaks_is_closed_too() -> None:
    source, connection = Source(), Connection()

    async def broken(_: Message) -> None:
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await EventStream(source.events, {}, source.close)(SCOPE, connection.receive, broken)
    assert source.closed == 1


async def test_work_for_a_connected_caller_is_done() -> None:
    async def work() -> int:
        await asyncio.sleep(0)
        return 7

    assert await while_connected(Request(SCOPE, Connection().receive), work()) == 7


async def test_failures_of_the_work_come_through() -> None:
    async def work() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await while_connected(Request(SCOPE, Connection().receive), work())


async def test_work_for_a_caller_who_left_is_cancelled() -> None:
    connection = Connection()
    connection.gone.set()
    cancelled = asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    with pytest.raises(InvalidRequest):
        await while_connected(Request(SCOPE, connection.receive), work())
    assert cancelled.is_set()


async def test_who_left_leaves_no_cancellation_behind() -> None:
    connection, task = Connection(), asyncio.current_task()
    assert task is not None
    connection.gone.set()
    with pytest.raises(InvalidRequest):
        await while_connected(Request(SCOPE, connection.receive), asyncio.Event().wait())
    await _serve(Source(endless=True), connection)
    assert task.cancelling() == 0
    async with asyncio.timeout(30):
        await asyncio.sleep(0)


@pytest.mark.parametrize("order", [(True, False), (False, True)])
async def test_a_server_that_is_stopped_while_its_caller_leaves(order: tuple[bool, bool]) -> None:
    connection = Connection()
    serving = asyncio.create_task(_serve(source := Source(endless=True), connection))
    working = asyncio.create_task(while_connected(Request(SCOPE, connection.receive), asyncio.Event().wait()))
    await asyncio.sleep(0.001)
    for leaves in order:
        if leaves:
            connection.gone.set()
            await asyncio.sleep(0)  # the caller's leaving is seen, and not acted upon yet
        else:
            serving.cancel()
            working.cancel()
    await asyncio.wait([serving, working])
    assert source.closed == 1
    assert working.cancelled()


async def test_what_is_done_in_spite_of_a_caller_who_left_is_kept() -> None:
    connection = Connection()
    connection.gone.set()

    async def stubborn() -> int:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await asyncio.sleep(0)
        return 7

    assert await while_connected(Request(SCOPE, connection.receive), stubborn()) == 7
