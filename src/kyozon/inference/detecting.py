"""Detection in child processes: started when first needed, ended when one takes too long, begun anew."""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence
from typing import Any, TypeVar

import msgspec

from kyozon.domain.masking import Span
from kyozon.governance.masking.residue import DETECTOR
from kyozon.inference.detection_messages import (
    HEAD_BYTES,
    FindRequest,
    Found,
    Leftovers,
    LeftoversRequest,
    Question,
    Reply,
    framed,
)
from kyozon.inference.second_look import LITERALS, RULES
from kyozon.ports.detection import DetectionFailed

T = TypeVar("T", Found, Leftovers)
_LARGEST_REPLY = 64 << 20
_replies: msgspec.msgpack.Decoder[Any] = msgspec.msgpack.Decoder(Reply)


class DetectionProcesses:
    """A `Detection` over so many `processes`; a question waits for one that is idle, and that counts as its time, too.

    Args:
        processes: how many questions are worked on at once.
        seconds: after so long a question has failed, and its process is ended.
    """

    checks = (DETECTOR, RULES, LITERALS)

    def __init__(self, processes: int, seconds: float) -> None:
        self._seconds = seconds
        self._idle: asyncio.LifoQueue[_Child] = asyncio.LifoQueue()
        self._children = [_Child() for _ in range(processes)]
        for child in self._children:
            self._idle.put_nowait(child)
        self._running: set[asyncio.Task[Reply]] = set()

    async def start(self) -> None:
        """Start one process now, so that the first question does not wait for it."""
        await self.find([""])

    async def find(self, texts: Sequence[str]) -> list[tuple[Span, ...]]:
        """As the port says."""
        return (await self._ask(FindRequest(list(texts)), Found)).spans

    async def leftovers(self, texts: Sequence[str], removed: Sequence[str]) -> list[str]:
        """As the port says."""
        return (await self._ask(LeftoversRequest(list(texts), list(removed)), Leftovers)).failed

    async def close(self) -> None:
        """End the processes."""
        await asyncio.gather(*(child.end() for child in self._children))

    async def _ask(self, question: Question, kind: type[T]) -> T:
        """Who leaves meanwhile does not stop the process, which would have to be started again for the next."""
        task = asyncio.create_task(self._exchange(question))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        task.add_done_callback(lambda done: done.cancelled() or done.exception())
        reply = await asyncio.shield(task)
        if not isinstance(reply, kind):
            raise DetectionFailed("confused")
        return reply

    async def _exchange(self, question: Question) -> Reply:
        child: _Child | None = None
        try:
            async with asyncio.timeout(self._seconds):
                child = await self._idle.get()
                return await child.ask(question)
        except TimeoutError as late:
            if child is not None:
                await child.end()
            raise DetectionFailed("timed out") from late
        except (OSError, asyncio.IncompleteReadError, msgspec.MsgspecError) as broken:
            if child is not None:
                await child.end()
            raise DetectionFailed("broke") from broken
        finally:
            if child is not None:
                self._idle.put_nowait(child)


class _Child:
    def __init__(self) -> None:
        self._process: Process | None = None

    async def ask(self, question: Question) -> Reply:
        process = self._process = self._process or await self._started()
        assert process.stdin is not None and process.stdout is not None  # noqa: S101, PT018 - pipes were asked for
        process.stdin.write(framed(question))
        await process.stdin.drain()
        size = int.from_bytes(await process.stdout.readexactly(HEAD_BYTES), "big")
        if size > _LARGEST_REPLY:
            raise OSError("a reply longer than any that is meant")
        reply: Reply = _replies.decode(await process.stdout.readexactly(size))
        return reply

    async def end(self) -> None:
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            process.kill()
            await process.wait()

    async def _started(self) -> Process:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "kyozon.inference.detection_child",
            stdin=PIPE,
            stdout=PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
