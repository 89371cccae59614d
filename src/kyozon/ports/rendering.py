"""How an answer that goes on in OpenAI's chunks is said in Anthropic's dialect, in which it has begun."""

from collections.abc import Callable
from typing import Protocol


class Rendering(Protocol):
    """The rest of one message. `feed` takes each chunk, `finish` follows the last."""

    def feed(self, payload: bytes) -> list[tuple[str, bytes]]:
        """The events for one chunk, each with its name."""
        ...

    def finish(self) -> list[tuple[str, bytes]]:
        """The events that end the message."""
        ...


Resume = Callable[[int, str | None], Rendering]
"""Takes the index of the message's last block (-1 before the first), and that block's type while it is open."""
