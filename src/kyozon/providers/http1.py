"""HTTP/1.1 as bytes: a request written and its answer read (RFC 9112). No sockets here, so any bytes can be tried on it."""

import base64
import re
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import quote, unquote, urlsplit

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser
from msgspec import Struct

from kyozon.providers.connection_trouble import BrokenAnswer

OVERHEAD_LIMIT = 65_536
"""Bytes of an answer's head, or of framing between two pieces of its body, beyond which it is no answer."""

_FINAL = 200  # statuses below are interim answers, and another one follows
_HOST = re.compile(r"[0-9A-Za-z._:-]+")
_LINES = re.compile(r"(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+: [^\r\n\0]*\r\n)*")
_PATH = "/%:@!$&'()*+,;=~"  # what may stand in a path as it is; what is percent-encoded already stays so
_QUERY = _PATH + "?"


class Target(Struct, frozen=True):
    """An `http://` address, read: where to connect, and what the request says of it."""

    host: str
    port: int
    path: str
    authority: str
    credentials: str | None = None


@lru_cache(maxsize=1024)
def target_of(url: str) -> Target:
    """Read an `http://` address; raises `ValueError` where it is none."""
    parts = urlsplit(url)
    host = (parts.hostname or "").encode("idna").decode()
    if parts.scheme != "http" or not _HOST.fullmatch(host):
        raise ValueError(f"{url!r} is not an http:// address")
    port = parts.port or 80
    name = f"[{host}]" if ":" in host else host
    return Target(
        host=host,
        port=port,
        path=quote(parts.path or "/", _PATH) + (f"?{quote(parts.query, _QUERY)}" if parts.query else ""),
        authority=name if port == 80 else f"{name}:{port}",  # noqa: PLR2004 - HTTP's own number
        credentials=_basic(parts.username, parts.password) if parts.username is not None else None,
    )


def _basic(user: str, password: str | None) -> str:
    pair = f"{unquote(user)}:{unquote(password or '')}"
    return f"Basic {base64.b64encode(pair.encode()).decode()}"


def post_head(target: Target, headers: Mapping[str, str], length: int) -> bytes:
    """The head of a POST of `length` bytes. `headers` win over what would stand there otherwise, but for the framing.

    Raises:
        ValueError: a header holds what would end its line, or a name that is none.
    """
    return b"%bcontent-length: %d\r\n\r\n" % (_unsized_head(target, tuple(headers.items())), length)


@lru_cache(maxsize=1024)
def _unsized_head(target: Target, headers: tuple[tuple[str, str], ...]) -> bytes:
    """All but the length, which is what differs between two requests to one provider."""
    lines = {"host": target.authority, "accept-encoding": "identity"}
    if target.credentials is not None:
        lines["authorization"] = target.credentials
    for name, value in headers:
        lines[name.lower()] = value
    if "transfer-encoding" in lines:
        raise ValueError("transfer-encoding cannot be set: the body's length is known")
    lines.pop("content-length", None)
    head = "".join([f"{name}: {value}\r\n" for name, value in lines.items()])
    if _LINES.fullmatch(head) is None or head.count("\n") != len(lines):
        raise ValueError("a header holds a line break, or its name is none")
    return f"POST {target.path} HTTP/1.1\r\n{head}".encode()


class AnswerReader:
    """One answer, fed with bytes as they arrive; however they are cut, the same comes out.

    Attributes:
        status: of the final answer, 0 until its head is whole; interim answers (1xx) are passed over.
        whole: the answer has ended as its framing says.
        reusable: it is whole, and the connection may carry another request.
        error: why it can never be whole; body that came before is still there to be taken.
        waiting: bytes of body not yet taken.
    """

    __slots__ = ("_body", "_head", "_overhead", "_parser", "error", "reusable", "status", "waiting", "whole")

    def __init__(self) -> None:
        self.status = 0
        self.whole = False
        self.reusable = False
        self.error: BrokenAnswer | None = None
        self.waiting = 0
        self._head: list[tuple[bytes, bytes]] = []
        self._body: list[bytes] = []
        self._overhead = 0
        self._parser: HttpResponseParser | None = HttpResponseParser(self)

    @property
    def headers(self) -> dict[str, str]:
        """The head's fields by lower-case name; of those that stand several times, the last."""
        return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in self._head}

    def begun(self) -> bool:
        """Whether the head is known, or that there will be none."""
        return self.status > 0 or self.error is not None

    def readable(self) -> bool:
        """Whether the next read need not wait: there is body to take, or there will be no more."""
        return self.waiting > 0 or self.whole or self.error is not None

    def feed(self, data: bytes) -> None:
        """Read on. Bytes behind the answer's end spoil the connection, not the answer."""
        if self._parser is None:
            self.reusable = False
            return
        self._overhead += len(data)
        try:
            self._parser.feed_data(data)
        except HttpParserUpgrade:
            self._fail("it switched protocols, which nobody had asked for")
        except HttpParserError as error:
            self._fail(f"its answer is not HTTP/1.1 ({error.__context__ or error})")
        else:
            if self._overhead > OVERHEAD_LIMIT:
                self._fail(f"more than {OVERHEAD_LIMIT} bytes came that are no part of an answer's body")
        if self.whole:
            self._parser = None

    def end(self, reason: str = "it closed the connection") -> None:
        """No more bytes will come. This ends an answer that told no other end (RFC 9112 §6.3), and breaks any other."""
        if self.whole:
            self.reusable = False
        elif self.status and not self._framed():
            self.whole, self._parser = True, None
        else:
            self._fail(f"{reason} before {'the end of its' if self.status else 'an'} answer")

    def take(self) -> bytes:
        """The body that came since the last time."""
        taken = b"".join(self._body)  # of one piece this is the piece itself
        self._body.clear()
        self.waiting = 0
        return taken

    def _fail(self, reason: str) -> None:
        self.reusable = False
        self._parser = None
        if not self.whole and self.error is None:
            self.error = BrokenAnswer(reason)

    def _framed(self) -> bool:
        return not {b"content-length", b"transfer-encoding"}.isdisjoint(name.lower() for name, _ in self._head)

    # What httptools calls.

    def on_message_begin(self) -> None:
        """A second answer in the same bytes is one that nobody asked for."""
        if self.whole:
            raise HttpParserError("another answer follows")

    def on_header(self, name: bytes, value: bytes) -> None:
        """A field of the head; those of the trailer are passed over."""
        if self.status == 0:
            self._head.append((name, value))

    def on_headers_complete(self) -> None:
        """The head is whole."""
        assert self._parser is not None  # noqa: S101 - it is what calls
        status = self._parser.get_status_code()
        if status < _FINAL:
            self._head.clear()
            return
        self.status = status
        self._overhead = 0

    def on_body(self, body: bytes) -> None:
        """A piece of the body, its framing taken off."""
        self._body.append(body)
        self.waiting += len(body)
        self._overhead = 0

    def on_message_complete(self) -> None:
        """The end that the framing told; of an interim answer it is no end."""
        if self.status:
            assert self._parser is not None  # noqa: S101 - it is what calls
            self.whole = True
            self.reusable = self._parser.should_keep_alive()
