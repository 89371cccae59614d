"""Work that comes to its end whoever leaves meanwhile: records are closed even when nobody waits for them."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class Lasting:
    """Holds tasks that no caller's cancellation reaches: asyncio itself would forget a task nobody refers to."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[Any]] = set()

    def begin(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Start it; await it through `asyncio.shield`."""
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    async def see_through(self, work: Coroutine[Any, Any, T]) -> T:
        """Start it and wait; when the caller is cancelled it goes on alone."""
        return await asyncio.shield(self.begin(work))

    async def drain(self) -> None:
        """Wait until all of it has ended."""
        while self._running:
            await asyncio.wait(set(self._running))
