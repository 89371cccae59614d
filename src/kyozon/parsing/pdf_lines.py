"""What is written on a PDF page, in the order in which it is read: lines, and tables."""

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from msgspec import Struct

from kyozon.parsing.columns import Box, in_two_columns, rows
from kyozon.parsing.grids import grids
from kyozon.parsing.lines import Line, Part
from kyozon.parsing.pdf_tables import Found, in_columns, ruled
from kyozon.parsing.pdf_text import Written
from kyozon.parsing.rulings import rulings_of

if TYPE_CHECKING:
    from pypdfium2 import PdfPage

_KANA = re.compile(r"[ぁ-んァ-ヶー・\s]+")
_RUBY = 0.65  # of the height of the words it belongs to
_SWITCHES = 0.3  # of the boxes follow one of the other column, where a page was written line by line across both
_FEWEST_ROWS = 3


class Words(Struct, frozen=True):
    """The parts of a page, without furigana; and, if asked for, where there are words."""

    parts: Sequence[Part]
    places: Sequence[Box] = ()


def words_of(page: "PdfPage", *, placed: bool) -> Words:
    """What is written on a page that is level; `placed` if the places of words are asked for, which takes a while."""
    text = page.get_textpage()
    try:
        written = Written(text, page.get_height())
        return Words(_without_ruby(_read(written, page)), written.places() if placed else ())
    finally:
        text.close()


def usual_height(lines: Sequence[Line]) -> float:
    """The height in which most is written, 0 where nothing is."""
    heights = Counter[float]()
    for line in lines:
        heights[line.height] += len(line.words)
    return max(heights, key=lambda height: heights[height], default=0.0)


def _read(written: Written, page: "PdfPage") -> list[Part]:
    drawn = ruled(written, grids(rulings_of(page)))
    rects = written.rects()
    found = in_columns(written, drawn.rest) if _may_stand_in_columns(rects) else Found((), drawn.rest)
    tables = [*drawn.tables, *found.tables]
    if tables or _is_interleaved(in_two_columns(rects)):
        pieces = [piece for line in found.rest for piece in written.pieces(*line)]
        alone = [Part(written.box(*piece, piece[0]), (written.line(*piece),)) for piece in pieces]
        ordered = _across_columns([*tables, *alone])
        if ordered is not None:
            return ordered
    return _in_order([*tables, *(Part(written.box(*span, span[0]), (written.line(*span),)) for span in found.rest)])


def _in_order(items: Sequence[Part]) -> list[Part]:
    """In the order of the file, which is the right one nearly always."""
    return sorted(items, key=lambda one: one.box.ordinal)


def _across_columns(items: Sequence[Part]) -> list[Part] | None:
    """The parts of a page that was written line by line across its two columns; None for any other."""
    filed = _in_order(items)
    boxes = [Box(one.box.left, one.box.top, one.box.right, one.box.bottom, at) for at, one in enumerate(filed)]
    ordered = in_two_columns(boxes)
    if ordered is None or not _is_interleaved(ordered):
        return None
    return [filed[box.ordinal] for box in ordered]


def _may_stand_in_columns(rects: Sequence[Box]) -> bool:
    """Whether words stand beside each other, with room between them, in as many lines as a table has."""
    count = 0
    for row in rows(rects):
        apart = any(after.left - before.right > before.height for before, after in pairwise(row))
        count = count + 1 if apart else 0
        if count == _FEWEST_ROWS - 1:  # A row may be wrapped.
            return True
    return False


def _is_interleaved(ordered: Sequence[Box] | None) -> bool:
    """Whether reading order often goes to what does not come next in the file."""
    if ordered is None:
        return False
    jumps = sum(after.ordinal != before.ordinal + 1 for before, after in pairwise(ordered))
    return jumps > _SWITCHES * len(ordered)


def _without_ruby(parts: Sequence[Part]) -> list[Part]:
    usual = usual_height([line for part in parts for line in part.lines])
    return [part for part in parts if not all(_is_ruby(line, usual) for line in part.lines)]


def _is_ruby(line: Line, usual: float) -> bool:
    return line.height <= _RUBY * usual and _KANA.fullmatch(line.words) is not None
