"""How long an answer is waited for: to its first words, between its pieces, altogether."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from typing import Self, TypeVar

from kyozon.domain.errors import StreamBroken, UpstreamUnreachable
from kyozon.domain.models import Provider
from kyozon.ports.provider import Piece

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


class PatientStream:
    """The pieces of a stream, as long as they come in time. What says nothing (a role, an empty text) buys no time."""

    def __init__(self, provider: Provider, pieces: AsyncIterator[Piece]) -> None:
        self._provider = provider
        self._pieces = pieces
        self._began: float | None = None
        self._due = 0.0
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
            self._began, self._due = now, now + limits.first_token
        elif self._said:
            self._due = now + limits.between
        try:
            async with asyncio.timeout_at(min(self._due, self._began + limits.total)):
                piece = await anext(self._pieces)
        except TimeoutError as late:
            raise self._failure() from late
        self._some = True
        self._said = self._said or bool(piece.text or piece.finish)
        return piece

    async def aclose(self) -> None:
        """Close the connection to the provider."""
        if hasattr(self._pieces, "aclose"):
            await self._pieces.aclose()

    def _failure(self) -> StreamBroken | UpstreamUnreachable:
        if not self._some:
            return UpstreamUnreachable(self._provider.id, "timed out before its first piece")
        return StreamBroken(self._provider.id, "timed out" if self._said else "timed out before its first words")
