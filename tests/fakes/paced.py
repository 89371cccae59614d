"""An adapter whose answers take time, by the clock that is steered."""

from collections.abc import AsyncIterator

from kyozon.ports.provider import ChatCall, Piece
from tests.fakes.scripted import ScriptedChat
from tests.fakes.steered import Steered


class PacedChat(ScriptedChat):
    """Says what its scripts say: the first words after `first` seconds, the end `rest` seconds later."""

    def __init__(self, log: list[str], time: Steered, first: float, rest: float = 0.0) -> None:
        super().__init__(log)
        self.first, self.rest = first, rest
        self._time = time

    async def stream(self, call: ChatCall) -> AsyncIterator[Piece]:
        begun = False
        async for piece in super().stream(call):
            if piece.text and not begun:
                self._time.advance(seconds=self.first)
                begun = True
            if piece.finish:
                self._time.advance(seconds=self.rest)
            yield piece
