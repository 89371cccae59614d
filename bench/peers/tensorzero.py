"""TensorZero's gateway, as its Python wheel starts it; observability and authentication need databases and are off."""

import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.gateway.processes import Launch, launched
from bench.gateway.servers import Place, Running, Server, running_of
from bench.gateway.traffic import ANSWER_MODEL, STREAM_MODEL, Target
from bench.peers.environments import python

_VERSION = "2026.6.0"
_PATIENCE = 60.0
_PATH = "/openai/v1/chat/completions"
_MODEL = """
[models."{name}"]
routing = ["mock"]

[models."{name}".providers.mock]
type = "openai"
model_name = "{name}"
api_base = "http://127.0.0.1:{port}/v1/"
"""
_SETTINGS = """
[gateway.observability]
enabled = false
"""
# The wheel's server chooses its port itself: the program tells it and waits.
_PROGRAM = """
import sys, time, tensorzero
gateway = tensorzero._start_http_gateway(
    config_file=sys.argv[1], clickhouse_url=None, postgres_url=None, valkey_url=None, async_setup=False)
print("\\nbench:", gateway.base_url, flush=True)
while True:
    time.sleep(3600)
"""


@contextmanager
def _run(place: Place) -> Iterator[Running]:
    interpreter = python(place.cache, f"tensorzero-{_VERSION}", [f"tensorzero=={_VERSION}"])
    upstream = place.upstream
    settings, log = place.scratch / "tensorzero.toml", place.scratch / "tensorzero.log"
    ports = {ANSWER_MODEL: upstream.answers, STREAM_MODEL: upstream.streams}
    models = "".join(_MODEL.format(name=name, port=at) for name, at in ports.items())
    settings.write_text(_SETTINGS + models, "utf-8")
    began = time.perf_counter()
    launch = Launch(
        [str(interpreter), "-c", _PROGRAM, str(settings)],
        log,
        place.cores.server,
        environ={**os.environ, "OPENAI_API_KEY": "mock"},
    )
    with launched(launch) as process:
        port = _port(log)
        answers = Target(port, f"tensorzero::model_name::{ANSWER_MODEL}", path=_PATH)
        streams = Target(port, f"tensorzero::model_name::{STREAM_MODEL}", path=_PATH, stream=True)
        yield running_of(process, answers, streams, began)


def _port(log: Path) -> int:
    """The port it has told; raises `RuntimeError` where it does not."""
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        told = re.search(r"^bench: http://[^:/]+:(\d+)\S*\n", log.read_text("utf-8", "replace"), re.MULTILINE)
        if told is not None:
            return int(told[1])
        time.sleep(0.01)
    raise RuntimeError(f"TensorZero did not start: {log.read_text('utf-8', 'replace')}")


peer = Server("tensorzero", "TensorZero", _VERSION, "typed requests and answers; no keys, no records", _run)
