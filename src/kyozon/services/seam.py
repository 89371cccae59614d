"""Where two models' streams become one: what the second says, in the words and under the head of the first. Pure."""

from collections.abc import Iterator

import msgspec

from kyozon.domain.requests import Json
from kyozon.domain.usage import Usage
from kyozon.metering.normalise import to_openai
from kyozon.ports.provider import Piece
from kyozon.ports.rendering import Rendering
from kyozon.services.unfinished import SoFar

_LEFT_OUT = frozenset({"role", "reasoning_content", "reasoning", "reasoning_details", "extra_content"})
"""What the rest of an answer does not say again: the role, and the thoughts of a model that was given half an answer."""


class Seam:
    """Turns the pieces of the model that goes on into pieces of the stream that broke."""

    def __init__(self, found: SoFar, used: Usage, rendering: Rendering | None) -> None:
        self._head = found.head
        self._used = used
        self._rendering = rendering

    def join(self, piece: Piece) -> Iterator[Piece]:
        """The pieces for one piece, none where it says nothing new; its usage is that of both models together."""
        chunk: Json = {**msgspec.json.decode(piece.payload), **self._head}
        for choice in chunk.get("choices") or []:
            delta = choice.get("delta") or {}
            choice["delta"] = {name: value for name, value in delta.items() if name not in _LEFT_OUT}
        if piece.usage is not None:
            chunk["usage"] = to_openai(self._used + piece.usage)
        elif not any(choice.get("finish_reason") or any(choice["delta"].values()) for choice in chunk.get("choices") or []):
            return
        payload = msgspec.json.encode(chunk)
        if self._rendering is None:
            yield Piece(payload, usage_only=piece.usage_only)
        else:
            yield from _named(self._rendering.feed(payload))

    def end(self) -> Iterator[Piece]:
        """What ends the stream, where its dialect has such a thing."""
        if self._rendering is not None:
            yield from _named(self._rendering.finish())


def _named(events: list[tuple[str, bytes]]) -> Iterator[Piece]:
    for name, payload in events:
        yield Piece(payload, name)
