"""A wire between a client and a real PostgreSQL that can be cut at the worst moment."""

import asyncio
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, quote, urlsplit

_SOCKET = ".s.PGSQL.5432"


class PostgresProxy:
    """Passes bytes between its own socket and the server's."""

    def __init__(self, dsn: str) -> None:
        self._server = f"{parse_qs(urlsplit(dsn).query)['host'][0]}/{_SOCKET}"
        self._folder = Path(tempfile.mkdtemp(prefix="kz-"))
        self._listening: asyncio.Server | None = None
        self._clients: dict[asyncio.StreamWriter, asyncio.Task[None]] = {}
        self._about = b""
        self.dsn = f"{dsn.partition('?')[0]}?host={quote(str(self._folder), safe='')}"
        self.to_lose = 0

    async def __aenter__(self) -> Self:
        await self.restore()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.cut()
        shutil.rmtree(self._folder)

    def lose_answers(self, about: str, times: int) -> None:
        """Throw away the server's answer to messages that hold `about`, and the connection with it.

        The statement is committed by then, and its client does not know.
        """
        self._about, self.to_lose = about.encode(), times

    async def restore(self) -> None:
        """Take connections."""
        self._listening = await asyncio.start_unix_server(self._accept, self._folder / _SOCKET)

    async def cut(self) -> None:
        """Break every connection and refuse new ones."""
        if self._listening is not None:
            self._listening.close()
            self._listening = None
        for writer in self._clients:
            writer.transport.abort()
        if self._clients:
            await asyncio.wait(self._clients.values())
        (self._folder / _SOCKET).unlink(missing_ok=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._clients[writer] = task
        from_server, to_server = await asyncio.open_unix_connection(self._server)
        answers = asyncio.create_task(self._pass(from_server, writer))
        with suppress(ConnectionError):
            while chunk := await reader.read(65_536):
                if self.to_lose and self._about in chunk:
                    self.to_lose -= 1
                    answers.cancel()
                    await asyncio.gather(answers, return_exceptions=True)
                    to_server.write(chunk)
                    await from_server.read(65_536)
                    break
                to_server.write(chunk)
        answers.cancel()
        to_server.close()
        writer.close()
        del self._clients[writer]

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while chunk := await reader.read(65_536):
            writer.write(chunk)
        writer.close()
