"""Kyozon with everything on: a real key, a label in a header, decision and ledger in the embedded PostgreSQL."""

import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from msgspec import Struct

from bench.gateway.processes import Launch, Process, free_port, launched, move, tree
from bench.gateway.servers import Place, Running, Server, first_answer
from bench.gateway.traffic import ANSWER_MODEL, STREAM_MODEL, Target

SETTINGS = """
[local]
enabled = false

[providers.openai]
base_url = "http://127.0.0.1:{answers}/v1"
models = ["{answer_model}"]

[providers.streams]
vendor = "openai"
base_url = "http://127.0.0.1:{streams}/v1"
models = ["{stream_model}"]
"""
_PATIENCE = 60.0


class Variant(Struct, frozen=True):
    """One way to run it: with `settings` of its own, and with the part `exchanged` that the benchmark puts another for."""

    key: str
    name: str
    does: str
    exchanged: str = ""
    settings: str = ""

    @property
    def words(self) -> tuple[str, ...]:
        """What stands between `python -m` and `up`."""
        return ("bench.gateway.exchanged", self.exchanged) if self.exchanged else ("kyozon",)


_ALL = "key, label, permit, routing, reservation; decision and ledger on disk, metrics"
LEAN = Variant("kyozon", "Kyozon", f"{_ALL}; its own client for plain HTTP")
POOLED = Variant("kyozon_pooled", "Kyozon, pooled client", f"{_ALL}; aiohttp, as for HTTPS", "pooled")
RELAXED = Variant(
    "kyozon_relaxed",
    "Kyozon, relaxed",
    f"{_ALL}; commits do not wait for the disk",
    settings='[database]\ndurability = "relaxed"\n',
)
LADDER = (
    Variant("ladder_asgi", "uvicorn, raw ASGI, answer from memory", "", "asgi"),
    Variant("ladder_client", "+ client", "", "client"),
    Variant("ladder_authentication", "+ key, body read and checked", "", "authentication"),
    Variant("ladder_decision", "+ label, permit, route, reserve", "", "decision"),
    Variant("ladder_service", "+ adapter, price, settlement, metrics", "", "service"),
    Variant("ladder_unwritten", "+ routes, headers, log, caller who may leave", "", "unwritten"),
    Variant("ladder_whole", "+ journal on disk: all of Kyozon", ""),
)


class _Folder:
    """An installation of its own under the run's scratch folder."""

    def __init__(self, place: Place, variant: Variant) -> None:
        self._variant = variant
        self._folder = place.scratch / variant.key
        self._folder.mkdir()
        upstream = place.upstream
        text = SETTINGS.format(
            answers=upstream.answers, streams=upstream.streams, answer_model=ANSWER_MODEL, stream_model=STREAM_MODEL
        )
        (self._folder / "kyozon.toml").write_text(text + variant.settings, "utf-8")
        self._environ = {name: value for name, value in os.environ.items() if not name.startswith("KYOZON_")}
        self._environ |= {"KYOZON_DATA_DIR": str(self._folder / "data"), "OPENAI_API_KEY": "mock"}

    def launch(self, place: Place, port: int) -> Launch:
        """`kyozon up`."""
        command = [sys.executable, "-m", *self._variant.words, "up", "--port", str(port), "--json"]
        root = str(Path(__file__).resolve().parents[2])  # where `-m` finds the benchmark's own modules
        paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
        environ = {**self._environ, "PYTHONPATH": os.pathsep.join(paths)}
        return Launch(command, self.log, place.cores.server, self._folder, environ)

    @property
    def log(self) -> Path:
        """What `kyozon up` says."""
        return self._folder / "up.log"

    def key(self, process: Process) -> str:
        """The key that the first start shows, once it serves; raises `RuntimeError`."""
        until = time.monotonic() + _PATIENCE
        while process.poll() is None and time.monotonic() < until:
            for line in self.log.read_text("utf-8").splitlines():
                if '"key"' in line:
                    return str(json.loads(line)["key"])
            time.sleep(0.05)
        raise RuntimeError(f"kyozon up did not serve: {self.log.read_text('utf-8')}")

    def postmaster(self) -> int:
        """The embedded server's first process."""
        return int((self._folder / "data" / "postgres" / "cluster" / "postmaster.pid").read_text().split()[0])


def server(variant: Variant = LEAN) -> Server:
    """Kyozon as `kyozon up` runs it, or a variant of it."""

    @contextmanager
    def run(place: Place) -> Iterator[Running]:
        folder, port = _Folder(place, variant), free_port()
        with launched(folder.launch(place, port)) as process:
            key = folder.key(process)  # The first start makes the database; a later one is what is timed.
        began = time.perf_counter()
        with launched(folder.launch(place, port)) as process:
            headers = {"authorization": f"Bearer {key}", "x-kyozon-label": "internal"}
            answers = Target(port, ANSWER_MODEL, headers)
            started_in = first_answer(answers, process, began)
            postmaster = folder.postmaster()
            move(tree(postmaster), place.cores.rest)  # The server's core is the gateway's alone.

            def own() -> Sequence[int]:
                return tree(process.pid, without=postmaster)

            def database() -> Sequence[int]:
                return tree(postmaster)

            streams = Target(port, STREAM_MODEL, headers, stream=True)
            yield Running(answers, streams, own, database, started_in)

    return Server(variant.key, variant.name, version("kyozon"), variant.does, run)
