import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bench.gateway.driver import Load, drive
from bench.gateway.streams import Mock
from bench.gateway.traffic import STREAM_SECONDS, Target, chunks


@asynccontextmanager
async def mock() -> AsyncIterator[int]:
    loop = asyncio.get_running_loop()
    framed = [f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n" for chunk in chunks()]
    server = await loop.create_server(lambda: Mock(loop, framed), "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def test_streams_come_whole_and_their_first_token_long_before_their_end() -> None:
    async with mock() as port:
        served = await drive(Load(Target(port, "gpt", stream=True), 4, 0.0, spread=0.05))

    assert (served.requests, served.failed) == (4, 0)
    assert served.p50 >= STREAM_SECONDS * 900
    assert served.first_p50 < served.p50 / 2


async def test_each_connection_asks_again_until_the_time_is_over() -> None:
    async with mock() as port:
        served = await drive(Load(Target(port, "gpt", stream=True), 2, STREAM_SECONDS))

    assert (served.requests, served.failed) == (4, 0)


async def test_what_is_refused_or_cut_off_has_failed() -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(b"HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        writer.close()

    async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.close()

    for behaviour in (refuse, cut):
        server = await asyncio.start_server(behaviour, "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            served = await drive(Load(Target(port, "gpt"), 3, 0.1))
        assert (served.requests, served.failed) == (0, 3)
