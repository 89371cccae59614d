"""The lines of a PDF page, in the order in which they are read; a table is one of them."""

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from kyozon.parsing.columns import Box, in_two_columns, rows
from kyozon.parsing.grids import grids
from kyozon.parsing.lines import Line
from kyozon.parsing.pdf_tables import Found, Table, in_columns, ruled
from kyozon.parsing.pdf_text import Written
from kyozon.parsing.rulings import rulings_of

if TYPE_CHECKING:
    from pypdfium2 import PdfPage

_KANA = re.compile(r"[ぁ-んァ-ヶー・\s]+")
_RUBY = 0.65  # of the height of the words it belongs to
_SWITCHES = 0.3  # of the boxes follow one of the other column, where a page was written line by line across both
_FEWEST_ROWS = 3


def lines_of(page: "PdfPage") -> list[Line]:
    """The lines of a page, without furigana."""
    text = page.get_textpage()
    try:
        found = _read(Written(text, page.get_height()), page)
    finally:
        text.close()
    return _without_ruby(found)


def usual_height(lines: Sequence[Line]) -> float:
    """The height in which most is written, 0 where nothing is."""
    heights = Counter[float]()
    for line in lines:
        heights[line.height] += len(line.words)
    return max(heights, key=lambda height: heights[height], default=0.0)


def _read(written: Written, page: "PdfPage") -> list[Line]:
    drawn = ruled(written, grids(rulings_of(page)))
    rects = written.rects()
    found = in_columns(written, drawn.rest) if _may_stand_in_columns(rects) else Found((), drawn.rest)
    tables = [*drawn.tables, *found.tables]
    if tables or _is_interleaved(in_two_columns(rects)):
        pieces = [piece for line in found.rest for piece in written.pieces(*line)]
        alone = [Table(written.box(*piece, piece[0]), (written.line(*piece),)) for piece in pieces]
        ordered = _across_columns([*tables, *alone])
        if ordered is not None:
            return ordered
    return _in_order([*tables, *(Table(written.box(*span, span[0]), (written.line(*span),)) for span in found.rest)])


def _in_order(items: Sequence[Table]) -> list[Line]:
    """In the order of the file, which is the right one nearly always."""
    return [line for item in sorted(items, key=lambda one: one.box.ordinal) for line in item.lines]


def _across_columns(items: Sequence[Table]) -> list[Line] | None:
    """The lines of a page that was written line by line across its two columns; None for any other."""
    filed = sorted(items, key=lambda one: one.box.ordinal)
    boxes = [Box(one.box.left, one.box.top, one.box.right, one.box.bottom, at) for at, one in enumerate(filed)]
    ordered = in_two_columns(boxes)
    if ordered is None or not _is_interleaved(ordered):
        return None
    return [line for box in ordered for line in filed[box.ordinal].lines]


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


def _without_ruby(lines: list[Line]) -> list[Line]:
    usual = usual_height(lines)
    return [line for line in lines if line.height > _RUBY * usual or not _KANA.fullmatch(line.words)]
