"""One very large file: how much memory do the processes take that it goes through?"""

import asyncio
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from msgspec import Struct

from bench.ingestion.house import House, opened
from bench.ingestion.made import large

_EVERY = 0.1
_MOST = re.compile(r"^VmHWM:\s+(\d+) kB", re.MULTILINE)
_READER = b"kyozon.parsing"
_MIB = 1 << 20


class Large(Struct, frozen=True):
    """Sizes in MiB. `idle` is the server's before, the others are the most that each process ever held."""

    pages: int
    mebibytes: float
    chunks: int
    seconds: float
    idle: float
    server: float
    reader: float
    sender: float


class _Most:
    """The most memory that each kind of process has held."""

    def __init__(self, server: int, sender: int) -> None:
        self.server, self.reader, self.sender = 0.0, 0.0, 0.0
        self._of = server, sender

    def look(self) -> None:
        """Once."""
        server, sender = self._of
        self.server, self.sender = max(self.server, held(server)), max(self.sender, held(sender))
        for child in _children(server):
            if _READER in _command(child):
                self.reader = max(self.reader, held(child))


async def taken_in(scratch: Path, pages: int) -> Large:
    """Make it, send it, wait for it."""
    folder = scratch / "large"
    folder.mkdir()
    file = folder / "register.pdf"
    await asyncio.to_thread(large, file, pages)
    size = file.stat().st_size / _MIB
    async with opened(scratch / "one") as house:
        idle, began = held(house.server.process), time.monotonic()
        sending = await house.sending(folder)
        async with _watched(house, sending.pid) as most:
            await sending.communicate()
        seconds = time.monotonic() - began
        (found,) = await house.documents()
        if found["status"] != "completed":
            raise RuntimeError(f"it was not taken in: {found['last_error']}")
        text = await house.text(found["id"])
        if f"Page {pages} of the register" not in text:
            raise RuntimeError("its last page is missing")
        content = await house.ask("GET", f"/v1/vector_stores/{house.collection}/files/{found['id']}/content")
        return Large(pages, size, len(content["data"]), seconds, idle, most.server, most.reader, most.sender)


@asynccontextmanager
async def _watched(house: House, sender: int) -> AsyncIterator[_Most]:
    most = _Most(house.server.process, sender)

    async def watch() -> None:
        while True:
            most.look()
            await asyncio.sleep(_EVERY)

    watching = asyncio.create_task(watch())
    try:
        yield most
    finally:
        watching.cancel()


def held(process: int) -> float:
    """The most MiB that a process has ever held; 0 where it is gone."""
    try:
        found = _MOST.search(Path(f"/proc/{process}/status").read_text("ascii"))
    except OSError:
        return 0.0
    return int(found[1]) / 1024 if found else 0.0


def _children(process: int) -> list[int]:
    found: list[int] = []
    for task in Path(f"/proc/{process}/task").glob("*/children"):
        try:
            found += map(int, task.read_text("ascii").split())
        except OSError:
            continue
    return found


def _command(process: int) -> bytes:
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return b""
