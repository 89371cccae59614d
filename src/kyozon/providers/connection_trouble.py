"""What went wrong with a connection, in words for callers: never an address, which tells how a house is built inside."""

import os
import socket
import ssl


class BrokenAnswer(ConnectionError):
    """What came is no HTTP/1.1 answer, or ended before it was whole; the text names no address."""


_WORDS: dict[type[Exception], str] = {
    TimeoutError: "timed out",
    ssl.SSLError: "no secure connection",
    socket.gaierror: "its host is not known",
    ValueError: "its address is none",
}


def in_words(error: BaseException) -> str:
    """What `error` says, without the hosts, addresses and ports that its own text may hold."""
    cause = getattr(error, "os_error", error)  # aiohttp's errors of connecting stand around the system's own
    if isinstance(cause, BrokenAnswer):
        return str(cause)
    for kind, words in _WORDS.items():
        if isinstance(cause, kind):
            return words
    if isinstance(cause, OSError) and cause.errno:
        return os.strerror(cause.errno).lower()
    return "the connection failed"
