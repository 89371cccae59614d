"""What PDFium tells of the characters of a page: which they are, and where."""

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

from kyozon.parsing.columns import Box
from kyozon.parsing.lines import Line
from kyozon.parsing.pdf_objects import Rect

if TYPE_CHECKING:
    from pypdfium2 import PdfTextPage

Span = tuple[int, int]
"""From which character of a page up to which."""

_LINE_ENDS = (10, 13)
_TALL = 1.5
_BASIC = 0xFFFF  # PDFium counts UTF-16 units: two of them are one character outside of the basic plane.


class Written:
    """The characters of a page, and where they stand."""

    def __init__(self, text: "PdfTextPage", height: float) -> None:
        import pypdfium2.raw as pdfium  # noqa: PLC0415 - it is in an extra

        self._text = text
        self._height = height
        self._codes = [int(pdfium.FPDFText_GetUnicode(text, at)) for at in range(text.count_chars())]

    def spans(self) -> Iterator[Span]:
        """The lines, without the blanks at their ends."""
        cuts = [-1, *(at for at, code in enumerate(self._codes) if code in _LINE_ENDS), len(self._codes)]
        for before, cut in pairwise(cuts):
            yield from self.trimmed(before + 1, cut)

    def trimmed(self, start: int, end: int) -> Iterator[Span]:
        """The span without blanks at its ends; nothing where nothing else is there."""
        while start < end and chr(self._codes[start]).isspace():
            start += 1
        while start < end and chr(self._codes[end - 1]).isspace():
            end -= 1
        if start < end:
            yield start, end

    def pieces(self, start: int, end: int) -> Iterator[Span]:
        """The pieces of a line between which there is more room than a letter takes."""
        begun, before = start, self._rect(start)
        for at in range(start + 1, end):
            rect = self._rect(at)
            if rect[2] <= rect[0]:
                continue  # A blank that PDFium put in has no box.
            if max(rect[0] - before[2], before[0] - rect[2]) > before[3] - before[1]:  # to the right, or back to the left
                yield from self.trimmed(begun, at)
                begun = at
            before = rect
        yield from self.trimmed(begun, end)

    def middle(self, at: int) -> tuple[float, float] | None:
        """The middle of a character, in points from the upper left corner; None for what PDFium put in."""
        left, bottom, right, top = self._rect(at)
        return ((left + right) / 2, self._height - (bottom + top) / 2) if right > left else None

    def line(self, start: int, end: int) -> Line:
        """The words from one character up to another."""
        units = b"".join(
            code.to_bytes(2, "little") if code <= _BASIC else chr(code).encode("utf-16-le")
            for code in self._codes[start:end]
        )
        first, last = self._rect(start), self._rect(end - 1)
        height = round(first[3] - first[1], 1)
        upright = end - start > 1 and first[1] - last[1] > _TALL * height > abs(first[0] - last[0])
        return Line(units.decode("utf-16-le", "replace").strip(), first[0], last[2], height, upright)

    def box(self, start: int, end: int, ordinal: int) -> Box:
        """Where the words from one character up to another are."""
        return box_of(self._rect(start), self._rect(end - 1), self._height, ordinal)

    def rects(self) -> list[Box]:
        """Where words are, roughly, and in little time."""
        found = [self._text.get_rect(at) for at in range(self._text.count_rects())]
        return [box_of(rect, rect, self._height, at) for at, rect in enumerate(found)]

    def places(self) -> list[Box]:
        """Where words are, furigana and unseen ones too: a box around each piece of a line, level or upright."""
        found: list[Box] = []
        for line in self.spans():
            for start, end in self.pieces(*line):
                first, last = self._rect(start), self._rect(end - 1)
                low, high = min(first[1], last[1]), max(first[3], last[3])
                rect = min(first[0], last[0]), low, max(first[2], last[2]), high
                found.append(box_of(rect, rect, self._height, start))
        return found

    def _rect(self, at: int) -> Rect:
        rect: Rect = self._text.get_charbox(at, loose=True)
        return rect


def box_of(first: Rect, last: Rect, page_height: float, ordinal: int) -> Box:
    """The box from the beginning of the first up to the end of the last."""
    return Box(first[0], page_height - first[3], last[2], page_height - first[1], ordinal)
