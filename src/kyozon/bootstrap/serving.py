"""Serves the application until it is told to stop; requests under way are finished first."""

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from starlette.applications import Starlette

from kyozon.bootstrap import run_file
from kyozon.domain.errors import MissingPiece
from kyozon.domain.language import Text
from kyozon.settings import Settings

_DRAIN_SECONDS = 30


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
        raise MissingPiece(
            Text(
                f"cannot listen on {host} port {port} ({error.strerror}). Choose another: kyozon up --port N.",
                f"{host} のポート {port} で待ち受けできません（{error.strerror}）。"
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


@asynccontextmanager
async def served(app: Starlette, bound: socket.socket, settings: Settings) -> AsyncIterator[asyncio.Task[None]]:
    """The server, started; the task ends when a signal has stopped it and its requests are finished."""
    config = uvicorn.Config(
        app,
        http="httptools",
        loop="none",
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="off",
        limit_concurrency=settings.server.max_concurrent,
        timeout_graceful_shutdown=_DRAIN_SECONDS,
    )
    server = _Server(config)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, server.handle_exit, number, None)
    task = asyncio.create_task(server.serve(sockets=[bound]))
    while not server.started and not task.done():  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.01)
    run_file.write(settings.data_dir, run_file.RunFile(address_of(bound), os.getpid()))
    try:
        yield task
    finally:
        run_file.remove(settings.data_dir)
        server.should_exit = True
        await task
        await _ended(server.server_state.tasks)


async def _ended(tasks: set[asyncio.Task[None]]) -> None:
    """Uvicorn cancels what outlasts its patience and waits no more; but those requests still have their end to record."""
    left = set(tasks)
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)
