"""One run: upstreams, Kyozon, clients and what happens to them; then the evidence is gathered."""

import asyncio
import os
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TypeVar

from msgspec import Struct

from bench.gateway.processes import Launch, Process, free_port, launched
from bench.reliability.books import read_books
from bench.reliability.clients import Clients, Errand
from bench.reliability.conductor import Conductor, Sample, Schedule
from bench.reliability.configuring import settings
from bench.reliability.evidence import Evidence, Notes, Setting
from bench.reliability.journals import Happening, Heard, Journal, Served, read
from bench.reliability.parties import SITES, keys
from bench.reliability.server import Server

T = TypeVar("T")

_ROOT = Path(__file__).resolve().parents[2]
_PATIENCE = 30.0


class Wanted(Struct, frozen=True):
    """How long a run is, what happens in it, how many clients ask at a time, and the seed of its plan."""

    requests: int
    schedule: Schedule
    at_once: int = 48
    seed: int = 20_261_122


class Soaked(Struct, frozen=True):
    """What a run brought: its evidence, looks at the process, how long the requests took altogether."""

    evidence: Evidence
    samples: tuple[Sample, ...]
    seconds: float


async def soak(folder: Path, wanted: Wanted) -> Soaked:
    """Run in `folder`, which is empty."""
    with ExitStack() as stack:
        ports = tuple(stack.enter_context(upstream(folder, place, wanted.seed)) for place in range(len(SITES)))
        server = Server(folder / "kyozon", free_port(), settings(ports, wanted.requests))
        async with server.serving():
            wished = keys(wanted.requests)
            made = dict(zip(wished, await asyncio.gather(*(server.key(*one) for one in wished.items())), strict=True))
        errand = Errand(wanted.seed, wanted.requests, wanted.at_once, server.address)
        heard, happened = (stack.enter_context(closing(Journal(folder / name))) for name in ("heard", "happened"))
        clients = Clients(errand, {name: secret for name, (_, secret) in made.items()}, heard)
        conductor = Conductor(server, clients, wanted.requests, wanted.schedule, happened)
        async with server.serving():
            began = time.monotonic()
            async with asyncio.TaskGroup() as group:
                group.create_task(clients.run())
                group.create_task(conductor.run())
            seconds = time.monotonic() - began
        conductor.ended(server.status)
    setting = Setting(wanted.seed, wanted.requests, {id_: name for name, (id_, _) in made.items()})
    served = [one for place in range(len(SITES)) for one in read(folder / f"served-{place}", Served)]
    notes = Notes(served, list(read(folder / "heard", Heard)), list(read(folder / "happened", Happening)), server.lives)
    return Soaked(Evidence(setting, notes, await read_books(server.data)), tuple(conductor.samples), seconds)


@contextmanager
def upstream(notes: Path, place: int, seed: int) -> Iterator[int]:
    """The upstream process of that place, listening; its port."""
    port = free_port()
    command = [sys.executable, "-m", "bench.reliability.upstream", str(port), str(seed), str(notes / f"served-{place}")]
    environ = {**os.environ, "PYTHONPATH": str(_ROOT)}
    with launched(Launch(command, notes / f"upstream-{place}.log", _cores(), notes, environ)) as process:
        _await(port, process)
        yield port


def _await(port: int, process: Process) -> None:
    until = time.monotonic() + _PATIENCE
    while process.poll() is None and time.monotonic() < until:
        with socket.socket() as tried:
            if tried.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise RuntimeError("an upstream did not start")


def _cores() -> frozenset[int]:
    return frozenset(os.sched_getaffinity(0))
