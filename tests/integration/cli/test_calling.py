"""The client of the command line, against servers that hang up on it."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kyozon.cli.calling import Form, upload
from kyozon.cli.options import Target
from kyozon.domain.errors import CallerError, MissingPiece

_BODY = json.dumps({"error": {"message": "no such label"}}).encode()
_REFUSED = (
    b"HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: %d\r\n\r\n%s"
)

Serving = Callable[[bytes], None]


@pytest.fixture
def serving(monkeypatch: pytest.MonkeyPatch) -> Iterator[Serving]:
    """A server that says something once it has heard the headers, and hangs up."""
    listening = socket.create_server(("127.0.0.1", 0))
    threads = []

    def answer(said: bytes) -> None:
        connection, _ = listening.accept()
        with connection:
            connection.recv(1024)
            connection.sendall(said)

    def serve(said: bytes) -> None:
        threads.append(threading.Thread(target=answer, args=(said,)))
        threads[-1].start()

    monkeypatch.setenv("KYOZON_URL", f"http://127.0.0.1:{listening.getsockname()[1]}")
    monkeypatch.setenv("KYOZON_API_KEY", "kz-none")
    yield serve
    for thread in threads:
        thread.join()
    listening.close()


def send(folder: Path) -> None:
    """Send what no buffer of a socket holds, so that the pipe breaks while it is being sent."""
    file = folder / "large.txt"
    with file.open("wb") as opened:
        opened.truncate(64 << 20)
    upload(Target(str(folder), None, as_json=False, overrides={}), "/v1/files", Form((), file, file.name))


def test_what_a_server_says_before_it_hangs_up_is_heard(serving: Serving, tmp_path: Path) -> None:
    serving(_REFUSED % (len(_BODY), _BODY))
    with pytest.raises(CallerError, match="no such label"):
        send(tmp_path)


def test_a_server_that_hangs_up_in_silence_is_away(serving: Serving, tmp_path: Path) -> None:
    serving(b"")
    with pytest.raises(MissingPiece, match="no server answers"):
        send(tmp_path)
