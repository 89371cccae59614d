"""Memory of an installation's processes, each page counted once: the proportional set size that Linux keeps."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from msgspec import Struct

_EVERY = 0.2
_PSS = re.compile(r"^Pss:\s+(\d+) kB", re.MULTILINE)


class Memory(Struct, frozen=True):
    """MiB of each part. A page that several processes share is divided among them."""

    gateway: float
    engine: float
    postgres: float

    @property
    def total(self) -> float:
        """All of it."""
        return self.gateway + self.engine + self.postgres


def used(gateway: int, data: Path) -> Memory:
    """What the server process `gateway`, its engines and its database hold now."""
    postmaster = int((data / "postgres" / "cluster" / "postmaster.pid").read_text().split()[0])
    engines = [process for process in _children(gateway) if process != postmaster]
    return Memory(
        gateway=_pss(gateway),
        engine=sum(map(_pss, engines)),
        postgres=_pss(postmaster) + sum(map(_pss, _children(postmaster))),
    )


class Peak:
    """The most that each part held while it was watched."""

    def __init__(self) -> None:
        self.memory = Memory(0.0, 0.0, 0.0)

    def note(self, now: Memory) -> None:
        """Keep the greater of what was and what is, part by part."""
        higher = {name: max(getattr(self.memory, name), getattr(now, name)) for name in Memory.__struct_fields__}
        self.memory = msgspec.structs.replace(self.memory, **higher)


@contextmanager
def watched(gateway: int, data: Path) -> Iterator[Peak]:
    """Look several times a second, as long as the block runs."""
    peak, over = Peak(), threading.Event()

    def watch() -> None:
        while not over.wait(_EVERY):
            peak.note(used(gateway, data))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield peak
    finally:
        over.set()
        thread.join()


def _children(parent: int) -> list[int]:
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            # The name in parentheses may hold anything; the state and the parent's number follow it.
            if int(status.read_text().rpartition(")")[2].split()[1]) == parent:
                found.append(int(status.parent.name))
        except OSError:
            continue  # It ended while we looked.
    return found


def _pss(process: int) -> float:
    try:
        text = Path(f"/proc/{process}/smaps_rollup").read_text()
    except OSError:
        return 0.0
    match = _PSS.search(text)
    return int(match[1]) / 1024 if match else 0.0
