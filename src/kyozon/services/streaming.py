"""A stream on its way from a provider to a caller: passed on, counted, kept for a repeat, settled once however it ends."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable

import msgspec
from msgspec import Struct

from kyozon.domain.decisions import CacheUse, Outcome
from kyozon.domain.errors import StreamBroken, WorldFailure
from kyozon.domain.labels import Label
from kyozon.domain.models import ModelCard
from kyozon.domain.requests import Dialect
from kyozon.ports.provider import Piece
from kyozon.ports.records import KeptAnswer
from kyozon.services.cache import Said
from kyozon.services.deciding import Decided
from kyozon.services.fallback import code_of
from kyozon.services.pieces import close_pieces
from kyozon.services.replays import Repeat, Replays
from kyozon.services.settling import Ending, Settler
from kyozon.services.world import World

KEPT_STREAM_BYTES = 4 << 20


class Streamed(Struct, frozen=True):
    """A streamed answer in `dialect`. Its pieces end when it is settled; `label` is as that of `Answered`.

    Whoever takes it must await `close` in the end: left early, or never begun, it settles what was sent.
    """

    decision_id: str
    model: str
    dialect: Dialect
    pieces: AsyncIterator[Piece]
    close: Callable[[], Awaitable[None]]
    input_tokens: int = 0
    replayed: bool = False
    cache: CacheUse | None = None
    label: Label | None = None


class Begun(Struct, frozen=True):
    """A stream whose first pieces are there: what was decided for it, and the rest as the provider sends it.

    `keep` takes a whole answer, once it is settled, to where others may find it.
    """

    repeat: Repeat
    decided: Decided
    ending: Ending
    dialect: Dialect
    first: tuple[Piece, ...]
    rest: AsyncIterator[Piece]
    keep: Callable[[ModelCard | None, Outcome, Said], Awaitable[None]]


class RunningStream:
    """Passes the pieces of a begun stream on and settles it once, whether it is read whole, in part, or not at all."""

    def __init__(self, begun: Begun, settler: Settler, replays: Replays, world: World) -> None:
        self._begun = begun
        self._settler = settler
        self._replays = replays
        self._world = world
        self._kept = _Kept(begun.ending.card.id if begun.ending.card else "")
        self._end: asyncio.Task[None] | None = None
        begun.ending.status, begun.ending.error = "left", "caller_left"  # unless it gets further
        for piece in begun.first:
            self._hear(piece)
        self.pieces = self._pass_on()

    async def close(self) -> None:
        """Stop the provider and settle, unless that has happened."""
        await self.pieces.aclose()
        await self._settled()

    async def _pass_on(self) -> AsyncGenerator[Piece, None]:
        ending = self._begun.ending
        try:
            for piece in self._begun.first:
                yield piece
            async for piece in self._begun.rest:
                self._hear(piece)
                yield piece
            ending.status, ending.error = "answered", None
        except Exception as failure:
            ending.status, ending.error = "broken", code_of(failure)
            if ending.call is not None and isinstance(failure, WorldFailure):
                ending.call.failed(failure.retry_after)
            raise
        finally:
            await self._settled()

    def _hear(self, piece: Piece) -> None:
        ending = self._begun.ending
        self._kept.add(piece)
        ending.took(piece, self._world.seconds())
        ending.passed_on(piece.payload, self._begun.dialect)

    async def _settled(self) -> None:
        if self._end is None:
            self._end = self._settler.lasting.begin(self._settle())
        await asyncio.shield(self._end)

    async def _settle(self) -> None:
        begun = self._begun
        try:
            await close_pieces(begun.rest)
        finally:
            said = self._said()
            to_keep = None
            if said is not None:
                to_keep = self._replays.keep(begun.repeat, begun.decided.decision.id, said.content_type, said.payload)
            outcome = await self._settler.close(begun.decided, begun.ending, to_keep)
            if said is not None:
                await begun.keep(begun.ending.card, outcome, said)

    def _said(self) -> Said | None:
        """The whole answer, where it came to its end and is small enough to keep."""
        if self._begun.ending.status != "answered" or not self._kept.whole:
            return None
        return Said(f"stream/{self._begun.dialect}", self._kept.payload(), self._kept.pieces())


async def until_first_words(card: ModelCard, pieces: AsyncIterator[Piece]) -> tuple[Piece, ...]:
    """The pieces up to the first that says something or ends the answer: until then another candidate may take over.

    Raises:
        StreamBroken: there is none. This and every other failure closes the stream.
    """
    found: list[Piece] = []
    try:
        async for piece in pieces:
            found.append(piece)
            if piece.text or piece.finish:
                break
    except BaseException:
        await close_pieces(pieces)
        raise
    if not found:
        raise StreamBroken(card.provider, "it held no event")
    return tuple(found)


def replayed_stream(kept: KeptAnswer, dialect: Dialect) -> Streamed:
    """A stream that was kept, given again; there is nothing to settle."""
    return again(kept.decision_id, kept.payload, dialect, replayed=True)


def again(
    decision_id: str, payload: bytes, dialect: Dialect, *, replayed: bool = False, cache: CacheUse | None = None
) -> Streamed:
    """A kept stream for a settled decision, piece by piece."""
    stream = msgspec.msgpack.decode(payload, type=_KeptStream)
    pieces = _again(stream.pieces)
    return Streamed(decision_id, stream.model, dialect, pieces, pieces.aclose, replayed=replayed, cache=cache)


async def _again(pieces: list[tuple[bytes, str, bool]]) -> AsyncGenerator[Piece, None]:
    for payload, event, usage_only in pieces:
        yield Piece(payload, event, usage_only=usage_only)


class _KeptStream(Struct):
    model: str
    pieces: list[tuple[bytes, str, bool]]


class _Kept:
    """The pieces of a stream, as long as they are few enough to keep."""

    def __init__(self, model: str) -> None:
        self._stream = _KeptStream(model, [])
        self._size = 0

    @property
    def whole(self) -> bool:
        return self._size <= KEPT_STREAM_BYTES

    def add(self, piece: Piece) -> None:
        self._size += len(piece.payload)
        if self.whole:
            self._stream.pieces.append((piece.payload, piece.event, piece.usage_only))
        else:
            self._stream.pieces.clear()

    def pieces(self) -> list[bytes]:
        return [payload for payload, _, _ in self._stream.pieces]

    def payload(self) -> bytes:
        return msgspec.msgpack.encode(self._stream)
