"""The client of the command line, against servers that hang up on it."""

import json
import os
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kyozon.cli.calling import Form, address, call, upload
from kyozon.cli.options import Target
from kyozon.domain.errors import CallerError, InvalidRequest, MissingPiece

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


@pytest.mark.parametrize("end", ["", "/", "/v1", "/v1/"])
def test_an_address_may_end_as_sdks_want_it(
    serving: Serving, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    monkeypatch.setenv("KYOZON_URL", os.environ["KYOZON_URL"] + end)
    assert address(tmp_path).partition("//")[2].count("/") == 0
    serving(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}")
    assert call(Target(str(tmp_path), None, as_json=False, overrides={}), "GET", "/v1/models") == {}


@pytest.mark.parametrize(
    "named",
    [
        *("localhost:9", "127.0.0.1", "127.0.0.1:9", "http://", "ftp://127.0.0.1:9", "http://h:port", "http://h:99999"),
        *("http://ann:secret@127.0.0.1:9", "http://[::1", "http://a..b:9", "http://a b:9", "http://h/x?y=z", "http://h/あ"),
    ],
)
def test_what_is_no_address_is_said_by_its_name_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str) -> None:
    monkeypatch.setenv("KYOZON_URL", named)
    monkeypatch.setenv("KYOZON_API_KEY", "kz-none")
    with pytest.raises(InvalidRequest, match="KYOZON_URL is not the address of a server") as raised:
        call(Target(str(tmp_path), None, as_json=False, overrides={}), "GET", "/v1/models")
    assert "secret" not in raised.value.text.en + raised.value.text.ja


def test_where_nobody_listens_is_said_without_numbers_of_the_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KYOZON_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("KYOZON_API_KEY", "kz-none")
    with pytest.raises(MissingPiece) as raised:
        call(Target(str(tmp_path), None, as_json=False, overrides={}), "GET", "/v1/models")
    assert raised.value.text.en.startswith("no server answers at 127.0.0.1:9 (Connection refused). Start one with")
    assert raised.value.text.ja.startswith("127.0.0.1:9 のサーバーが応答しません（接続が拒否されました）。")


def test_a_server_that_hangs_up_in_silence_is_away(serving: Serving, tmp_path: Path) -> None:
    serving(b"")
    with pytest.raises(MissingPiece, match="no server answers"):
        send(tmp_path)
