"""Tables that are drawn with rules: which rules belong together, and the cells between them, merged ones too.

The way of A. Nurminen, "Algorithmic extraction of tabular data from PDF files" (2013): rules that cross form a grid;
between two neighbouring fields of it there is a wall, or they are one cell.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from statistics import median

from msgspec import Struct

Rows = tuple[tuple[str, ...], ...]

_NEAR = 2.5  # points: double rules, and rules that are drawn as thin areas, are one
_SHORTEST = 8.0
_MOST_RULES = 600
_MOST_FIELDS = 10_000
_FILLED = 0.3  # of the fields
_LONGEST_CELL = 200  # characters: where half of the cells have more, they are frames around text


class Ruling(Struct, frozen=True):
    """A rule: where it is `at`, and from where to where it goes, in points from the upper left corner; `upright` or not."""

    at: float
    start: float
    end: float
    upright: bool = False


class Grid(Struct, frozen=True):
    """Edges of columns from the left, of rows from the top; `cells[row][column]` is a cell's number."""

    columns: tuple[float, ...]
    rows: tuple[float, ...]
    cells: tuple[tuple[int, ...], ...]

    def cell(self, x: float, y: float) -> int | None:
        """The cell at a point; None outside."""
        column, row = bisect_right(self.columns, x) - 1, bisect_right(self.rows, y) - 1
        inside = 0 <= column < len(self.columns) - 1 and 0 <= row < len(self.rows) - 1
        return self.cells[row][column] if inside else None

    def right(self, cell: int) -> float:
        """The right edge of a cell."""
        return max(self.columns[row.index(cell) + row.count(cell)] for row in self.cells if cell in row)


def grids(rulings: Sequence[Ruling]) -> list[Grid]:
    """The grids of two rows and two columns at least that the rules form."""
    joined = [rule for rule in _joined(rulings) if rule.end - rule.start >= _SHORTEST]
    if len(joined) > _MOST_RULES:
        return []
    return [grid for rules in _crossing(joined) if (grid := _grid(rules)) is not None]


def filled(grid: Grid, words: Mapping[int, str]) -> tuple[str, Rows] | None:
    """What stands across the whole width above it, and its rows; None if it is no table.

    A cell that is merged over several rows is repeated in each of them, so that each says what it is about. Where the
    columns of the header are grouped, the groups' names go into each of their columns.
    """
    shown = [row for at, row in enumerate(grid.cells) if at == 0 or row != grid.cells[at - 1]]
    used = [column for column in range(len(grid.columns) - 1) if any(_own(row, column, words) for row in shown)]
    title = ""
    while len(shown) > 1 and len({row[column] for row in shown[:1] for column in used}) == 1:
        title, shown = f"{title}\n{words.get(shown[0][used[0]], '')}".strip(), shown[1:]
    rows = [tuple(_own(row, column, words) for column in used) for row in shown]
    if len(rows) > 2 and _is_group_of(shown[0], shown[1], used):  # noqa: PLR2004 - two rows of header, and one below
        rows[:2] = [tuple(_grouped(shown[0][column], shown[1][column], words) for column in used)]
    found = tuple(row for row in rows if any(row))
    return (title, found) if _is_table(found, words) else None


def _own(row: Sequence[int], column: int, words: Mapping[int, str]) -> str:
    """The words of a field; of a cell over several columns, they stand in the first."""
    return "" if column and row[column] == row[column - 1] else words.get(row[column], "")


def _is_group_of(row: Sequence[int], below: Sequence[int], used: Sequence[int]) -> bool:
    return any(row[left] == row[right] and below[left] != below[right] for left, right in pairwise(used))


def _grouped(group: int, cell: int, words: Mapping[int, str]) -> str:
    return " ".join(dict.fromkeys(word for word in (words.get(group, ""), words.get(cell, "")) if word))


def _is_table(rows: Rows, words: Mapping[int, str]) -> bool:
    cells = [cell for row in rows for cell in row]
    full = [cell for cell in cells if cell]
    columns = sum(any(column) for column in zip(*rows, strict=True))
    several = len(rows) > 1 and columns > 1 and len(full) >= _FILLED * len(cells)
    return several and median(map(len, filter(None, words.values()))) <= _LONGEST_CELL


