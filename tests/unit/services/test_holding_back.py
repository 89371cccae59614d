"""The beginning of a stream is held back until it is long enough, old enough, or whole; nothing of it is lost."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from kyozon.domain.cascades import Hold
from kyozon.ports.provider import Piece
from kyozon.services.holding_back import Opened, held_back
from kyozon.services.pieces import close_pieces
from tests.fakes.waiting import until

NEVER = Hold(seconds=3600.0, tokens=1_000_000)


class Words:
    """A stream of one piece for each word; at `stop` it waits until it is let go, at `fail` it fails."""

    def __init__(self, words: str) -> None:
        self.go = asyncio.Event()
        self.closed = False
        self.pieces = self._run(words)

    async def _run(self, words: str) -> AsyncIterator[Piece]:
        try:
            for word in words.split():
                if word == "stop":
                    await self.go.wait()
                elif word == "fail":
                    raise ConnectionError
                else:
                    yield Piece(word.encode(), text=word)
        finally:
            self.closed = True


def said(pieces: tuple[Piece, ...] | list[Piece]) -> str:
    return " ".join(piece.text for piece in pieces)


async def opened(words: Words, hold: Hold) -> Opened:
    first = await anext(words.pieces)
    return await held_back(Opened("openai", (first,), words.pieces), hold, [])


async def rest_of(found: Opened) -> str:
    return said([piece async for piece in found.rest])


async def test_one_that_comes_to_its_end_is_whole() -> None:
    found = await opened(Words("one two three"), NEVER)
    assert found.whole
    assert said(found.pieces) == "one two three"
    assert await rest_of(found) == ""


async def test_a_longer_one_flows_on() -> None:
    found = await opened(Words("one two three four"), Hold(3600.0, 2))
    assert not found.whole
    assert said(found.pieces) == "one two three"
    assert await rest_of(found) == "four"


@pytest.mark.parametrize("hold", [Hold(0.0, 100), Hold(0.01, 100)])
async def test_a_slower_one_flows_on_and_loses_nothing(hold: Hold) -> None:
    words = Words("one stop two three")
    found = await opened(words, hold)
    assert (found.whole, said(found.pieces)) == (False, "one")
    words.go.set()
    assert await rest_of(found) == "two three"


async def test_what_breaks_breaks_where_it_would_have_broken() -> None:
    words = Words("one two fail three")
    found = await opened(words, NEVER)
    assert (found.whole, said(found.pieces)) == (False, "one two")
    with pytest.raises(ConnectionError):
        await rest_of(found)
    assert words.closed


async def test_who_leaves_closes_the_stream_and_what_was_said_is_known() -> None:
    words, heard = Words("one two stop three"), list[Piece]()
    first = await anext(words.pieces)
    waiting = asyncio.create_task(held_back(Opened("openai", (first,), words.pieces), NEVER, heard))
    await until(lambda: len(heard) == 2)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert words.closed
    assert said(heard) == "one two"


async def test_closed_while_the_next_piece_is_on_its_way() -> None:
    words = Words("one stop two")
    found = await opened(words, Hold(0.0, 100))
    await close_pieces(found.rest)
    await close_pieces(found.rest)
    assert words.closed
