"""The embedded database server, shared by every Kyozon process that uses the same data directory.

Each user holds a shared lock on `users.lock`; the kernel drops it when the process ends, however it ends. Whoever stops
asks for the lock alone: who gets it is the last and stops the server, who does not leaves it to the others.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from kyozon.ports.local import Progress, Report
from kyozon.storage.cluster import Cluster


def _quietly(_: Progress) -> None:
    """For callers who show no progress."""


class EmbeddedPostgres:
    """PostgreSQL under `folder`. All calls block: from a coroutine, call them in a thread."""

    def __init__(self, folder: Path) -> None:
        self._cluster = Cluster(folder)
        self._folder = self._cluster.folder
        self._user: int | None = None

    def start(self, report: Report = _quietly) -> str:
        """Make what is missing, start the server or join the one that runs, and return its address for asyncpg.

        Raises:
            StorageUnavailable: the folder cannot be written to, is full, or the server does not come up.
            MissingPiece: the server's account or programs are not there, or the data is of another PostgreSQL.
        """
        self._cluster.prepare()
        with self._turn():
            if not self._cluster.exists():
                report(Progress("create the database"))
                self._cluster.create()
            report(Progress("start the database"))
            postmaster = self._cluster.start()
            self._join()
        report(Progress("database ready", 1, 1))
        return f"postgresql://postgres@/postgres?host={quote(str(postmaster.sockets), safe='')}"

    def attach(self) -> str | None:
        """As `start` without a word, for a command beside the service; None where no database was ever made."""
        return self.start() if self._cluster.exists() else None

    def stop(self) -> None:
        """Leave. The server stops with its last user; users that were killed do not count."""
        if self._user is None:
            return
        with self._turn():
            last = _lock(self._user, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.close(self._user)
            self._user = None
            if last:
                self._cluster.stop()

    def running(self) -> bool:
        """Whether the server's process lives."""
        return self._cluster.running() is not None

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """One process at a time starts or stops the server."""
        turn = self._open("turn.lock")
        try:
            fcntl.flock(turn, fcntl.LOCK_EX)
            yield
        finally:
            os.close(turn)

    def _join(self) -> None:
        if self._user is None:
            self._user = self._open("users.lock")
            fcntl.flock(self._user, fcntl.LOCK_SH)

    def _open(self, name: str) -> int:
        path = self._folder / name
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        self._cluster.programs.own(path)
        return file


def _lock(file: int, how: int) -> bool:
    try:
        fcntl.flock(file, how)
    except BlockingIOError:
        return False
    return True
