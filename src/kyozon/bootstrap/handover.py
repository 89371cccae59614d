"""A running server hands its listening socket to its successor: a restart refuses nobody.

Both then listen on one socket, with one queue of connections that wait to be accepted. Two sockets on one port
(`SO_REUSEPORT`) have a queue each, and closing one of them drops the connections in it.
"""

import asyncio
import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from kyozon.bootstrap import run_file

_PROC = Path("/proc/self/fd")
_PATIENCE = 5.0


@contextmanager
def offered(bound: socket.socket, data_dir: Path) -> Iterator[None]:
    """Give `bound` to whoever asks for it, as long as the block runs. The folder is closed to other users."""
    name = _name(os.getpid())
    with socket.socket(socket.AF_UNIX) as door:
        with _address(data_dir, name) as address:
            door.bind(address)
        door.listen()
        door.settimeout(0)
        loop = asyncio.get_running_loop()
        loop.add_reader(door.fileno(), _hand_over, door, bound)
        try:
            yield
        finally:
            loop.remove_reader(door.fileno())
            (data_dir / name).unlink(missing_ok=True)


def taken(data_dir: Path) -> tuple[socket.socket, int] | None:
    """The socket of the server that runs on this data directory, and its process; None where none does."""
    pid = run_file.running_pid(data_dir)
    if pid is None:
        return None
    with suppress(OSError), socket.socket(socket.AF_UNIX) as asking, _address(data_dir, _name(pid)) as address:
        asking.settimeout(_PATIENCE)
        asking.connect(address)
        _, files, _, _ = socket.recv_fds(asking, 1, 1)
        if files:
            return socket.socket(fileno=files[0]), pid
    return None


def dismiss(pid: int) -> None:
    """Tell the predecessor to finish what it has begun, and end."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)


def _hand_over(door: socket.socket, bound: socket.socket) -> None:
    with suppress(OSError):
        asking, _ = door.accept()
        with asking:
            socket.send_fds(asking, [b"."], [bound.fileno()])


def _name(pid: int) -> str:
    return f"listener-{pid}.sock"


@contextmanager
def _address(folder: Path, name: str) -> Iterator[str]:
    """A path short enough for a socket's address (108 bytes) however deep the folder lies, where the system knows one."""
    if not _PROC.exists():
        yield str(folder / name)
        return
    opened = os.open(folder, os.O_RDONLY)
    try:
        yield str(_PROC / str(opened) / name)
    finally:
        os.close(opened)
