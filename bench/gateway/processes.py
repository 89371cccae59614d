"""Processes as Linux accounts for them: where they run, the processor time and the memory of a whole tree."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from msgspec import Struct

_PATIENCE = 30.0
_MIB = 2**20
# Daemons stand where an ordinary user's search path does not reach.
_SEARCH = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"])


Process = subprocess.Popen[bytes]


class Cores(Struct, frozen=True):
    """Which cores the measured server has to itself, and which everything else shares."""

    server: frozenset[int]
    rest: frozenset[int]


class Launch(Struct, frozen=True):
    """A program to start: its words, where its output goes, its folder and its environment."""

    command: Sequence[str]
    log: Path
    cores: frozenset[int]
    folder: Path | None = None
    environ: Mapping[str, str] | None = None


def cores() -> Cores:
    """One core for the server, the others for the load; raises `RuntimeError` where that cannot be had."""
    if not hasattr(os, "sched_getaffinity"):
        raise RuntimeError("this benchmark needs Linux: it pins processes to cores and reads /proc")
    usable = sorted(os.sched_getaffinity(0))
    if len(usable) == 1:
        raise RuntimeError("this benchmark needs two cores: one for the server, one for the load")
    return Cores(frozenset(usable[:1]), frozenset(usable[1:]))


@contextmanager
def pinned(wanted: frozenset[int]) -> Iterator[None]:
    """Processes started by this thread in the block run on these cores, and so do their children."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, wanted)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextmanager
def launched(launch: Launch) -> Iterator[Process]:
    """The program, as long as the block runs; it is ended with it."""
    with launch.log.open("wb") as log, pinned(launch.cores):
        process = subprocess.Popen(
            launch.command,
            cwd=launch.folder,
            env=None if launch.environ is None else dict(launch.environ),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        _end(process)


def program(name: str, how: str) -> str:
    """The path of a program; raises `RuntimeError` that says `how` to install it."""
    found = shutil.which(name, path=_SEARCH)
    if found is None:
        raise RuntimeError(f"{name} is not installed. Install it with: {how}")
    return found


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port: int = bound.getsockname()[1]
        return port


def tree(root: int, without: int | None = None) -> list[int]:
    """A process and all that descend from it, but for the part below `without`."""
    children: dict[int, list[int]] = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # It may end while we look.
            children.setdefault(_parent(status.read_text()), []).append(int(status.parent.name))
    found, waiting = list[int](), [root]
    while waiting:
        process = waiting.pop()
        if process != without:
            found.append(process)
            waiting += children.get(process, [])
    return found


def cpu_seconds(processes: Iterable[int]) -> float:
    """Processor time, user and system, that these processes have used so far, all their threads together."""
    ticks = 0
    for process in processes:
        with suppress(OSError):
            ticks += _ticks(Path(f"/proc/{process}/stat").read_text())
    return ticks / os.sysconf("SC_CLK_TCK")


def resident_mib(processes: Iterable[int]) -> float:
    """Resident memory of these processes in MiB."""
    pages = 0
    for process in processes:
        with suppress(OSError):
            pages += int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / _MIB


def move(processes: Iterable[int], wanted: frozenset[int]) -> None:
    """Have running processes go on on other cores, with all their threads."""
    for process in processes:
        for thread in Path(f"/proc/{process}/task").glob("*"):
            with suppress(OSError):
                os.sched_setaffinity(int(thread.name), wanted)


def _fields(status: str) -> list[str]:
    # The name in parentheses may hold anything, blanks and parentheses too; the state follows it.
    return status.rpartition(")")[2].split()


def _parent(status: str) -> int:
    return int(_fields(status)[1])


def _ticks(status: str) -> int:
    user, system = _fields(status)[11:13]
    return int(user) + int(system)


def _end(process: Process) -> None:
    """Ask it to end, then make it, with everything in its session."""
    until = time.monotonic() + _PATIENCE
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(max(0.0, until - time.monotonic()))
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
