"""Processor time of the processes of an installation: its engines, each by the model it runs, and Kyozon itself."""

import os
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

_TICK = os.sysconf("SC_CLK_TCK")
_LOG = "engine-"


class Spent(Struct, frozen=True):
    """Seconds of processor time: of each model's engine by its name, of Kyozon's own process and of its database."""

    engines: dict[str, float]
    own: float
    database: float

    def since(self, before: "Spent") -> "Spent":
        """What was spent since; an engine that was not there before counts from nothing."""
        engines = {name: seconds - before.engines.get(name, 0.0) for name, seconds in self.engines.items()}
        return Spent(engines, self.own - before.own, self.database - before.database)


def spent(server: int, data: Path) -> Spent:
    """What the installation in `data`, whose process is `server`, has spent until now; what has ended counts no more."""
    postmaster = int((data / "postgres" / "cluster" / "postmaster.pid").read_text().split()[0])
    engines = {name: _seconds(pid) for pid in _children(server) for name in [_model(pid)] if name is not None}
    # The sessions of the database that have ended stand in the postmaster's account of its children.
    database = _seconds(postmaster, ended=True) + sum(map(_seconds, _children(postmaster)))
    return Spent(engines, _seconds(server), database)


def _model(pid: int) -> str | None:
    """Whose engine it is: each writes into a log of its own."""
    try:
        log = Path(f"/proc/{pid}/fd/2").readlink().name
    except OSError:
        return None
    return log.removeprefix(_LOG).removesuffix(".log") if log.startswith(_LOG) else None


def _seconds(pid: int, *, ended: bool = False) -> float:
    fields = _stat(pid)
    return sum(map(int, fields[11 : 15 if ended else 13])) / _TICK if fields else 0.0


def _children(parent: int) -> Iterator[int]:
    for folder in Path("/proc").glob("[0-9]*"):
        fields = _stat(int(folder.name))
        if fields and int(fields[1]) == parent:
            yield int(folder.name)


def _stat(pid: int) -> list[str]:
    """What the kernel says of a process from its state on: the name before that may hold anything."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
