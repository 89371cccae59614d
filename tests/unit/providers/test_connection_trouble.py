"""Callers learn what went wrong and not where; the examples are the texts of real failures."""

import errno
import socket
import ssl

import pytest
from aiohttp import ClientConnectorError, ServerDisconnectedError
from aiohttp.client_reqrep import ConnectionKey

from kyozon.providers.connection_trouble import BrokenAnswer, in_words

KEY = ConnectionKey("vault.internal", 8443, True, True, None, None, None)  # noqa: FBT003 - aiohttp's own shape
REFUSED = ConnectionRefusedError(errno.ECONNREFUSED, "Connect call failed ('10.0.0.5', 8443)")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (TimeoutError(), "timed out"),
        (REFUSED, "connection refused"),
        (ClientConnectorError(KEY, REFUSED), "connection refused"),
        (ConnectionResetError(errno.ECONNRESET, "Connection reset by peer"), "connection reset by peer"),
        (OSError("Multiple exceptions: [Errno 111] Connect call failed ('10.0.0.5', 8443)"), "the connection failed"),
        (socket.gaierror(-2, "Name or service not known: vault.internal"), "its host is not known"),
        (ssl.SSLCertVerificationError(1, "certificate is not valid for 'vault.internal'"), "no secure connection"),
        (BrokenAnswer("the connection was closed"), "the connection was closed"),
        (ServerDisconnectedError("vault.internal"), "the connection failed"),
        (ValueError("'http://clerk:secret@vault.internal:8443' is not an http:// address"), "its address is none"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_no_address_is_told(error: Exception, said: str) -> None:
    assert in_words(error) == said
