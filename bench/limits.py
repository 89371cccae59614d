"""What the parts of a start take without Kyozon: the same PostgreSQL, the same engine and weights, Python itself."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from msgspec import Struct

from bench.client import ask
from bench.installation import timed
from kyozon.inference.catalogue import machine_memory
from kyozon.inference.default_model import DEFAULT_MODEL
from kyozon.inference.engine_plan import EngineOptions, Machine, cores, plan
from kyozon.inference.gguf_header import read_header
from kyozon.inference.store import FileModelStore
from kyozon.storage.programs import Programs

_SETTINGS = "-c listen_addresses='' -c unix_socket_directories=. -c shared_buffers=64MB"
_PASSIVE = {"OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": "0"}


class Engine(Struct, frozen=True):
    """Seconds from launching the process to its address and to the first token of an answer."""

    listening: float
    first_token: float


class BarePostgres:
    """A cluster of its own beside Kyozon's, made and started by the same programs."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._programs = Programs(folder)
        self._programs.admit()

    def initdb(self) -> float:
        """Make the cluster."""
        return self._timed("initdb", "-D", "cluster", "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C")

    def start(self) -> float:
        """Start the server until it takes connections, and stop it again; the seconds of the start."""
        seconds = self._timed("pg_ctl", "-D", "cluster", "-l", "postgres.log", "-o", _SETTINGS, "-w", "start")
        self._timed("pg_ctl", "-D", "cluster", "-m", "fast", "-w", "stop")
        return seconds

    def _timed(self, program: str, *arguments: str) -> float:
        began = time.perf_counter()
        trouble = self._programs.run(program, *arguments)
        if trouble is not None:
            raise RuntimeError(f"{program}: {trouble}")
        return time.perf_counter() - began


def engine(data: Path) -> Engine:
    """Load the model of an installation and have the first token of the same question."""
    launched = time.perf_counter()
    with _engine_process(_spec(data)) as process:
        address = next(line.strip() for line in process.stdout or () if line.startswith("http://"))
        listening = time.perf_counter() - launched
        return Engine(listening, ask(address, "", 1).first_token - launched)


def python() -> float:
    """Start the interpreter and end it."""
    return timed([sys.executable, "-c", "pass"])


@contextmanager
def _engine_process(spec: str) -> Iterator[subprocess.Popen[str]]:
    with tempfile.TemporaryFile() as log:
        command = [sys.executable, "-m", "bench.bare_engine", spec]
        environ = {**os.environ, **_PASSIVE}
        process = subprocess.Popen(
            command, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
        )
        try:
            yield process
        finally:
            process.kill()
            process.communicate()


def _spec(data: Path) -> str:
    model = FileModelStore(data / "models").get(DEFAULT_MODEL)
    if model is None:
        raise RuntimeError("start Kyozon once before the bare engine")
    size = read_header(model.folder / model.files[0]).cache_bytes_per_token
    return msgspec.json.encode(plan(model, size, EngineOptions(data), Machine(cores(), machine_memory()))).decode()
