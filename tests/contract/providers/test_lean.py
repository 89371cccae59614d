"""The lean client on real sockets: which connections it keeps, what it sends how often, how long it waits."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack, asynccontextmanager, suppress

import pytest
import uvloop

from kyozon.providers import lean
from kyozon.providers.connection_trouble import BrokenAnswer
from kyozon.providers.lean import LeanClient, Request
from tests.fakes.waiting import until

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
BODY = b'{"model":"m"}'

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Server:
    """Reads whole requests and lets `serve` answer them, for as long as it does not close the connection."""

    def __init__(self, serve: Serve) -> None:
        self.serve = serve
        self.requests: list[bytes] = []
        self.connections = 0
        self.asked = asyncio.Event()
        self.gone = asyncio.Event()
        self.url = ""
        self._tasks: set[asyncio.Task[None]] = set()

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await self._answer(reader, writer)
        except (asyncio.CancelledError, asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._tasks.discard(task)
            self.gone.set()
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def hang_up(self) -> None:
        """Close all connections."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while not writer.is_closing():
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r")[0])
            self.requests.append(head + await reader.readexactly(length))
            self.asked.set()
            await self.serve(reader, writer)


@asynccontextmanager
async def serving(serve: Serve) -> AsyncIterator[Server]:
    server = Server(serve)
    async with await asyncio.start_server(server.connected, "127.0.0.1", 0) as listening:
        server.url = "http://{}:{}/v1".format(*listening.sockets[0].getsockname())
        try:
            yield server
        finally:
            await server.hang_up()


def answering(*pieces: bytes, then_close: bool = False, gap: float = 0.001) -> Serve:
    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(gap)
        if then_close:
            writer.close()

    return serve


@pytest.fixture
async def client() -> AsyncIterator[LeanClient]:
    found = LeanClient(connect=1.0)
    yield found
    await found.close()
    assert found._open == set()


async def fetch(client: LeanClient, server: Server, *, keep: bool = True, seconds: float = 1.0) -> bytes:
    exchange = await client.post(Request(server.url, {"x-a": "1"}, BODY, keep), seconds)
    try:
        pieces = []
        while piece := await exchange.read(seconds):
            pieces.append(piece)
        return b"".join(pieces)
    finally:
        exchange.release()


async def test_one_connection_carries_many_requests(client: LeanClient) -> None:
    async with serving(answering(OK)) as server:
        for _ in range(5):
            assert await fetch(client, server) == b"ok"
        assert server.connections == 1
        assert all(request.endswith(b"\r\n\r\n" + BODY) for request in server.requests)
        assert await asyncio.gather(*(fetch(client, server) for _ in range(4))) == [b"ok"] * 4
        assert server.connections == 4
        await client.close()


