"""The mock upstream on the load's cores: nginx gives whole answers from memory, a small event loop gives streams."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct

from bench.gateway.nginx import nginx
from bench.gateway.processes import Launch, Process, free_port, launched
from bench.gateway.traffic import answer


class Upstream(Struct, frozen=True):
    """The ports of the mock and the process that gives whole answers."""

    answers: int
    streams: int
    process: Process


@contextmanager
def mock(scratch: Path, cores: frozenset[int]) -> Iterator[Upstream]:
    """The mock upstream, as long as the block runs."""
    answers, streams = free_port(), free_port()
    quoted = answer().decode().replace("'", "\\'")
    listen = f"listen 127.0.0.1:{answers} backlog=1024; default_type application/json;"
    server = f"server {{ {listen} location / {{ return 200 '{quoted}'; }} }}"
    command = [sys.executable, "-m", "bench.gateway.streams", str(streams)]
    with (
        nginx(scratch / "mock", server, cores) as process,
        launched(Launch(command, scratch / "streams.log", cores)),
    ):
        yield Upstream(answers, streams, process)
