"""The lines of a PDF page, in the order in which they are read."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from msgspec import Struct

from kyozon.parsing.columns import Box, in_two_columns

if TYPE_CHECKING:
    from pypdfium2 import PdfPage, PdfTextPage

_LINE_ENDS = (10, 13)
_KANA = re.compile(r"[ぁ-んァ-ヶー・\s]+")
_RUBY = 0.65  # of the height of the words it belongs to
_TALL = 1.5
_BASIC = 0xFFFF  # PDFium counts UTF-16 units: two of them are one character outside of the basic plane.
_SWITCHES = 0.3  # of the boxes follow one of the other column, where a page was written line by line across both

Rect = tuple[float, float, float, float]
"""Left, bottom, right, top, in points from the lower left corner."""


class Line(Struct, frozen=True):
    """Words on one line, in points from the left; `height` is that of its letters. `upright` is vertical writing."""

    words: str
    left: float
    right: float
    height: float
    upright: bool = False


def lines_of(page: "PdfPage") -> list[Line]:
    """The lines of a page, without furigana."""
    text = page.get_textpage()
    try:
        found = _across_columns(text, page.get_height()) or list(_in_order(text))
    finally:
        text.close()
    return _without_ruby(found)


def usual_height(lines: Sequence[Line]) -> float:
    """The height in which most is written, 0 where nothing is."""
    heights = Counter[float]()
    for line in lines:
        heights[line.height] += len(line.words)
    return max(heights, key=lambda height: heights[height], default=0.0)


def _in_order(text: "PdfTextPage") -> Iterator[Line]:
    """Lines in the order of the file, which is the right one nearly always."""
    codes = _codes(text)
    for start, end in _between_ends(codes):
        yield _line(text, codes, start, end)


def _codes(text: "PdfTextPage") -> list[int]:
    import pypdfium2.raw as pdfium  # noqa: PLC0415 - it is in an extra

    return [int(pdfium.FPDFText_GetUnicode(text, at)) for at in range(text.count_chars())]


def _between_ends(codes: list[int]) -> Iterator[tuple[int, int]]:
    """The lines, without the blanks at their ends."""
    cuts = [-1, *(at for at, code in enumerate(codes) if code in _LINE_ENDS), len(codes)]
    for before, cut in pairwise(cuts):
        start, end = before + 1, cut
        while start < end and chr(codes[start]).isspace():
            start += 1
        while start < end and chr(codes[end - 1]).isspace():
            end -= 1
        if start < end:
            yield start, end


def _line(text: "PdfTextPage", codes: list[int], start: int, end: int) -> Line:
    units = b"".join(
        code.to_bytes(2, "little") if code <= _BASIC else chr(code).encode("utf-16-le") for code in codes[start:end]
    )
    first, last = text.get_charbox(start, loose=True), text.get_charbox(end - 1, loose=True)
    height = round(first[3] - first[1], 1)
    upright = end - start > 1 and first[1] - last[1] > _TALL * height > abs(first[0] - last[0])
    return Line(units.decode("utf-16-le", "replace").strip(), first[0], last[2], height, upright)


def _across_columns(text: "PdfTextPage", page_height: float) -> list[Line] | None:
    """The lines of a page that was written line by line across its two columns; None for any other."""
    rects = [text.get_rect(at) for at in range(text.count_rects())]
    found = in_two_columns([_box(rect, rect, page_height, at) for at, rect in enumerate(rects)])
    if found is None or not _is_interleaved(found):
        return None
    codes = _codes(text)
    pieces = [piece for line in _between_ends(codes) for piece in _at_gaps(text, *line)]
    ends = [(text.get_charbox(start, loose=True), text.get_charbox(end - 1, loose=True)) for start, end in pieces]
    ordered = in_two_columns([_box(*both, page_height, at) for at, both in enumerate(ends)])
    return None if ordered is None else [_line(text, codes, *pieces[box.ordinal]) for box in ordered]


def _box(first: Rect, last: Rect, page_height: float, ordinal: int) -> Box:
    return Box(first[0], page_height - first[3], last[2], page_height - first[1], ordinal)


def _at_gaps(text: "PdfTextPage", start: int, end: int) -> Iterator[tuple[int, int]]:
    """The pieces of a line between which there is more room than a letter takes."""
    begun, before = start, text.get_charbox(start, loose=True)
    for at in range(start + 1, end):
        box = text.get_charbox(at, loose=True)
        if box[2] <= box[0]:
            continue  # A blank that PDFium put in has no box.
        if box[0] - before[2] > before[3] - before[1]:
            yield begun, at
            begun = at
        before = box
    yield begun, end


def _is_interleaved(ordered: list[Box]) -> bool:
    """Whether reading order often goes to what does not come next in the file."""
    jumps = sum(after.ordinal != before.ordinal + 1 for before, after in pairwise(ordered))
    return jumps > _SWITCHES * len(ordered)


def _without_ruby(lines: list[Line]) -> list[Line]:
    usual = usual_height(lines)
    return [line for line in lines if line.height > _RUBY * usual or not _KANA.fullmatch(line.words)]
