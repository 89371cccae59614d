"""What a running server leaves in its data directory, so that commands find it."""

import os
from pathlib import Path

import msgspec
from msgspec import Struct


class RunFile(Struct, frozen=True):
    """Where the server listens, and its process."""

    address: str
    pid: int


def write(data_dir: Path, found: RunFile) -> None:
    """Say that a server runs here."""
    _path(data_dir).write_bytes(msgspec.json.encode(found))


def remove(data_dir: Path) -> None:
    """Say that it runs no more; what a successor has written meanwhile stays."""
    found = _running(data_dir)
    if found is None or found.pid == os.getpid():
        _path(data_dir).unlink(missing_ok=True)


def running_address(data_dir: Path) -> str | None:
    """The address of the server that runs on this data directory; None where none does."""
    found = _running(data_dir)
    return None if found is None else found.address


def running_pid(data_dir: Path) -> int | None:
    """The process of the server that runs on this data directory; None where none does."""
    found = _running(data_dir)
    return None if found is None else found.pid


def _running(data_dir: Path) -> RunFile | None:
    try:
        found = msgspec.json.decode(_path(data_dir).read_bytes(), type=RunFile)
        os.kill(found.pid, 0)
    except (OSError, msgspec.DecodeError):
        return None
    return found


def _path(data_dir: Path) -> Path:
    return data_dir / "run.json"
