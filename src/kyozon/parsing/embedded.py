"""The pictures in a file of Office: which of them stand in what part, and what is written on them.

Scanned pages that were pasted into Word, and screenshots on slides, are often all there is of a text. Which picture belongs
to which slide or sheet, the links from part to part say. Nothing outside of the archive is looked at.
"""

import zipfile
from collections.abc import Iterator, Sequence

from kyozon.domain.errors import MissingPiece
from kyozon.parsing.allowance import MOST_PICTURES, Allowance
from kyozon.parsing.lines import Line
from kyozon.parsing.office_parts import Parts
from kyozon.parsing.scans import lines_in, picture_in
from kyozon.ports.knowledge_parsing import Report

_SMALLEST = 100  # picture elements of the longer side: smaller ones are icons


class Pictures:
    """The pictures of one archive. Each is read where it stands first; a logo does not come with every slide."""

    def __init__(self, archive: zipfile.ZipFile, parts: Parts, report: Report) -> None:
        self._archive = archive
        self._parts = parts
        self._report = report
        self._count = sum("/media/" in name for name in archive.namelist())
        self._met: set[tuple[int, int]] = set()
        self._allowance = Allowance(MOST_PICTURES)

    def lines(self, part: str) -> Sequence[Line]:
        """What is written on the picture in `part`; nothing where it is none, small, too large, damaged, or met before.

        Raises:
            MissingPiece: what reads pictures is not installed.
        """
        try:
            info = self._archive.getinfo(part)
            content = (info.CRC, info.file_size)
            if content in self._met or not self._allowance.left():
                return ()
            with self._allowance.spending(), self._archive.open(info) as file, picture_in(file) as picture:
                if max(picture.size) < _SMALLEST:
                    return ()
                self._met.add(content)
                self._allowance.count()
                lines = lines_in(picture)
            self._report(len(self._met), max(self._count, len(self._met)))
        except MissingPiece:
            raise
        except Exception:  # noqa: BLE001 - what is damaged, and what lack of memory raises, has no common name
            return ()  # Office shows the rest of such a file as well.
        return lines

    def on_page(self, part: str) -> Iterator[str]:
        """The parts that hold the pictures of a slide or a sheet."""
        for _, (role, one) in self._parts.links(part):
            if role == "image":
                yield one
            elif role == "drawing":
                yield from self._parts.linked(one, "image")

    def of_document(self) -> list[str]:
        """The parts that hold the pictures of a Word document's body, in the order of their links."""
        return self._parts.linked("word/document.xml", "image")
