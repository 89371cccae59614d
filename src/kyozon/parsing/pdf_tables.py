"""The tables of a PDF page: those that are drawn with rules, and those whose words stand in columns."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from msgspec import Struct

from kyozon.parsing.aligned import aligned, as_line
from kyozon.parsing.columns import Box, rows
from kyozon.parsing.grids import Grid, filled
from kyozon.parsing.lines import Line, Part
from kyozon.parsing.pdf_text import Span, Written
from kyozon.parsing.unwrapping import together

_Place = tuple[int, int]
"""The number of a grid, and of a cell in it."""

_FULL = 2.2  # letters that a wrapped line of a cell may end before its edge


class Found(Struct, frozen=True):
    """The tables of a page, `box.ordinal` of each its first character; and the spans of the other words."""

    tables: Sequence[Part]
    rest: Sequence[Span]


def ruled(written: Written, grids: Sequence[Grid]) -> Found:
    """The tables that are drawn, and what stands outside of them; grids that hold no table are no tables."""
    good = list(grids)
    while True:
        spans, outside = _by_place(written, good)
        tables = [_drawn(written, grid, spans[number]) for number, grid in enumerate(good)]
        if all(tables):
            return Found([table for table in tables if table is not None], outside)
        good = [grid for grid, table in zip(good, tables, strict=True) if table is not None]


def _by_place(written: Written, grids: Sequence[Grid]) -> tuple[Mapping[int, Mapping[int, list[Span]]], list[Span]]:
    """For each grid the words of its cells; and the words outside."""
    inside: dict[int, dict[int, list[Span]]] = defaultdict(lambda: defaultdict(list))
    outside: list[Span] = []
    for line in written.spans():
        for place, span in _cut(written, grids, line) if grids else [(None, line)]:
            if place is None:
                outside.append(span)
            else:
                inside[place[0]][place[1]].append(span)
    return inside, outside


def _cut(written: Written, grids: Sequence[Grid], line: Span) -> Iterator[tuple[_Place | None, Span]]:
    """The parts of a line that stand in different cells."""
    begun, current = line[0], _place(grids, written.middle(line[0]))
    for at in range(line[0] + 1, line[1]):
        middle = written.middle(at)
        if middle is None:
            continue
        place = _place(grids, middle)
        if place != current:
            yield from ((current, span) for span in written.trimmed(begun, at))
            begun, current = at, place
    yield from ((current, span) for span in written.trimmed(begun, line[1]))


def _place(grids: Sequence[Grid], middle: tuple[float, float] | None) -> _Place | None:
    if middle is not None:
        for number, grid in enumerate(grids):
            if (cell := grid.cell(*middle)) is not None:
                return number, cell
    return None


def _drawn(written: Written, grid: Grid, spans: Mapping[int, list[Span]]) -> Part | None:
    words = {cell: _cell(written, own, grid.right(cell)) for cell, own in spans.items()}
    found = filled(grid, words) if words else None
    if found is None:
        return None
    first = min(start for own in spans.values() for start, _ in own)
    height = written.line(first, first + 1).height
    box = Box(grid.columns[0], grid.rows[0], grid.columns[-1], grid.rows[-1], first)
    titles = [Line(title, box.left, box.right, height) for title in found[0].splitlines()]
    return Part(box, [*titles, as_line(found[1], box, height)])


def _cell(written: Written, spans: Sequence[Span], right: float) -> str:
    """The words of a cell: lines that reach its right edge go on in the next."""
    boxes = [written.box(*span, at) for at, span in enumerate(spans)]
    lines = [[spans[box.ordinal] for box in row] for row in rows(boxes)]
    said = [written.line(row[0][0], row[-1][1]) if len(row) == 1 else _beside(written, row) for row in lines]
    words = said[0].words
    for before, line in pairwise(said):
        wrapped = before.right + _FULL * before.height >= right
        words = together(words, line.words) if wrapped else f"{words} {line.words}"
    return words


def _beside(written: Written, spans: Sequence[Span]) -> Line:
    lines = [written.line(*span) for span in spans]
    return Line(" ".join(line.words for line in lines), lines[0].left, lines[-1].right, lines[0].height)


def in_columns(written: Written, spans: Sequence[Span]) -> Found:
    """The tables without rules among these lines, and what is left: the other lines, or pieces of lines."""
    pieces = [(piece, line) for line in spans for piece in written.pieces(*line)]
    boxes = [written.box(*piece, at) for at, (piece, _) in enumerate(pieces)]
    lines = {at: written.line(*piece) for at, (piece, _) in enumerate(pieces)}
    words = {at: line.words for at, line in lines.items()}
    tables, taken = [], set[int]()
    for table in aligned(boxes, words):
        taken.update(table.ordinals)
        first = min(table.ordinals)
        box = table.box(pieces[first][0][0])
        tables.append(Part(box, [as_line(table.said(words), box, lines[first].height)]))
    cut = {pieces[at][1] for at in taken}
    rest = (piece if line in cut else line for at, (piece, line) in enumerate(pieces) if at not in taken)
    return Found(tables, list(dict.fromkeys(rest)))  # A line that no table has is there once for each of its pieces.
