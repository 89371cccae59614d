"""Has each file read in a process of its own, which is ended when it takes too long or nobody waits for it any more."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from pathlib import Path
from typing import Any

import msgspec

from kyozon.domain.errors import InvalidFile, KyozonError, MissingPiece, UnsupportedFile
from kyozon.domain.knowledge import Parsed
from kyozon.domain.language import Text
from kyozon.parsing import refusals
from kyozon.parsing.messages import HEAD_BYTES, Reached, Read, Refused, Reply, Task, framed
from kyozon.ports.knowledge_parsing import Report

_GRACE = 1.0
_LARGEST_REPLY = 1 << 30
_PASSED_ON = ("PATH", "LANG", "LC_ALL", "PYTHONPATH", "LD_LIBRARY_PATH", "VIRTUAL_ENV")
# By itself glibc keeps more and more blocks of up to 32 MiB, and OCR of small print, each line of another length, leaves
# holes of a gigabyte between them.
_MALLOC = {"MALLOC_MMAP_THRESHOLD_": "1048576", "MALLOC_TRIM_THRESHOLD_": "1048576"}
_ERRORS: dict[str, type[KyozonError]] = {kind.code: kind for kind in (InvalidFile, UnsupportedFile, MissingPiece)}
_replies: msgspec.msgpack.Decoder[Any] = msgspec.msgpack.Decoder(Reply)


class IsolatedParser:
    """A `DocumentParser`. Nothing of the environment's secrets, and no network, reaches the process that reads.

    Args:
        seconds: of the clock, and of a processor, that one file may take.
        memory_mib: of addresses that its process may take.
    """

    def __init__(self, seconds: float, memory_mib: int) -> None:
        self._seconds = seconds
        self._memory = memory_mib

    async def parse(self, path: Path, filename: str, report: Report | None = None) -> Parsed:
        """As the port says."""
        process = await _started()
        try:
            async with asyncio.timeout(self._seconds):
                reply = await _told(process, Task(str(path), filename, self._seconds, self._memory), report)
        except TimeoutError as late:
            raise refusals.too_slow(self._seconds) from late
        except (OSError, asyncio.IncompleteReadError, msgspec.MsgspecError) as gone:
            raise await self._ended(process) from gone
        finally:
            await _over(process)
        if isinstance(reply, Refused):
            raise _ERRORS.get(reply.code, InvalidFile)(Text(reply.en, reply.ja))
        return reply.parsed

    async def _ended(self, process: Process) -> KyozonError:
        """Why it died: of its time, of its memory, or of the file."""
        killed_by = -await process.wait()
        return refusals.too_slow(self._seconds) if killed_by == signal.SIGXCPU else refusals.too_much(self._memory)


async def _started() -> Process:
    environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "kyozon.parsing.child"),
        stdin=PIPE,
        stdout=PIPE,
        stderr=DEVNULL,
        env=environment | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"} | _MALLOC,
    )


async def _over(process: Process) -> None:
    """It leaves when its input ends; only what is stuck is killed, since killing what has just left confuses asyncio."""
    assert process.stdin is not None  # noqa: S101 - a pipe was asked for
    process.stdin.close()
    try:
        async with asyncio.timeout(_GRACE):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


async def _told(process: Process, task: Task, report: Report | None) -> Read | Refused:
    assert process.stdin is not None and process.stdout is not None  # noqa: S101, PT018 - pipes were asked for
    process.stdin.write(framed(task))
    await process.stdin.drain()
    while True:
        size = int.from_bytes(await process.stdout.readexactly(HEAD_BYTES), "big")
        if size > _LARGEST_REPLY:
            raise OSError("a reply longer than any that is meant")
        reply: Reply = _replies.decode(await process.stdout.readexactly(size))
        if not isinstance(reply, Reached):
            return reply
        if report is not None:
            report(reply.done, reply.total)
