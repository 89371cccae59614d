"""Server-sent events, read byte by byte as they arrive (WHATWG HTML §9.2.6)."""

import msgspec
from msgspec import Struct

NOT_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What decoding a stranger's bytes as JSON raises: no JSON or of another shape, no UTF-8, nested too deep."""

MOST_BYTES = 32 << 20
"""Of one event; a picture in it included."""
_BOM = b"\xef\xbb\xbf"


class EndlessEventError(Exception):
    """An event has more bytes than are kept for it."""


class Event(Struct, frozen=True):
    """One event: its name (empty where the stream gave none) and its data, joined by newlines if it had several lines."""

    name: str
    data: bytes


class EventParser:
    """Cuts a byte stream into events, whatever the chunks' borders; comments, `id` and `retry` are passed over.

    Args:
        most: bytes of an event that are kept while its end has not come.
    """

    def __init__(self, most: int = MOST_BYTES) -> None:
        self._most = most
        self._rest = bytearray()
        self._size = 0
        self._name = ""
        self._data: list[bytes] = []
        self._after_cr = False
        self._started = False

    def feed(self, chunk: bytes) -> list[Event]:
        """The events completed by `chunk`. An event without data is no event, as the standard says.

        Raises:
            EndlessEventError: the last one grows beyond what is kept.
        """
        if self._after_cr and chunk:
            chunk = chunk.removeprefix(b"\n")
            self._after_cr = False
        if not chunk:
            return []
        if b"\n" not in chunk and b"\r" not in chunk:
            lines, rest = [], chunk
        else:
            buffer, self._rest = bytes(self._rest) + chunk, bytearray()
            self._after_cr = buffer.endswith(b"\r")
            *lines, rest = buffer.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        self._rest += rest
        if lines and not self._started:
            lines[0] = lines[0].removeprefix(_BOM)
            self._started = True
        found = [event for line in lines if (event := self._line(line)) is not None]
        if self._size + len(self._rest) > self._most:
            raise EndlessEventError
        return found

    def _line(self, line: bytes) -> Event | None:
        if line:
            self._take(line)
            return None
        event = Event(self._name, b"\n".join(self._data)) if self._data else None
        self._name, self._data, self._size = "", [], 0
        return event

    def _take(self, line: bytes) -> None:
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"data":
            self._data.append(value)
            self._size += len(value) + 1
        elif field == b"event":
            self._name = value.decode("utf-8", "replace")
