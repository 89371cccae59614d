"""What is done to Kyozon and its database while the clients ask, and what the process looks like meanwhile."""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from msgspec import Struct

from bench.gateway.processes import resident_mib
from bench.reliability.clients import Clients
from bench.reliability.journals import Happening, Journal
from bench.reliability.server import Server

Schedule = tuple[tuple[float, str], ...]

FULL: Schedule = (
    (0.50, "database"),
    (0.56, "database"),
    (0.62, "database"),
    (0.70, "kill"),
    (0.75, "kill"),
    (0.80, "both"),
    (0.86, "replace"),
    (0.93, "drain"),
)
"""After which part of the requests what happens. Until the first kill one process serves: memory is watched there."""
QUICK: Schedule = ((0.15, "database"), (0.3, "kill"), (0.4, "both"), (0.5, "replace"), (0.9, "drain"))
"""For a run in which a restart takes as long as a third of the requests."""
SAMPLES = 50
_LOOK_EVERY = 0.05
_TELL_EVERY = 5.0


class Sample(Struct, frozen=True):
    """A Kyozon process after so many requests of the run: resident MiB, open files, threads."""

    requests: int
    seconds: float
    life: int
    mib: float
    files: int
    threads: int


class Conductor:
    """Watches the clients' progress and acts on it."""

    def __init__(self, server: Server, clients: Clients, requests: int, schedule: Schedule, journal: Journal) -> None:
        self._server = server
        self._clients = clients
        self._requests = requests
        self._schedule = schedule
        self._journal = journal
        self._began = time.monotonic()
        self.samples: list[Sample] = []
        self._actions: dict[str, Callable[[], Awaitable[tuple[int, int]]]] = {
            "database": self._database,
            "kill": self._kill,
            "both": self._both,
            "replace": self._replace,
            "drain": self._drain,
        }

    async def run(self) -> None:
        """Act on the schedule until all of it has happened and every request is done; raises `RuntimeError`."""
        watching = asyncio.create_task(self._watch())
        try:
            for part, what in self._schedule:
                await self._reached(part * self._requests)
                await self.happen(what)
            await self._reached(self._requests)
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)

    async def happen(self, what: str) -> None:
        """Do it, and note it."""
        _say(f"{what} after {self._clients.done:,} requests")
        began = time.time()
        status, recovered = await self._actions[what]()
        self._journal.write(Happening(what, began, time.time(), status, recovered))

    def ended(self, status: int) -> None:
        """Note the last drain: nobody asks any more, and nobody comes after."""
        self._journal.write(Happening("end", time.time(), time.time(), status))

    async def _reached(self, requests: float) -> None:
        while self._clients.done < requests:
            if not self._server.alive:
                raise RuntimeError(f"Kyozon has ended by itself; see {self._server.folder / 'kyozon.log'}")
            await asyncio.sleep(_LOOK_EVERY)

    async def _database(self) -> tuple[int, int]:
        await self._server.kill_database()
        await self._server.ready()
        return 0, 0

    async def _kill(self) -> tuple[int, int]:
        self._clients.serving.clear()
        await self._server.kill()
        return await self._again(0)

    async def _both(self) -> tuple[int, int]:
        self._server.kill_database_at_once()
        return await self._kill()

    async def _replace(self) -> tuple[int, int]:
        return await self._server.replace(), 0

    async def _drain(self) -> tuple[int, int]:
        status = await self._server.drain()
        self._clients.serving.clear()
        return await self._again(status)

    async def _again(self, status: int) -> tuple[int, int]:
        recovered = await self._server.start()
        self._clients.serving.set()
        return status, recovered

    async def _watch(self) -> None:
        """A sample at each fiftieth of the run, a line on the screen every few seconds."""
        told, every = 0.0, max(1, self._requests // SAMPLES)
        while True:
            await asyncio.sleep(_LOOK_EVERY)
            done, now = self._clients.done, time.monotonic() - self._began
            if done // every > len(self.samples) and self._clients.serving.is_set() and self._server.alive:
                self.samples.append(sample(self._server.process, done, now, len(self._server.lives)))
            if now - told > _TELL_EVERY and self.samples:
                told = now
                _say(f"{done:,} of {self._requests:,} requests, {done / now:.0f}/s, {self.samples[-1].mib:.0f} MiB")


def sample(process: int, requests: int, seconds: float, life: int) -> Sample:
    """Look at a process."""
    folder = Path(f"/proc/{process}")
    files, threads = (len(list((folder / name).iterdir())) for name in ("fd", "task"))
    return Sample(requests, seconds, life, resident_mib([process]), files, threads)


def _say(what: str) -> None:
    print(f"… {what}", file=sys.stderr, flush=True)
