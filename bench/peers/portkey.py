"""Portkey's open gateway: the caller's headers name the upstream; it has neither keys of its own nor a ledger."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from bench.gateway.processes import Launch, free_port, launched, program
from bench.gateway.servers import Place, Running, Server, running_of
from bench.gateway.traffic import ANSWER_MODEL, STREAM_MODEL, Target
from bench.peers.environments import node

_VERSION = "1.15.2"


@contextmanager
def _run(place: Place) -> Iterator[Running]:
    modules = node(place.cache, f"portkey-{_VERSION}", f"@portkey-ai/gateway@{_VERSION}")
    entry = modules / "@portkey-ai" / "gateway" / "build" / "start-server.js"
    upstream, port = place.upstream, free_port()
    command = [program("node", "apt-get install nodejs"), str(entry), f"--port={port}", "--headless"]
    began = time.perf_counter()
    with launched(Launch(command, place.scratch / "portkey.log", place.cores.server, place.scratch)) as process:
        answers = Target(port, ANSWER_MODEL, _headers(upstream.answers))
        streams = Target(port, STREAM_MODEL, _headers(upstream.streams), stream=True)
        yield running_of(process, answers, streams, began)


def _headers(port: int) -> dict[str, str]:
    return {
        "x-portkey-provider": "openai",
        "x-portkey-custom-host": f"http://127.0.0.1:{port}/v1",
        "authorization": "Bearer mock",
    }


peer = Server("portkey", "Portkey", _VERSION, "passes the caller's key on; no keys, no metering", _run)
