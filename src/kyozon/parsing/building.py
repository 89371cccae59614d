"""Puts a document's text together, and notes where its pages, headings and tables begin."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence

from kyozon.domain.knowledge import Heading, Parsed
from kyozon.parsing import refusals
from kyozon.parsing.characters import cleaned
from kyozon.parsing.lines import Line

LONGEST = 20_000_000
"""So many characters a document has at most: about ten thousand pages."""

_BLANK = re.compile(r"\s+")
_LONGEST_TITLE = 200


class Building:
    """Text that grows at its end. Whatever is added is cleaned first; blocks are parted by a blank line."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._length = 0
        self._pages: list[int] = []
        self._headings: list[Heading] = []
        self._tables: list[tuple[int, int]] = []
        self._may_go_on = False  # the last table: it has left words
        self._scanned: list[tuple[int, int]] = []

    def page(self) -> None:
        """A page begins here."""
        self._pages.append(self._length)

    def heading(self, words: str, level: int) -> None:
        """A heading; level 1 is the highest."""
        if title := on_one_line(words):
            self._headings.append(Heading(self._length, level, title[:_LONGEST_TITLE]))
            self._add(title + "\n\n")

    def block(self, words: str, gap: str = "\n\n") -> int:
        """A paragraph, a list, a whole page; the offset at which it begins."""
        start = self._length
        if text := cleaned(words).strip("\n"):
            self._add(text + gap)
        return start

    def lines(self, lines: Iterable[Line]) -> list[tuple[int, Line]]:
        """The lines of a page, or of a part of it; those by themselves, with the offset at which each begins."""
        added: list[tuple[int, Line]] = []
        for line in lines:
            if line.scan:
                if added:
                    self.gap()
                self.scan(line.scan)
            elif line.rows:
                self.table(line.rows, continues=line.continues)
            else:
                added.append((self.block(line.words, "\n"), line))
        return added

    def scan(self, lines: Iterable[Line]) -> None:
        """Lines that were read by OCR."""
        start = self._length
        self.lines(lines)
        if self._length > start:
            self.gap()
            self._scanned.append((start, self._length))

    def gap(self) -> None:
        """A blank line, after blocks that have none between them."""
        self._add("\n")

    def table(self, rows: Iterable[Sequence[str]], *, continues: bool = False) -> None:
        """Rows, the first of them the header; empty ones are left out. Cells are parted by ` | `.

        What `continues` the last table has its header, unless there was no word in that: nothing but blanks and the
        beginning of a page may stand between.
        """
        start = self._length
        goes_on = continues and self._may_go_on
        for row in rows:
            if line := " | ".join(on_one_line(cell) for cell in row).rstrip(" |"):
                self._add(line + "\n")
        if self._length > start:
            begun = self._tables.pop()[0] if goes_on else start
            self._tables.append((begun, self._length))
            self._add("\n")
        self._may_go_on = goes_on or self._length > start

    def mark(self, headings: Iterable[Heading], tables: Iterable[tuple[int, int]] = ()) -> None:
        """Headings and tables whose words have been added as part of a block; offsets are those of the whole text."""
        self._headings += headings
        self._tables += tables

    @property
    def text(self) -> str:
        """What has been added so far."""
        return "".join(self._parts)

    def parsed(self, title: str = "") -> Parsed:
        """The document. What looks like a heading in a cell of a table is none.

        Raises:
            InvalidFile: there are no words in it.
        """
        text = self.text
        if not text.strip():
            raise refusals.empty()
        tables = sorted(self._tables)
        ordered = sorted(self._headings, key=lambda heading: heading.start)
        headings = tuple(heading for heading in ordered if not _is_within(tables, heading.start))
        title = on_one_line(title)[:_LONGEST_TITLE]
        return Parsed(text, title, tuple(self._pages), headings, tuple(self._tables), tuple(self._scanned))

    def _add(self, text: str) -> None:
        self._parts.append(text)
        self._length += len(text)
        if self._length > LONGEST:
            raise refusals.too_long(LONGEST)


def _is_within(spans: Sequence[tuple[int, int]], at: int) -> bool:
    before = bisect_right(spans, at, key=lambda span: span[0]) - 1
    return before >= 0 and at < spans[before][1]


def on_one_line(words: str) -> str:
    """Cleaned, and every run of whitespace one space."""
    return _BLANK.sub(" ", cleaned(words)).strip()
