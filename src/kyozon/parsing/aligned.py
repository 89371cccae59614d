"""Tables without rules: words that stand in columns, row for row.

Few are taken for tables, since what is none would be read across its columns: a head of words has to stand over every
column, one column at most may hold running text, and lists and tables of contents are none.
"""

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from statistics import median

from msgspec import Struct

from kyozon.parsing.columns import Box
from kyozon.parsing.columns import rows as in_rows
from kyozon.parsing.lines import Line
from kyozon.parsing.unwrapping import together

_Interval = tuple[float, float]
_Cells = tuple[tuple[Box, ...], ...]

_FEWEST = 3  # rows, the head among them
_APART = 0.8  # heights of a letter between two columns
_BELOW = 2.5  # heights of a letter between two rows
_FILLED = 0.6  # of all cells
_LONG = 12  # letters: a column whose cells have as many is text, and there is one at most
_NUMBER = re.compile(r"[\d０-９][\d０-９,，.．\-/:%％円¥$]*|[¥$]\s?\d[\d,.]*")
_MARK = re.compile(
    r"[-*+•●○◆◇■□▪・※]|[(（\[]?(?:\d{1,3}|[０-９]{1,3}|[一二三四五六七八九十]{1,3}|[ア-ン]|[a-z])[)）.．、\]]|[①-⑳]"
)


class Aligned(Struct, frozen=True):
    """A table: in every row for every column the boxes of its words, in reading order."""

    rows: tuple[_Cells, ...]

    @property
    def ordinals(self) -> list[int]:
        """Those of all its boxes."""
        return [box.ordinal for row in self.rows for cell in row for box in cell]

    def box(self, ordinal: int) -> Box:
        """The box around it."""
        boxes = [box for row in self.rows for cell in row for box in cell]
        left, top = min(box.left for box in boxes), min(box.top for box in boxes)
        return Box(left, top, max(box.right for box in boxes), max(box.bottom for box in boxes), ordinal)

    def said(self, words: Mapping[int, str]) -> tuple[tuple[str, ...], ...]:
        """The words of its cells."""
        return tuple(tuple(_joined(cell, words) for cell in row) for row in self.rows)


def as_line(rows: tuple[tuple[str, ...], ...], box: Box, height: float) -> Line:
    """A table as a line of its page."""
    return Line("\n".join(" | ".join(row) for row in rows), box.left, box.right, height, rows=rows)


def _joined(cell: Sequence[Box], words: Mapping[int, str]) -> str:
    joined = words[cell[0].ordinal] if cell else ""
    for before, box in pairwise(cell):
        below = box.top >= (before.top + before.bottom) / 2
        joined = together(joined, words[box.ordinal]) if below else f"{joined} {words[box.ordinal]}"
    return joined


def aligned(boxes: Sequence[Box], words: Mapping[int, str]) -> list[Aligned]:
    """The tables among boxes of words; `words` by the boxes' ordinals."""
    found: list[Aligned] = []
    run: list[list[Box]] = []
    columns: list[_Interval] = []
    for row in [*in_rows(boxes), list[Box]()]:
        grown = _grown(columns, row)
        if run and _goes_on(run, columns, row, grown):
            run.append(row)
            columns = grown
            continue
        table = _table(run, columns, words)
        found += [table] if table is not None else []
        run, columns = ([row], _grown([], row)) if len(row) > 1 else ([], [])
    return found


def _grown(columns: Sequence[_Interval], row: Sequence[Box]) -> list[_Interval]:
    """The columns, as wide as the words of one more row ask for."""
    room = _APART * max((box.height for box in row), default=0.0)
    merged: list[_Interval] = []
    for start, end in sorted([*columns, *((box.left, box.right) for box in row)]):
        if merged and start - merged[-1][1] < room:
            merged[-1] = merged[-1][0], max(merged[-1][1], end)
        else:
            merged.append((start, end))
    return merged


def _goes_on(
    run: Sequence[Sequence[Box]], columns: Sequence[_Interval], row: Sequence[Box], grown: Sequence[_Interval]
) -> bool:
    if not row or len(grown) < max(2, len(columns)):
        return False
    near = row[0].top - run[-1][0].bottom <= _BELOW * run[-1][0].height
    return near and (len(row) > 1 or row[0].left > columns[0][1])


def _table(run: Sequence[Sequence[Box]], columns: Sequence[_Interval], words: Mapping[int, str]) -> Aligned | None:
    lines = [_in_columns(row, columns) for row in run]
    table = _without_wraps(lines)
    is_table = (
        len(table) >= _FEWEST
        and len(columns) > 1
        and sum(bool(cell) for row in table for cell in row) >= _FILLED * len(table) * len(columns)
        and _has_head(table[0], words)
        and sum(_is_text(column) for column in zip(*table, strict=True)) <= 1
        and not all(_MARK.fullmatch(_said(row[0], words)) for row in table[1:])
        and _is_written_by_rows(lines)
    )
    return Aligned(tuple(table)) if is_table else None


def _in_columns(row: Sequence[Box], columns: Sequence[_Interval]) -> _Cells:
    return tuple(tuple(box for box in row if start <= box.left and box.right <= end) for start, end in columns)


def _without_wraps(lines: Sequence[_Cells]) -> list[_Cells]:
    """Rows; a line with nothing in the first column, and little in the others, goes on with the cells above it."""
    table: list[_Cells] = []
    for line in lines:
        if table and not line[0] and 2 * sum(map(bool, line)) <= len(line):
            table[-1] = tuple(above + more for above, more in zip(table[-1], line, strict=True))
        else:
            table.append(line)
    return table


def _has_head(row: _Cells, words: Mapping[int, str]) -> bool:
    """Whether words stand over every column, but for a corner, and not numbers."""
    return all(map(bool, row[1:])) and not any(_NUMBER.fullmatch(_said(cell, words)) for cell in row if cell)


def _said(cell: Sequence[Box], words: Mapping[int, str]) -> str:
    return " ".join(words[box.ordinal] for box in cell).strip()


def _is_text(column: Sequence[Sequence[Box]]) -> bool:
    """Whether the cells of a column are as long as lines of running text."""
    long = [max(box.right - box.left for box in cell) / max(cell[0].height, 1.0) for cell in column if cell]
    return bool(long) and median(long) >= _LONG


def _is_written_by_rows(lines: Sequence[_Cells]) -> bool:
    """Whether the file goes on with what stands beside rather than with what stands below, as it does in running text."""
    return _jumps(lines) <= _jumps(list(zip(*lines, strict=True)))


def _jumps(cells: Sequence[_Cells]) -> int:
    order = [box.ordinal for part in cells for cell in part for box in cell]
    return sum(after != before + 1 for before, after in pairwise(order))
