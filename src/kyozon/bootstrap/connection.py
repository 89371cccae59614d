"""One client's connection, guarded: who sends slowly, or headers without end, is cut off; every refusal is JSON.

Uvicorn's own protocol waits for ever for the first byte, for the end of the headers and for the end of the body, and reads
headers of any size. One timer a connection looks after it here, so that a request costs nothing more.
"""

import asyncio
from typing import Any, Literal

import msgspec
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

_MOST_HEADERS = 100
_MOST_HEADER_BYTES = 64 << 10
"""Of headers that did not arrive at once; what arrives at once is at most what the socket is read by, 256 KiB."""
_SLOWEST_BODY = 1024
"""Bytes a second; what comes more slowly after the first seconds is not waited for."""


Reading = Literal["nothing", "a request", "headers", "body"]
"""What is awaited from the client; nothing while an answer is made, or between requests, where uvicorn's own timer runs."""


class _TooLargeError(Exception):
    """Raised within the parser, which then stops."""


class GuardedProtocol(HttpToolsProtocol):
    """`patience` is how many seconds a client has for its headers, and for a body at less than 1 KiB a second."""

    patience = 20.0

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._reading: Reading = "nothing"
        self._since = 0.0
        self._received = 0
        self._too_large = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as its parent's
        """Take a connection; its first request is awaited from now on."""
        super().connection_made(transport)
        self._begin("a request")
        self.loop.call_later(self.patience, self._look)

    def data_received(self, data: bytes) -> None:
        """Read on."""
        if self._reading == "headers":
            self._received += len(data)
            if self._received > _MOST_HEADER_BYTES + len(data):
                self._too_large = True
                self.send_400_response("")
                return
        super().data_received(data)
        if self._reading == "nothing" and self.timeout_keep_alive_task is None and self._answered():
            self._begin("a request")  # empty lines before a request: the parser passes over them in silence

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._begin("headers")

    def on_headers_complete(self) -> None:
        """Its headers are there."""
        if len(self.headers) > _MOST_HEADERS:
            self._too_large = True
            raise _TooLargeError
        super().on_headers_complete()
        self._begin("body")

    def on_body(self, body: bytes) -> None:
        """A part of its body is there."""
        self._received += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """All of it is there."""
        self._reading = "nothing"
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP request, in the shape that the APIs' clients read."""
        if self._too_large:
            self._refuse(431, f"the headers are too large: at most {_MOST_HEADERS}, and {_MOST_HEADER_BYTES >> 10} KiB.")
        else:
            self._refuse(400, msg)

    def _begin(self, what: Reading) -> None:
        self._reading, self._since, self._received = what, self.loop.time(), 0

    def _answered(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle  # none before the first request, whatever its type says
        return cycle is None or cycle.response_complete

    def _look(self) -> None:
        """The timer: come again when patience would end, or end it."""
        if self.transport.is_closing():
            return
        if self._reading == "nothing" or self.flow.read_paused:  # it is not the client who is slow
            self._since = self.loop.time()
        allowed = self.patience
        if self._reading == "body" and not self._answered():  # what follows a refusal is read out of courtesy only
            allowed += self._received / _SLOWEST_BODY
        left = self._since + allowed - self.loop.time()
        if left > 0:
            self.loop.call_later(left, self._look)
        elif self._reading == "a request":
            self.transport.close()
        else:
            self._refuse(408, f"the request did not arrive within {self.patience:.0f} seconds.")

    def _refuse(self, status: int, message: str) -> None:
        if self._answered() if self._reading != "body" else not self.cycle.response_started:
            body = {
                "error": {"message": message, "type": "invalid_request_error", "param": None, "code": "invalid_request"}
            }
            self._write(status, msgspec.json.encode(body))
        self.transport.close()

    def _write(self, status: int, body: bytes) -> None:
        head = [STATUS_LINE[status], b"content-type: application/json\r\nconnection: close\r\ncontent-length: "]
        self.transport.write(b"".join([*head, str(len(body)).encode(), b"\r\n\r\n", body]))


def guarded(patience: float) -> type[asyncio.Protocol]:
    """The protocol with this patience, in seconds; uvicorn takes a class."""
    return type("Guarded", (GuardedProtocol,), {"patience": patience})
