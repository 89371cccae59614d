"""One at a time, and who must not wait first."""

import asyncio
import heapq
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count


class InTurn:
    """Lets one block run at a time. Of those that wait, the lowest `place` comes first, then the one that came first."""

    def __init__(self) -> None:
        self._taken = False
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._numbers = count()

    @asynccontextmanager
    async def turn(self, place: int) -> AsyncIterator[None]:
        """A turn, as long as the block runs; whoever is cancelled while waiting leaves the line."""
        if self._taken:
            called = asyncio.get_running_loop().create_future()
            heapq.heappush(self._waiting, (place, next(self._numbers), called))
            try:
                await called
            except asyncio.CancelledError:
                if called.done() and not called.cancelled():  # the turn came just before the caller left
                    self._pass_on()
                raise
        self._taken = True
        try:
            yield
        finally:
            self._pass_on()

    def _pass_on(self) -> None:
        """The next one's turn; nobody slips in before it has begun."""
        while self._waiting:
            _, _, called = heapq.heappop(self._waiting)
            if not called.done():
                called.set_result(None)
                return
        self._taken = False
