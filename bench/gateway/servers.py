"""What is measured: each server is started on the server's core, says how it is asked, and is ended with its block."""

import http.client
import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from msgspec import Struct

from bench.gateway.nginx import nginx, reverse_proxy, version
from bench.gateway.processes import Cores, Process, free_port, tree
from bench.gateway.traffic import ANSWER_MODEL, STREAM_MODEL, Target
from bench.gateway.upstream import Upstream

_LOOK_EVERY = 0.005
_PATIENCE = 180.0
_OK = 200


class Place(Struct, frozen=True):
    """Where servers run: the mock upstream they talk to, their cores, a folder of this run, one that outlasts it."""

    upstream: Upstream
    cores: Cores
    scratch: Path
    cache: Path


class Running(Struct, frozen=True):
    """A server that has answered. `database` are the processes whose work is told apart from the server's own."""

    answers: Target
    streams: Target
    processes: Callable[[], Sequence[int]]
    database: Callable[[], Sequence[int]]
    started_in: float


class Server(Struct, frozen=True):
    """One column of the comparison: its name in figures, its name for people, what it does with each request."""

    key: str
    name: str
    version: str
    does: str
    run: Callable[[Place], AbstractContextManager[Running]]


def direct() -> Server:
    """Nothing between: the limit, and the upstream's own processor time."""
    return Server("direct", "direct", "", "the mock upstream itself", _direct)


def reverse() -> Server:
    """What a byte pump costs."""
    return Server("nginx", "nginx", version(), "passes bytes on", _nginx)


def nothing() -> Sequence[int]:
    """No processes."""
    return ()


def running_of(process: Process, answers: Target, streams: Target, began: float) -> Running:
    """A server whose work is all in one process tree, once it has answered."""
    return Running(answers, streams, lambda: tree(process.pid), nothing, first_answer(answers, process, began))


def first_answer(target: Target, process: Process, began: float) -> float:
    """Seconds since `began` (on `time.perf_counter`) until the first 200.

    Raises:
        RuntimeError: the process has ended, or three minutes have gone by.
    """
    trouble: object = None
    while process.poll() is None and time.perf_counter() < began + _PATIENCE:
        try:
            status, body = _ask(target)
        except OSError as error:
            trouble = error
            time.sleep(_LOOK_EVERY)
            continue
        if status == _OK:
            if "Dejima" not in json.dumps(body):
                raise RuntimeError(f"the answer is not the upstream's: {body}")
            return time.perf_counter() - began
        trouble = (status, body)
        time.sleep(_LOOK_EVERY)
    raise RuntimeError(f"no answer from port {target.port}: {trouble}")


@contextmanager
def _direct(place: Place) -> Iterator[Running]:
    answers = Target(place.upstream.answers, ANSWER_MODEL)
    streams = Target(place.upstream.streams, STREAM_MODEL, stream=True)
    yield running_of(place.upstream.process, answers, streams, time.perf_counter())


@contextmanager
def _nginx(place: Place) -> Iterator[Running]:
    answers, streams = free_port(), free_port()
    content = reverse_proxy(answers, place.upstream.answers, "answers", buffered=True)
    content += reverse_proxy(streams, place.upstream.streams, "streams", buffered=False)
    began = time.perf_counter()
    with nginx(place.scratch / "nginx", content, place.cores.server) as process:
        yield running_of(process, Target(answers, ANSWER_MODEL), Target(streams, STREAM_MODEL, stream=True), began)


def _ask(target: Target) -> tuple[int, object]:
    connection = http.client.HTTPConnection("127.0.0.1", target.port, timeout=_PATIENCE)
    try:
        connection.request("POST", target.path, target.body, target.all_headers)
        response = connection.getresponse()
        text = response.read().decode("utf-8", "replace")
    except http.client.HTTPException as error:
        raise OSError(f"{type(error).__name__}: {error}") from error
    finally:
        connection.close()
    try:
        return response.status, json.loads(text)
    except ValueError:
        return response.status, text
