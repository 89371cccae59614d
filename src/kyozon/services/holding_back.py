"""The beginning of a streamed answer, held back until it is long enough, old enough, or whole, and can be judged."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator

from msgspec import Struct

from kyozon.domain.cascades import Hold
from kyozon.domain.requests import Dialect
from kyozon.metering.estimate import text_tokens
from kyozon.ports.provider import Piece
from kyozon.services.pieces import close_pieces


class Opened(Struct, frozen=True):
    """A streamed answer in `dialect`: the pieces that are there, those still to come, and whether there are none."""

    dialect: Dialect
    pieces: tuple[Piece, ...]
    rest: AsyncIterator[Piece]
    whole: bool = False


async def held_back(opened: Opened, hold: Hold, heard: list[Piece]) -> Opened:
    """The same with more pieces there; what fails meanwhile fails in the rest. `heard` takes each piece as it comes.

    Where it is cancelled the stream is closed.
    """
    heard += opened.pieces
    tokens, coming = sum(text_tokens(piece.text) for piece in heard if piece.text), _Coming(opened.rest)
    loop = asyncio.get_running_loop()
    until = loop.time() + hold.seconds
    try:
        while tokens <= hold.tokens:
            if not await coming.here(until - loop.time()):
                break
            try:
                piece = await anext(coming)
            except StopAsyncIteration:
                return Opened(opened.dialect, tuple(heard), opened.rest, whole=True)
            except Exception as failure:  # noqa: BLE001 - whatever it is, it comes where it would have come
                return Opened(opened.dialect, tuple(heard), _failing(opened.rest, failure))
            heard.append(piece)
            tokens += text_tokens(piece.text) if piece.text else 0
    except BaseException:
        await coming.aclose()
        raise
    return Opened(opened.dialect, tuple(heard), coming)


class _Coming:
    """Pieces of which the next may be waited for no longer than so, without losing it."""

    def __init__(self, pieces: AsyncIterator[Piece]) -> None:
        self._pieces = pieces
        self._next: asyncio.Future[Piece] | None = None

    def __aiter__(self) -> AsyncIterator[Piece]:
        return self

    async def here(self, seconds: float) -> bool:
        """Whether the next piece, or the end, is there within so many seconds."""
        if self._next is None:
            self._next = asyncio.ensure_future(anext(self._pieces))
        done, _ = await asyncio.wait({self._next}, timeout=max(0.0, seconds))
        return bool(done)

    async def __anext__(self) -> Piece:
        waited, self._next = self._next, None
        return await anext(self._pieces) if waited is None else await waited

    async def aclose(self) -> None:
        """Stop waiting, and close the stream."""
        waited, self._next = self._next, None
        if waited is not None:
            waited.cancel()
            await asyncio.gather(waited, return_exceptions=True)
        await close_pieces(self._pieces)


async def _failing(pieces: AsyncIterator[Piece], failure: Exception) -> AsyncGenerator[Piece, None]:
    """A stream that has failed already."""
    await close_pieces(pieces)
    nothing: tuple[Piece, ...] = ()
    for piece in nothing:
        yield piece
    raise failure
