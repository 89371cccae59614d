"""Where signed checkpoints go, away from the database: only against such a copy is a log seen to be cut, or made anew."""

import asyncio
import logging
import os
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

from kyozon.domain.audit import Note
from kyozon.domain.errors import KyozonError
from kyozon.governance.checkpoint import parse_notes

_log = logging.getLogger(__name__)
_PATTERN = "checkpoints-*.txt"
_RETRY_SECONDS = 10.0


class Outside(Protocol):
    """A place that checkpoints are sent to."""

    name: str

    async def send(self, note: str) -> None:
        """Have it keep a note; raises `OSError` or a `KyozonError`."""
        ...


class CheckpointFolder:
    """A folder, such as a share of another machine: a file for each month, to which notes are only ever appended."""

    def __init__(self, folder: Path, now: Callable[[], datetime]) -> None:
        self.name = str(folder)
        self._folder = folder
        self._now = now

    async def send(self, note: str) -> None:
        """Append, and wait until the disk has it."""
        await asyncio.to_thread(self._append, note)

    def _append(self, note: str) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / f"checkpoints-{self._now():%Y-%m}.txt").open("a", encoding="utf-8") as file:
            file.write(f"\n{note}")  # a line that a full disk has cut off before this one must not become part of it
            file.flush()
            os.fsync(file.fileno())


def read_notes(path: Path) -> Iterator[Note]:
    """The notes in a file, or in every file that checkpoints were appended to in a folder; raises `OSError`.

    What a full disk has cut off in the middle is no note, whatever bytes it ends with.
    """
    for file in sorted(path.glob(_PATTERN)) if path.is_dir() else [path]:
        yield from parse_notes(file.read_text("utf-8", "replace"))


class Dispatch:
    """Sends the newest checkpoint to every place, no oftener than each `pause` seconds, and again where that failed.

    A place that hangs holds up itself alone. It need not get every checkpoint: the next one commits to all before it.
    """

    def __init__(self, places: Sequence[Outside], pause: float) -> None:
        self._places = places
        self._pause = pause
        self._note = ""
        self._changed = asyncio.Event()

    def announce(self, note: str) -> None:
        """Take a new checkpoint."""
        self._note = note
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    async def run(self) -> None:
        """Send until cancelled."""
        await asyncio.gather(*map(self._serve, self._places))

    async def flush(self) -> None:
        """Send the newest to all, now: the process is about to end."""
        if self._note:
            await asyncio.gather(*(self._sent(place, self._note) for place in self._places))

    async def _serve(self, place: Outside) -> None:
        sent = ""
        while True:
            changed, note = self._changed, self._note
            if note == sent:
                await changed.wait()
            elif await self._sent(place, note):
                sent = note
                await asyncio.sleep(self._pause)
            else:
                await asyncio.sleep(max(self._pause, _RETRY_SECONDS))

    async def _sent(self, place: Outside, note: str) -> bool:
        try:
            await place.send(note)
        except (OSError, KyozonError) as error:
            _log.warning("the checkpoint was not sent to %s: %s", place.name, error)
            return False
        return True
