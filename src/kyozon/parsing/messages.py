"""What the server and a process that reads a file say to each other: msgpack behind four bytes that say how long it is."""

import msgspec
from msgspec import Struct

from kyozon.domain.knowledge import Parsed

HEAD_BYTES = 4


class Task(Struct, frozen=True):
    """Read the file at `path`, called `filename`, within so much time and memory."""

    path: str
    filename: str
    seconds: float
    memory_mib: int


class Reached(Struct, frozen=True, tag="reached"):
    """So many pages of so many have been read."""

    done: int
    total: int


class Read(Struct, frozen=True, tag="read"):
    """The file's text."""

    parsed: Parsed


class Refused(Struct, frozen=True, tag="refused"):
    """It is not read; `code` is that of the error."""

    code: str
    en: str
    ja: str


Reply = Reached | Read | Refused


def framed(message: Task | Reply) -> bytes:
    """A message as it goes over the pipe."""
    body = msgspec.msgpack.encode(message)
    return len(body).to_bytes(HEAD_BYTES, "big") + body
