"""What the upstreams and the clients note, each in a file of its own: one line of JSON for each call."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

T = TypeVar("T")


class Served(Struct, frozen=True):
    """One call as the upstream saw it. Times are seconds since 1970.

    `how` it ended: `whole`, `status`, `cut`, `reset`, `garbage`, or `left` when Kyozon hung up, `hung` when it did so on an
    upstream that had stopped talking. `words` are those sent, `told` is the usage reported so far in the upstream's own
    shape, `began_answer` whether a byte of an answer of status 200 was sent.
    """

    id: str
    number: int
    provider: str
    format: str
    stream: bool
    began: float
    ended: float
    how: str
    words: int = 0
    told: dict[str, Any] | None = None
    began_answer: bool = False
    status: int = 200
    retry_after: float | None = None


class Heard(Struct, frozen=True):
    """One request as its client saw it. Times are seconds since 1970.

    `failure` is `refused` (no connection), `broken` (the connection ended too early), `late` (nothing for half a minute),
    `left` (by the client's own will) or empty. `whole` says that the answer came to its end, `words` how many of its words
    came, `intact` that they were those of this request, all in order. `answer` is the upstream's id of it and `digest`
    the SHA-256 of what was said.
    """

    number: int
    turn: int
    began: float
    ended: float
    body_sha256: str
    status: int = 0
    failure: str = ""
    code: str = ""
    headers: dict[str, str] = {}
    decision: str = ""
    whole: bool = False
    intact: bool = True
    words: int = 0
    answer: str = ""
    digest: str = ""


class Happening(Struct, frozen=True):
    """Something done to Kyozon or its database, from its first moment until everything was said to be well again.

    `what` is `database`, `kill`, `both`, `replace` or `drain`; `status` is how a process ended that was told to.
    `recovered` are the requests that the next process found cut off.
    """

    what: str
    began: float
    ended: float
    status: int = 0
    recovered: int = 0


class Life(Struct, frozen=True):
    """A Kyozon process, from its launch to its end."""

    began: float
    ended: float


class Journal:
    """Appends lines; each is with the operating system when `write` returns, so that no kill takes it back."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab", buffering=0)

    def write(self, line: Struct) -> None:
        """Append one line."""
        self._file.write(msgspec.json.encode(line) + b"\n")

    def close(self) -> None:
        """No more lines."""
        self._file.close()


def read(path: Path, of: type[T]) -> Iterator[T]:
    """Its lines."""
    decoder = msgspec.json.Decoder(of)
    with path.open("rb") as lines:
        for line in lines:
            yield decoder.decode(line)