def _joined(rulings: Iterable[Ruling]) -> list[Ruling]:
    """Rules that go on in each other, or lie upon each other, as one."""
    joined: list[Ruling] = []
    for upright in (False, True):
        lines: list[list[Ruling]] = []
        for rule in sorted((one for one in rulings if one.upright is upright), key=lambda one: one.at):
            if lines and rule.at - lines[-1][0].at <= _NEAR:
                lines[-1].append(rule)
            else:
                lines.append([rule])
        for line in lines:
            joined += _end_to_end(line)
    return joined


def _end_to_end(line: Sequence[Ruling]) -> list[Ruling]:
    found: list[Ruling] = []
    for rule in sorted(line, key=lambda one: one.start):
        if found and rule.start <= found[-1].end + _NEAR:
            last = found[-1]
            found[-1] = Ruling(last.at, last.start, max(last.end, rule.end), last.upright)
        else:
            found.append(rule)
    return found


def _crossing(rules: Sequence[Ruling]) -> list[list[Ruling]]:
    """Rules that hang together."""
    groups: list[list[Ruling]] = []
    for rule in rules:
        touched = [group for group in groups if any(_touch(rule, other) for other in group)]
        groups = [group for group in groups if group not in touched]
        groups.append([rule, *(one for group in touched for one in group)])
    return groups


def _touch(one: Ruling, other: Ruling) -> bool:
    if one.upright is other.upright:
        return False
    return one.start - _NEAR <= other.at <= one.end + _NEAR and other.start - _NEAR <= one.at <= other.end + _NEAR


def _grid(rules: Sequence[Ruling]) -> Grid | None:
    upright, level = ([rule for rule in rules if rule.upright is kind] for kind in (True, False))
    if not upright or len(level) < 2:  # noqa: PLR2004 - what has no rule above and below is no grid
        return None
    columns = _edges([rule.at for rule in upright], level)
    rows = _edges([rule.at for rule in level], upright)
    fields = (len(columns) - 1) * (len(rows) - 1)
    if min(len(columns), len(rows)) < 3 or fields > _MOST_FIELDS:  # noqa: PLR2004 - three edges are two columns
        return None
    return Grid(columns, rows, _cells(columns, rows, upright, level))


def _edges(places: Sequence[float], across: Sequence[Ruling]) -> tuple[float, ...]:
    """Where the rules are, and the ends of those across: tables may be open at their sides."""
    edges: list[float] = []
    for place in sorted([*places, min(one.start for one in across), max(one.end for one in across)]):
        if not edges or place - edges[-1] > _NEAR:
            edges.append(place)
    return tuple(edges)


def _cells(
    columns: Sequence[float], rows: Sequence[float], upright: Sequence[Ruling], level: Sequence[Ruling]
) -> tuple[tuple[int, ...], ...]:
    wide = len(columns) - 1
    cells = list(range(wide * (len(rows) - 1)))
    middles = [[(start + end) / 2 for start, end in pairwise(edges)] for edges in (columns, rows)]
    for at in range(len(cells)):
        row, column = divmod(at, wide)
        if column and not _is_wall(upright, columns[column], middles[1][row]):
            _merge(cells, at, at - 1)
        if row and not _is_wall(level, rows[row], middles[0][column]):
            _merge(cells, at, at - wide)
    return tuple(tuple(_root(cells, row * wide + column) for column in range(wide)) for row in range(len(rows) - 1))


def _is_wall(rules: Sequence[Ruling], at: float, middle: float) -> bool:
    return any(abs(rule.at - at) <= _NEAR and rule.start <= middle <= rule.end for rule in rules)


def _root(cells: list[int], at: int) -> int:
    while cells[at] != at:
        at = cells[at]
    return at


def _merge(cells: list[int], one: int, other: int) -> None:
    first, second = sorted((_root(cells, one), _root(cells, other)))
    cells[second] = first
