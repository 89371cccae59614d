"""`kyozon up` in a process of its own on a data directory of its own, watched from outside."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from msgspec import Struct

from bench.client import Answer, ask, await_ready

_PATIENCE = 120


class Phase(Struct, frozen=True):
    """A part of a start: from when to when, in seconds since the process was launched. Phases may overlap."""

    name: str
    begin: float
    end: float

    @property
    def seconds(self) -> float:
        """How long it took."""
        return self.end - self.begin


class Start(Struct, frozen=True):
    """One start; all times in seconds since the process was launched, `stop` since it was told to stop."""

    phases: tuple[Phase, ...]
    ready: float
    first_token: float
    end: float
    stop: float

    def seconds(self, phase: str) -> float:
        """How long a phase took; 0 where this start had none of that name."""
        return sum(found.seconds for found in self.phases if found.name == phase)


class Installation:
    """A data directory; its first start makes what is missing and leaves the key that later ones are asked with."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self.address = ""
        self.key = ""
        self.environ = {name: value for name, value in os.environ.items() if not name.startswith("KYOZON_")}
        self.environ |= {"KYOZON_DATA_DIR": str(folder / "data"), "KYOZON_LANG": "en"}

    @property
    def data(self) -> Path:
        """The data directory."""
        return self.folder / "data"

    @contextmanager
    def running(self, environ: Mapping[str, str] | None = None) -> Iterator["Running"]:
        """A server that has said where it listens; it is stopped when the block ends."""
        launched = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-m", "kyozon", "up", "--port", "0", "--json"],
            cwd=self.folder,
            env={**self.environ, **(environ or {})},
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            yield Running(self, process, launched).heard()
        finally:
            _end(process)

    def command(self, *words: str) -> float:
        """Run `kyozon WORDS`; the seconds it took."""
        return timed([sys.executable, "-m", "kyozon", *words], self.environ)


class Running:
    """A server process and what it has told of its start."""

    def __init__(self, installation: Installation, process: subprocess.Popen[str], launched: float) -> None:
        self.process = process
        self._installation = installation
        self._launched = launched
        self._phases: list[Phase] = []

    def heard(self) -> Self:
        """Listen to what the server says until it tells its address; raises `RuntimeError` where it ends first."""
        for line in self.process.stdout or ():
            now, told = self._since(time.perf_counter()), json.loads(line)
            if "step" in told:
                self._phases.append(Phase(told["step"], now - told["seconds"], now))
            elif "address" in told:
                self._installation.address = told["address"]
                self._installation.key = told["key"] or self._installation.key
                loaded = min(phase.begin for phase in self._phases)
                self._phases.insert(0, Phase("program", 0.0, loaded))
                return self
        raise RuntimeError("kyozon up ended before it served")

    def answered(self, tokens: int) -> Start:
        """Wait until it is ready and have one answer: a whole start, but for `stop`."""
        address = self._installation.address
        ready = await_ready(address)
        answer: Answer = ask(address, self._installation.key, tokens)
        return Start(tuple(self._phases), self._since(ready), self._since(answer.first_token), self._since(answer.end), 0.0)

    def stopped(self) -> float:
        """Tell it to stop; the seconds until it has."""
        began = time.perf_counter()
        _end(self.process)
        return time.perf_counter() - began

    def _since(self, moment: float) -> float:
        return moment - self._launched


def timed(command: list[str], environ: Mapping[str, str] | None = None) -> float:
    """Run a command to its end; the seconds it took. Raises `CalledProcessError`."""
    began = time.perf_counter()
    subprocess.run(command, env=environ, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def _end(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    if process.stdout is not None:
        process.stdout.close()
