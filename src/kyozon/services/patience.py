"""How long an answer is waited for: to its first words, between its pieces, altogether."""

import asyncio
import math
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Self, TypeVar

from kyozon.domain.errors import StreamBroken, UpstreamUnreachable
from kyozon.domain.models import Provider
from kyozon.ports.provider import Piece
from kyozon.services.pieces import close_pieces

T = TypeVar("T")


async def in_time(provider: Provider, work: Awaitable[T]) -> T:
    """What `work` brings.

    Raises:
        StreamBroken: it took longer than a call to `provider` may; the provider has read the request.
    """
    try:
        async with asyncio.timeout(provider.timeouts.total):
            return await work
    except TimeoutError as late:
        raise StreamBroken(provider.id, f"it took longer than {provider.timeouts.total:g} s") from late


class _Deadline:
    """`asyncio.timeout` for one wait after another, with one timer for all of them.

    Mostly a deadline moves away before it is reached. The timer is not touched for that: it fires, sees that there is time
    left, and is set again.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._due = self._armed = math.inf
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[object] | None = None
        self._late = False

    def at(self, due: float) -> Self:
        """Set it, in the loop's time, for the block that follows."""
        self._due = due
        if due < self._armed:
            self.stop()
            self._arm(due)
        return self

    def stop(self) -> None:
        """No block follows."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer, self._armed = None, math.inf

    def __enter__(self) -> None:
        self._task = asyncio.current_task()
        assert self._task is not None  # noqa: S101 - a coroutine runs in one
        self._cancelling = self._task.cancelling()

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        task, self._task = self._task, None
        if self._late and task is not None:
            self._late = False
            if task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
                raise TimeoutError

    def _arm(self, moment: float) -> None:
        self._armed = moment
        self._timer = self._loop.call_at(moment, self._look)

    def _look(self) -> None:
        self._timer, self._armed = None, math.inf
        if self._task is None:
            return
        if self._loop.time() < self._due:
            self._arm(self._due)
        else:
            self._late = True
            self._task.cancel()


class PatientStream:
    """The pieces of a stream, as long as they come in time. What says nothing (a role, an empty text) buys no time."""

    def __init__(self, provider: Provider, pieces: AsyncIterator[Piece], allow: Callable[[], None]) -> None:
        """`allow` is asked when the first piece is wanted, and raises where the stream may not begin any more."""
        self._provider = provider
        self._pieces = pieces
        self._allow = allow
        self._began: float | None = None
        self._due = 0.0
        self._deadline = _Deadline()
        self._some = False
        self._said = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Piece:
        """The next piece.

        Raises:
            UpstreamUnreachable: none came at all in time.
            StreamBroken: no words came in time, or no further ones, or not the last one.
        """
        limits, now = self._provider.timeouts, asyncio.get_running_loop().time()
        if self._began is None:
            self._allow()
            self._began, self._due = now, now + limits.first_token
        elif self._said:
            self._due = now + limits.between
        try:
            with self._deadline.at(min(self._due, self._began + limits.total)):
                piece = await anext(self._pieces)
        except TimeoutError as late:
            raise self._failure() from late
        self._some = True
        self._said = self._said or bool(piece.text or piece.finish)
        return piece

    async def aclose(self) -> None:
        """Close the connection to the provider."""
        self._deadline.stop()
        await close_pieces(self._pieces)

    def _failure(self) -> StreamBroken | UpstreamUnreachable:
        if not self._some:
            return UpstreamUnreachable(self._provider.id, "timed out before its first piece")
        return StreamBroken(self._provider.id, "timed out" if self._said else "timed out before its first words")
