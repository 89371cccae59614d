"""Thousands of connections on which nothing is said cost little, and nobody else notices them."""

import resource
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.e2e.installation import RunningKyozon

CONNECTIONS = 5_000


@pytest.fixture
def _many_files() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 2 * CONNECTIONS:
        pytest.skip(f"this machine allows a process {hard} files")
    resource.setrlimit(resource.RLIMIT_NOFILE, (2 * CONNECTIONS, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def _resident_mib(pid: int) -> float:
    fields = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text("utf-8").splitlines())
    return int(fields["VmRSS"].split()[0]) / 1024


@pytest.mark.usefixtures("_many_files", "rented")
def test_five_thousand_idle_connections(kyozon: RunningKyozon, key: str) -> None:
    assert kyozon.process is not None
    parts = urlsplit(kyozon.address)
    before = _resident_mib(kyozon.process.pid)
    with ExitStack() as opened:
        for number in range(CONNECTIONS):
            client = opened.enter_context(socket.create_connection((str(parts.hostname), int(parts.port or 0))))
            if number % 2:  # half of them have asked once and keep the connection
                client.sendall(b"GET /health/live HTTP/1.1\r\nhost: kyozon\r\n\r\n")
                assert client.recv(4096).startswith(b"HTTP/1.1 200")
        grown = _resident_mib(kyozon.process.pid) - before
        answer = kyozon.openai(key).chat.completions.create(
            model="rented-gpt", messages=[{"role": "user", "content": "Hello?"}]
        )
        assert answer.choices[0].message.content
    assert grown < 100
