"""Reading files into text: done in a process of its own, since a file may break, hang or blow up whoever reads it."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from kyozon.domain.knowledge import Parsed

Report = Callable[[int, int], None]
"""Told how many pages have been read, and how many there are."""


class DocumentParser(Protocol):
    """Makes text and structure of a file, in bounded time and memory; nothing that the file refers to is fetched or run."""

    async def parse(self, path: Path, filename: str, report: Report | None = None) -> Parsed:
        """What stands in the file at `path`, which was called `filename` where it comes from; never without any words.

        What kind of file it is, its content says; the name only decides between kinds of plain text.

        Raises:
            UnsupportedFile: this kind of file is not read.
            InvalidFile: it is empty, broken, protected by a password, or takes more time or memory than a file may.
            MissingPiece: the package that reads such files is not installed.
        """
        ...
