"""One line of JSON for each request, written by a thread of its own: the request path only puts it on a queue."""

import json
import logging
import os
import sys
import threading
from collections import deque
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path

import msgspec
from msgspec import Struct

_log = logging.getLogger(__name__)

_GATHERED_S = 0.25
_MOST_WAITING = 50_000
_FILE_BYTES = 64 << 20
_FILES_KEPT = 3


class Dropped(Struct, frozen=True, tag_field="event", tag="dropped"):
    """Stands in the log where lines are missing: so many came faster than they could be written."""

    lines: int


class AccessLog:
    """Appends lines to a file. A full one is set aside as `NAME.1`, and that as `NAME.2`, up to the oldest kept.

    `logging` formats and writes a record while the request waits, and a thread that wakes for each line takes the
    interpreter from the request path each time. Here a line costs an append, and the thread wakes for a quarter of a
    second's lines. They are lost when the process is killed within it; what must last stands in the decision record.

    Args:
        path: of the file; its folder is made where there is none.
        file_bytes: how long a file may become.
    """

    def __init__(self, path: Path, file_bytes: int = _FILE_BYTES) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._file = _File(path, maxBytes=file_bytes, backupCount=_FILES_KEPT, encoding="utf-8", delay=True)
        self._encoder = msgspec.json.Encoder()
        self._lines: deque[Struct] = deque()
        self._dropped = 0
        self._dropped_told = 0
        self._filled = threading.Event()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="access-log", daemon=True)
        self._thread.start()

    def write(self, line: Struct) -> None:
        """Put a line on the queue; never waits, never fails. Where too many wait, it is counted instead."""
        if len(self._lines) >= _MOST_WAITING:
            self._dropped += 1
            return
        self._lines.append(line)
        if not self._filled.is_set():
            self._filled.set()

    def close(self) -> None:
        """Write what waits, and stop."""
        self._closing.set()
        self._filled.set()
        self._thread.join()
        self._file.close()

    def _run(self) -> None:
        while not self._closing.is_set():
            self._filled.wait()
            self._closing.wait(_GATHERED_S)
            self._filled.clear()
            self._append()
        self._append()

    def _append(self) -> None:
        lines = [self._lines.popleft() for _ in range(len(self._lines))]
        dropped = self._dropped
        if dropped > self._dropped_told:
            lines.append(Dropped(dropped - self._dropped_told))
            self._dropped_told = dropped
        if lines:
            batch = self._encoder.encode_lines(lines).decode().rstrip("\n")
            self._file.handle(logging.makeLogRecord({"msg": batch}))


class _File(RotatingFileHandler):
    def _open(self) -> TextIOWrapper:
        """Who calls when is nobody's business but the owner's."""
        file = os.open(self.baseFilename, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        return os.fdopen(file, "a", encoding="utf-8")

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: ARG002, N802 - the standard library's signature
        """A full disk is no reason to stop serving. The lines stay out: `logging` would print them all to the terminal."""
        _log.error(json.dumps({"event": "access_log", "error": str(sys.exc_info()[1])}))