@pytest.mark.parametrize(
    ("pieces", "body"),
    [
        ((b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",), b"ok"),
        ((b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",), b"ok"),
        ((OK + b"HTTP/1.1 200 OK\r\n\r\nnot yours",), b"ok"),
        ((OK, b"not yours"), b"ok"),
    ],
)
async def test_connections_that_cannot_be_used_again(client: LeanClient, pieces: tuple[bytes, ...], body: bytes) -> None:
    async with serving(answering(*pieces)) as server:
        for count in (1, 2):
            assert await fetch(client, server) == body
            await until(lambda: not client._open)
            assert server.connections == count


async def test_a_body_that_ends_with_its_connection(client: LeanClient) -> None:
    async with serving(answering(b"HTTP/1.1 200 OK\r\n\r\n", b"to the ", b"end", then_close=True)) as server:
        assert await fetch(client, server) == b"to the end"
        assert await fetch(client, server) == b"to the end"


async def test_without_keep_every_request_has_its_own(client: LeanClient) -> None:
    async with serving(answering(OK)) as server:
        assert [await fetch(client, server, keep=False) for _ in range(2)] == [b"ok"] * 2
        assert server.connections == 2


async def test_a_connection_closed_while_it_rested_is_replaced(client: LeanClient) -> None:
    async with serving(answering(OK)) as server:
        for count in (1, 2, 3):
            assert await fetch(client, server) == b"ok"
            assert server.connections == len(server.requests) == count
            await server.hang_up()
            await asyncio.sleep(0.01)


async def test_an_end_that_the_loop_has_not_seen_yet_is_seen(client: LeanClient) -> None:
    async with serving(answering(OK)) as server:
        await fetch(client, server)
        [connection] = client._open
        connection._transport.pause_reading()  # the loop no longer hears of the end; the socket does
        await server.hang_up()
        assert await fetch(client, server) == b"ok"
        assert (server.connections, len(server.requests)) == (2, 2)


@pytest.mark.parametrize("first", [False, True])
async def test_a_request_is_never_sent_twice(client: LeanClient, *, first: bool) -> None:
    async def swallow(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with serving(swallow if first else answering(OK)) as server:
        if not first:
            await fetch(client, server)
        server.serve = swallow
        with pytest.raises(BrokenAnswer, match="before an answer"):
            await fetch(client, server)
        assert len(server.requests) == (1 if first else 2)


async def test_a_connection_rests_only_so_long(client: LeanClient) -> None:
    async with serving(answering(OK)) as server:
        await fetch(client, server)
        [connection] = client._open
        assert connection.deadline <= asyncio.get_running_loop().time() + lean._REST_S
        connection.deadline = 0.0
        client._sweep()
        await asyncio.wait_for(server.gone.wait(), 30)
        assert client._open == set()


async def test_time_to_the_head_and_between_pieces(client: LeanClient) -> None:
    async with serving(answering(b"HTTP/1.1 100 Continue\r\n\r\n", OK, gap=0.15)) as server:
        with pytest.raises(TimeoutError):
            await fetch(client, server, seconds=0.1)
        await asyncio.wait_for(server.gone.wait(), 30)
        server.serve = answering(OK[:-1], b"k", gap=0.15)
        exchange = await client.post(Request(server.url, {}, BODY), 0.1)
        assert await exchange.read(0.1) == b"o"
        with pytest.raises(TimeoutError):
            await exchange.read(0.1)
        exchange.release()
        assert await fetch(client, server, seconds=0.5) == b"ok"


async def test_framing_alone_buys_no_time(client: LeanClient) -> None:
    trickle = (b"HTTP/1.1 200 OK\r\n", *[b"X-Pad: 1\r\n"] * 20)
    async with serving(answering(*trickle, gap=0.02)) as server:
        with pytest.raises(TimeoutError):
            await fetch(client, server, seconds=0.1)


async def test_many_waits_share_one_timer_and_each_ends_in_time(client: LeanClient) -> None:
    async with serving(answering(gap=2.0)) as server:
        loop = asyncio.get_running_loop()

        async def late(seconds: float) -> float:
            began = loop.time()
            with pytest.raises(TimeoutError):
                await fetch(client, server, seconds=seconds)
            return loop.time() - began

        limits = [0.3, 0.05, 0.2, 0.1]
        spent = await asyncio.gather(*map(late, limits))
        assert all(limit <= took < limit + 0.1 for limit, took in zip(limits, spent, strict=True))


async def test_nobody_takes_the_connection() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listening, ExitStack() as waiting:
        address = listening.getsockname()
        for _ in range(3):  # what the kernel lets wait, and one more
            early = waiting.enter_context(socket.socket())
            early.setblocking(False)  # noqa: FBT003 - the name says it
            early.connect_ex(address)
        impatient = LeanClient(connect=0.05)
        with pytest.raises(TimeoutError):
            await impatient.post(Request("http://{}:{}/".format(*address), {}, BODY), 1.0)
        assert impatient._open == set()


async def test_a_slow_taker_slows_the_server(client: LeanClient) -> None:
    size, sent = 32 << 20, 0

    async def pour(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
        while sent < size:
            writer.write(b"a" * 65_536)
            await writer.drain()
            sent += 65_536

    async with serving(pour) as server:
        exchange = await client.post(Request(server.url, {}, BODY), 1.0)
        await asyncio.sleep(0.2)
        stalled = sent
        await asyncio.sleep(0.1)
        assert sent == stalled < size
        got = 0
        while piece := await exchange.read(0.5):
            got += len(piece)
        assert got == size
        exchange.release()
        server.serve = answering(OK)
        assert await fetch(client, server) == b"ok"
        assert server.connections == 1


async def test_an_answer_before_the_request_was_read_spoils_the_connection(client: LeanClient) -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno")
        await asyncio.sleep(0.3)
        writer.close()

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as listening:
        url = "http://{}:{}/".format(*listening.sockets[0].getsockname())
        exchange = await client.post(Request(url, {}, b"a" * (32 << 20)), 1.0)
        assert (exchange.status, await exchange.read(1.0), await exchange.read(1.0)) == (413, b"no", b"")
        exchange.release()
        await asyncio.sleep(0)
        assert client._open == set()


async def test_who_stops_waiting_hangs_up(client: LeanClient) -> None:
    async with serving(answering(gap=5.0)) as server:
        asking = asyncio.create_task(fetch(client, server))
        await server.asked.wait()
        server.serve = answering(OK)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        await asyncio.sleep(0)
        assert client._open == set()
        assert await fetch(client, server) == b"ok"


async def test_a_release_too_many_gives_nothing_away(client: LeanClient) -> None:
    async with serving(answering(OK)) as server:
        exchange = await client.post(Request(server.url, {}, BODY), 1.0)
        for _ in range(3):
            exchange.release()
        assert await asyncio.gather(*(fetch(client, server) for _ in range(2))) == [b"ok"] * 2


async def test_closing_breaks_what_is_read_and_works_again(client: LeanClient) -> None:
    async with serving(answering(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", gap=5.0)) as server:
        exchange = await client.post(Request(server.url, {}, BODY), 1.0)
        reading = asyncio.create_task(exchange.read(0.05))
        await asyncio.sleep(0)
        await client.close()
        with pytest.raises(BrokenAnswer, match="before the end"):
            await reading
        exchange.release()
        server.serve = answering(OK)
        assert await fetch(client, server) == b"ok"
        server.serve = answering()
        async with asyncio.timeout(30):
            with pytest.raises(TimeoutError):
                await fetch(client, server, seconds=0.1)


async def test_an_answer_nobody_wants_does_not_hold_the_connection_up(client: LeanClient) -> None:
    async with serving(answering()) as server:
        asking = asyncio.create_task(client.post(Request(server.url, {}, BODY), 1.0))
        await server.asked.wait()
        [connection] = client._open
        connection.data_received(b"HTTP/1.1 500 No\r\nContent-Length: 300000\r\n\r\n" + b"a" * 300_000)
        (await asking).release()
        server.serve = answering(OK)
        assert await fetch(client, server) == b"ok"
        assert server.connections == 1


def test_the_same_on_the_loop_that_serves() -> None:
    """Production runs on uvloop, whose transports are its own."""

    async def main() -> None:
        client = LeanClient(connect=1.0)
        async with serving(answering(OK)) as server:
            assert [await fetch(client, server) for _ in range(3)] == [b"ok"] * 3
            server.serve = answering(OK[:-1], gap=0.15)
            with pytest.raises(TimeoutError):
                await fetch(client, server, seconds=0.05)
            await server.hang_up()
            await asyncio.sleep(0.01)
            server.serve = answering(OK)
            assert await fetch(client, server) == b"ok"
            server.serve = answering(OK[:-1], then_close=True)
            with pytest.raises(BrokenAnswer):
                await fetch(client, server)
            server.serve = answering(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", b"a" * 1_000_000)
            exchange = await client.post(Request(server.url, {}, BODY), 1.0)
            await asyncio.sleep(0.05)
            got = 0
            while piece := await exchange.read(1.0):
                got += len(piece)
            assert got == 1_000_000
            exchange.release()
            await client.close()

    uvloop.run(main())
