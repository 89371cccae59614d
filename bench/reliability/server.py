"""Kyozon as its user has it, `kyozon up` on a folder of its own: started, killed, replaced and drained."""

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import aiohttp

from bench.reliability.journals import Life
from bench.reliability.parties import Key
from kyozon.storage.embedded import EmbeddedPostgres

_PATIENCE = 90.0


class Server:
    """The installation in `folder`, at one port for all its lives. `status` is how the last one ended."""

    def __init__(self, folder: Path, port: int, settings: str) -> None:
        folder.mkdir()
        (folder / "kyozon.toml").write_text(settings, "utf-8")
        self.folder = folder
        self.status = 0
        self.address = f"http://127.0.0.1:{port}"
        self.lives: list[Life] = []
        self._command = [sys.executable, "-m", "kyozon"]
        self._port = port
        self._process: asyncio.subprocess.Process | None = None
        self._launched: dict[int, float] = {}
        self._environ = {name: value for name, value in os.environ.items() if not name.startswith("KYOZON_")}
        self._environ |= {"KYOZON_DATA_DIR": str(self.data), "KYOZON_CONFIG": str(folder / "kyozon.toml")}

    @property
    def data(self) -> Path:
        """The data directory."""
        return self.folder / "state"

    @property
    def process(self) -> int:
        """The number of the process that serves."""
        return self._running.pid

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self._running.returncode is None

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """It serves as long as the block runs; afterwards neither it nor its database does."""
        try:
            await self.start()
            yield
        finally:
            if self._process is not None and self.alive:
                self.status = await self.drain()
            await asyncio.to_thread(_stop_database, self.data)

    async def start(self, *options: str) -> int:
        """Launch it and wait until it serves; how many requests it found cut off. Raises `RuntimeError`."""
        launched = time.time()
        with (self.folder / "kyozon.log").open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *self._command,
                *("up", "--json", "--port", str(self._port), *options),
                env=self._environ,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
            )
        self._launched[process.pid] = launched
        try:
            async with asyncio.timeout(_PATIENCE):
                recovered = await _recovered(process)
        except BaseException:
            process.kill()
            raise
        self._process = process
        return recovered

    async def kill(self) -> None:
        """End it as a power cut would."""
        await self._end(self._running, signal.SIGKILL)

    async def drain(self) -> int:
        """Tell it to finish what it has begun; its exit status."""
        return await self._end(self._running, signal.SIGTERM)

    async def replace(self) -> int:
        """Have a successor take over; the exit status of the one before."""
        before = self._running
        await self.start("--replace")
        return await self._end(before, None)

    async def kill_database(self) -> None:
        """End the database server as a power cut would, and wait until another stands in its place and is ready."""
        before = self._postmaster()
        self.kill_database_at_once()
        async with asyncio.timeout(_PATIENCE):
            while True:
                await asyncio.sleep(0.1)
                with suppress(OSError, ValueError, IndexError):
                    if self._postmaster() != before:
                        break

    def kill_database_at_once(self) -> None:
        """End the database server; whoever starts next finds it gone."""
        with suppress(ProcessLookupError):  # it may be down already, from the last time
            os.kill(self._postmaster(), signal.SIGKILL)

    async def ready(self) -> None:
        """Wait until `/health/ready` says yes."""
        async with asyncio.timeout(_PATIENCE), aiohttp.ClientSession(self.address) as session:
            while True:
                with suppress(aiohttp.ClientError):
                    async with session.get("/health/ready") as response:
                        if response.ok:
                            return
                await asyncio.sleep(0.05)

    async def key(self, name: str, key: Key) -> tuple[str, str]:
        """Make a key; its id and its secret."""
        ceilings = key.ceilings
        given: Mapping[str, object] = {
            "--tenant": key.tenant,
            "--user": key.user,
            "--requests-per-minute": ceilings.requests,
            "--tokens-per-minute": ceilings.tokens,
            "--money-per-month": None if ceilings.money is None else f"{ceilings.money:f}",
            "--concurrent-requests": key.at_once,
        }
        words = [word for option, value in given.items() if value is not None for word in (option, str(value))]
        command = [*self._command, "keys", "create", "--json", "--name", name, "--label", "internal", *words]
        process = await asyncio.create_subprocess_exec(*command, env=self._environ, stdout=asyncio.subprocess.PIPE)
        said, _ = await process.communicate()
        if process.returncode:
            raise RuntimeError(f"no key {name}: {said.decode()}")
        found = json.loads(said)
        return found["id"], found["key"]

    @property
    def _running(self) -> asyncio.subprocess.Process:
        if self._process is None:
            raise RuntimeError("Kyozon has not been started")
        return self._process

    def _postmaster(self) -> int:
        return int((self.data / "postgres" / "cluster" / "postmaster.pid").read_text().split()[0])

    async def _end(self, process: asyncio.subprocess.Process, how: signal.Signals | None) -> int:
        if how is not None:
            with suppress(ProcessLookupError):
                process.send_signal(how)
        async with asyncio.timeout(_PATIENCE):
            status = await process.wait()
        self.lives.append(Life(self._launched[process.pid], time.time()))
        return status


async def _recovered(process: asyncio.subprocess.Process) -> int:
    """Listen to what it says until it tells its address, and how many requests it found cut off."""
    while process.stdout is not None and (line := await process.stdout.readline()):
        told = json.loads(line)
        if "address" in told:
            return int(told["recovered"])
    raise RuntimeError("kyozon up ended before it served")


def _stop_database(folder: Path) -> None:
    """End a database server that a killed process has left."""
    server = EmbeddedPostgres(folder / "postgres")
    if server.running():
        server.start()
        server.stop()
