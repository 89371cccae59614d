"""Serves the application until it is told to stop; requests under way are finished first."""

import asyncio
import errno
import gc
import math
import os
import resource
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import uvicorn

from kyozon.bootstrap import run_file
from kyozon.bootstrap.connection import guarded
from kyozon.bootstrap.handover import offered
from kyozon.bootstrap.house import House
from kyozon.domain.errors import MissingPiece
from kyozon.domain.language import Text
from kyozon.domain.refused_by_system import reason_of
from kyozon.settings import Settings

_LINGER_SECONDS = 1.0
_KEEP_ALIVE_SECONDS = 75
"""Longer than clients keep a connection in their pools: who closes first then is the one who knows that it is idle."""
_MOST_FILES = 65_536
_YOUNG_OBJECTS = 20_000
"""How many new objects start a round of the garbage collector; by Python's default 700, which is one or two requests."""


_IN_USE = Text("another program uses it", "別のプログラムが使用中です")


def listening(settings: Settings) -> socket.socket:
    """A bound socket; raises `MissingPiece` where the port is taken."""
    host, port = settings.server.host, settings.server.port
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        why = _IN_USE if error.errno == errno.EADDRINUSE else reason_of(error)
        raise MissingPiece(
            Text(
                f"cannot listen on {host} port {port} ({why.en}). Choose another: kyozon up --port N.",
                f"{host} のポート {port} で待ち受けできません（{why.ja}）。"
                "kyozon up --port N で別のポートを指定してください。",
            )
        ) from error
    return bound


def address_of(bound: socket.socket) -> str:
    """The URL people use: a server that listens everywhere is reached on this machine by its loopback name."""
    host, port = bound.getsockname()[:2]
    return f"http://{'127.0.0.1' if host in ('0.0.0.0', '::') else host}:{port}"  # noqa: S104 - compared, not bound


def end_in_order() -> None:
    """From here on SIGTERM cancels the running task, as Ctrl-C does: what has been started is then stopped again."""
    task = asyncio.current_task()
    if task is not None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Uvicorn's own would raise the signal again after serving, and end the process before its database is stopped."""
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop accepting; tell clients to close; close what is idle for a second; then uvicorn's own end for what is left.

        A client may send its next request on an idle connection in the moment in which it is closed, and could not know
        whether it was read. So for a second such requests are still answered, each with `connection: close`. Who is being
        answered learns it from the head of the answer; who has that already, from the answer to the next request.
        """
        for server in self.servers:
            server.close()
        for sock in sockets or []:
            sock.close()
        state = self.server_state
        state.default_headers = [*state.default_headers, (b"connection", b"close")]
        for connection in state.connections:
            cycle = getattr(connection, "cycle", None)
            if cycle is not None and not cycle.response_started:
                cycle.keep_alive = False
        await self._linger()
        await super().shutdown(sockets)

    async def _linger(self) -> None:
        """Close each connection once it has been idle for a second, until none is left or patience is at its end."""
        loop = asyncio.get_running_loop()
        until = loop.time() + max(_LINGER_SECONDS, self.config.timeout_graceful_shutdown or 0)
        since: dict[Any, float] = {}
        while self.server_state.connections and not self.force_exit and (now := loop.time()) < until:
            since = {one: since.get(one, now) for one in self.server_state.connections if _idle(one)}
            for connection in [one for one, began in since.items() if now - began >= _LINGER_SECONDS]:
                connection.shutdown()
            await asyncio.sleep(0.02)
        self.config.timeout_graceful_shutdown = max(0, math.ceil(until - loop.time()))


def _idle(connection: object) -> bool:
    cycle = getattr(connection, "cycle", None)
    return cycle is None or bool(cycle.response_complete)


@asynccontextmanager
async def served(house: House, bound: socket.socket, settings: Settings) -> AsyncIterator[asyncio.Task[None]]:
    """The server, started; the task ends when a signal has stopped it and its requests are finished."""
    config = uvicorn.Config(
        house.app,
        http=guarded(settings.server.slow_client_seconds),
        ws="none",
        loop="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # nothing here asks where a request came from
        lifespan="off",
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=settings.server.drain_seconds,
    )
    server = _Server(config)
    loop = asyncio.get_running_loop()

    def stop(number: int) -> None:
        house.door.shut()
        server.handle_exit(number, None)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop, number)
    reloads: set[asyncio.Future[None]] = set()

    def reload() -> None:
        task = asyncio.ensure_future(house.reload())
        reloads.add(task)
        task.add_done_callback(reloads.discard)

    loop.add_signal_handler(signal.SIGHUP, reload)
    allow_many_files()
    _settle_garbage()
    task = asyncio.create_task(server.serve(sockets=[bound]))
    while not server.started and not task.done():  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.01)
    try:
        with offered(bound, settings.data_dir):
            run_file.write(settings.data_dir, run_file.RunFile(address_of(bound), os.getpid()))
            yield task
    finally:
        run_file.remove(settings.data_dir)
        server.should_exit = True
        await task
        await _ended(server.server_state.tasks)


def allow_many_files() -> None:
    """Each connection is a file, and many systems allow a process 1,024 unless it asks for more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST_FILES if hard == resource.RLIM_INFINITY else min(_MOST_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


async def _ended(tasks: set[asyncio.Task[None]]) -> None:
    """Uvicorn cancels what outlasts its patience and waits no more; but those requests still have their end to record."""
    left = set(tasks)
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)


def _settle_garbage() -> None:
    """Take what the start has made out of the collector's rounds: walking it again and again cost a tenth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG_OBJECTS, 20, 50)
