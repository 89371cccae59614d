"""The mock upstream: nginx answers whole answers from memory, a small event loop answers streams. Both on the load's cores."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct

from bench.gateway.nginx import nginx
from bench.gateway.processes import Launch, free_port, launched
from bench.gateway.traffic import answer


class Upstream(Struct, frozen=True):
    """The ports of the mock and the process that gives whole answers."""

    answers: int
    streams: int
    process: int


@contextmanager
def mock(scratch: Path, cores: frozenset[int]) -> Iterator[Upstream]:
    """The mock upstream, as long as the block runs."""
    answers, streams = free_port(), free_port()
    quoted = answer().decode().replace("'", "\\'")
    server = f"listen 127.0.0.1:{answers} backlog=1024; default_type application/json; location / {{ return 200 '{quoted}'; }}"
    command = [sys.executable, "-m", "bench.gateway.streams", str(streams)]
    with (
        nginx(scratch / "mock", f"server {{ {server} }}", cores) as process,
        launched(Launch(command, scratch / "streams.log", cores)),
    ):
        yield Upstream(answers, streams, process)
