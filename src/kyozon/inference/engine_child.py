"""The parent's side of one engine: start it, hear where it listens, watch it, stop it."""

import asyncio
import os
import re
import sys
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import IO

import msgspec

from kyozon.inference import loopback
from kyozon.inference.engine_plan import EngineOptions
from kyozon.inference.engine_process import EngineSpec, Ready

_LARGEST_LOG = 5 << 20
_STOP_WITHIN = 5.0
_FIGURE = re.compile(rb"^llamacpp:requests_(?:processing|deferred) (\d+)", re.MULTILINE)
# Without these the engine's threads spin while they wait, and everything else on the machine stands still.
_PASSIVE = {"OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": "0"}
# An assertion of the engine would look for a debugger for seconds before it ends the process.
_QUICK_END = {"GGML_NO_BACKTRACE": "1"}


class EngineDiedError(Exception):
    """The child ended, or said that it cannot load the model; the message is the reason it gave."""


class EngineChild:
    """One running engine. Made by `start`; `alive` until it exits, is found hung, or is stopped."""

    def __init__(self, process: asyncio.subprocess.Process, address: str, options: EngineOptions) -> None:
        self._process = process
        self._patience = options.patience
        self._secret = options.secret
        self.address = address
        self._watch = asyncio.create_task(self._until_gone(), name=f"watch engine {process.pid}")

    @classmethod
    async def start(cls, spec: EngineSpec, log: Path, options: EngineOptions) -> "EngineChild":
        """Start a child and wait until it listens; raises `EngineDiedError`. When cancelled, no child is left."""
        process = await _spawn(log, options)
        try:
            async with asyncio.timeout(options.patience.start):
                address = await _hear(process, spec)
        except TimeoutError as error:
            await _end(process)
            raise EngineDiedError(f"it did not load within {options.patience.start:.0f} s") from error
        except BaseException:
            await _end(process)
            raise
        return cls(process, address, options)

    @property
    def alive(self) -> bool:
        """Whether the child runs."""
        return self._process.returncode is None and not self._watch.done()

    @property
    def pid(self) -> int:
        """The child's process number."""
        return self._process.pid

    async def busy(self) -> bool:
        """Whether it works on a request or has one waiting; one that does not answer counts as busy."""
        figures = await loopback.get(self.address, "/metrics", self._patience.probe_timeout, self._secret)
        return figures is None or any(int(count) for count in _FIGURE.findall(figures))

    async def stop(self) -> None:
        """End the child and wait for its end."""
        self._watch.cancel()
        with suppress(asyncio.CancelledError):
            await self._watch
        await _end(self._process)

    async def _until_gone(self) -> None:
        silent = 0
        while silent < self._patience.silent_probes:
            try:
                await asyncio.wait_for(self._process.wait(), self._patience.probe_every)
            except TimeoutError:
                answer = await loopback.get(self.address, "/health", self._patience.probe_timeout)
                silent = 0 if answer is not None else silent + 1
            else:
                return
        await _end(self._process)


def _open_log(log: Path) -> IO[bytes]:
    log.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if log.exists() and log.stat().st_size > _LARGEST_LOG:
        log.replace(log.with_suffix(".log.1"))
    return open(log, "ab", opener=partial(os.open, mode=0o600))


async def _spawn(log: Path, options: EngineOptions) -> asyncio.subprocess.Process:
    with _open_log(log) as output:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",
            "-m",
            "kyozon.inference.engine_process",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=output,
            env={**os.environ, **_QUICK_END, **({} if options.spin else _PASSIVE)},
            start_new_session=True,  # Ctrl-C in a terminal is for the parent, which ends its children in good order.
        )


async def _hear(process: asyncio.subprocess.Process, spec: EngineSpec) -> str:
    if process.stdin is None or process.stdout is None:
        raise EngineDiedError("it has no pipes")
    with suppress(ConnectionError):
        process.stdin.write(msgspec.json.encode(spec) + b"\n")
        await process.stdin.drain()
    line = await process.stdout.readline()
    if not line:
        raise EngineDiedError(f"it ended with status {await process.wait()}")
    ready = msgspec.json.decode(line, type=Ready)
    if ready.address is None:
        raise EngineDiedError(ready.error or "it gave no reason")
    return ready.address


async def _end(process: asyncio.subprocess.Process) -> None:
    """SIGTERM, then SIGKILL; returns when the process is gone."""
    if process.returncode is None:
        with suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), _STOP_WITHIN)
        except TimeoutError:
            with suppress(ProcessLookupError):
                process.kill()
    await process.wait()
    if process.stdin is not None:
        process.stdin.close()
