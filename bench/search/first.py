"""The first search of a tenant after a start, which reads everything that there is: how long, and who else feels it."""

import asyncio
import gc
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
from msgspec import Struct

from bench.search.passages import EMBEDDER, Passages
from bench.search.stored import stored
from kyozon.domain.knowledge import Reader
from kyozon.domain.labels import Clearance, Level
from kyozon.retrieval.directory import Scope
from kyozon.retrieval.tokens import keys_of
from kyozon.services.knowledge.shelf import Asked, Shelf
from kyozon.storage.database import Database
from kyozon.storage.knowledge.feed import PostgresKnowledgeFeed

_EVERY = 0.005
_MILLI = 1000.0
_TOGETHER = 1000
_YOUNG_OBJECTS = 20_000  # as in the server


class First(Struct, frozen=True):
    """A first search among `passages`: seconds on the clock and of the processor, of which `reading` is spent on SQL.

    `cutting` are the processor's seconds for the same words alone. `mib` is what the process grew by at its highest.
    `late` is by how many milliseconds the event loop was late meanwhile, at the 95th percentile, and `latest` at most.
    `second` are the milliseconds of the next search.
    """

    passages: int
    seconds: float
    cpu: float
    reading: float
    cutting: float
    mib: float
    late: float
    latest: float
    second: float


class _TimedFeed(PostgresKnowledgeFeed):
    """Says how long it has waited for the database and for what asyncpg makes of its answers."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.seconds = 0.0

    async def _rows(self, query: str, *arguments: Any) -> Any:
        began = time.perf_counter()
        try:
            return await super()._rows(query, *arguments)
        finally:
            self.seconds += time.perf_counter() - began


async def first_searches(found: Passages, sizes: Sequence[int]) -> list[First]:
    """One of each size, over the first passages. The server's setting of the garbage collector is used."""
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG_OBJECTS, 20, 50)
    try:
        async with stored(found, sizes) as database:
            await first_search(database, found, sizes[0])  # loads what is loaded once
            return [await first_search(database, found, size) for size in sizes]
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


async def first_search(database: Database, found: Passages, size: int) -> First:
    """That of the tenant with so many passages, and the one after it."""
    tenant, collection = str(size), f"vs_{size}"
    reader = Reader(tenant, "u", Clearance(Level.RESTRICTED))
    feed = _TimedFeed(database)
    shelf, scope = Shelf(tenant, feed), Scope(reader, frozenset({collection}))
    version = (await feed.reach(reader, [collection])).version
    asked = Asked(((found.questions[0], {EMBEDDER: tuple(found.asked[0].tolist())}),), 10)
    feed.seconds, held = 0.0, _peak(forget=True)
    late: list[float] = []
    async with _watched(late):
        began, cpu = time.perf_counter(), time.process_time()
        await shelf.search(version, asked, scope)
        seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    grown, reading = _peak() - held, feed.seconds
    began = time.perf_counter()
    await shelf.search(version, asked, scope)
    second = time.perf_counter() - began
    at, most = float(np.quantile(late, 0.95)) * _MILLI, max(late) * _MILLI
    return First(size, seconds, cpu, reading, _cutting(found, size), grown, at, most, second * _MILLI)


def _cutting(found: Passages, size: int) -> float:
    began = time.process_time()
    for begin in range(0, size, _TOGETHER):
        keys_of(found.texts[begin : begin + _TOGETHER])
    return time.process_time() - began


@asynccontextmanager
async def _watched(late: list[float]) -> AsyncIterator[None]:
    """Notes how late the event loop comes, as whoever is answered by it would feel."""

    async def look() -> None:
        while True:
            began = time.perf_counter()
            await asyncio.sleep(_EVERY)
            late.append(time.perf_counter() - began - _EVERY)

    looking = asyncio.create_task(look())
    try:
        yield
    finally:
        await asyncio.sleep(2 * _EVERY)
        looking.cancel()


def _peak(*, forget: bool = False) -> float:
    """MiB that the process has held at most, since that was last forgotten."""
    if forget:
        Path("/proc/self/clear_refs").write_text("5")
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1024
