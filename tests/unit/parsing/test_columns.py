"""Two columns are read one after the other; tables and single columns are left as they are."""

from collections.abc import Sequence

from kyozon.parsing.columns import Box, in_two_columns, rows


def column(left: float, right: float, ordinals: Sequence[int], top: float = 100) -> list[Box]:
    return [Box(left, top + 12 * at, right, top + 12 * at + 10, ordinal) for at, ordinal in enumerate(ordinals)]


def order(boxes: list[Box]) -> list[int] | None:
    found = in_two_columns(boxes)
    return None if found is None else [box.ordinal for box in found]


def test_columns_are_read_one_after_the_other() -> None:
    assert order([*column(300, 540, range(5, 10)), *column(40, 280, range(5))]) == [*range(10)]


def test_what_stands_across_both_parts_them_into_bands() -> None:
    title, middle = Box(40, 60, 540, 80, 0), Box(40, 200, 540, 210, 9)
    upper = [*column(40, 280, range(1, 5)), *column(300, 540, range(5, 9))]
    lower = [*column(40, 280, range(10, 14), 230), *column(300, 540, range(14, 18), 230)]

    assert order([*lower, middle, *upper, title]) == [*range(18)]


def test_one_column_and_short_cells_are_no_two_columns() -> None:
    assert order(column(40, 540, range(12))) is None
    assert order([]) is None
    ragged = [Box(300, 100 + 12 * at, 300 + (200 if at == 0 else 30), 110 + 12 * at, at) for at in range(8)]
    assert order([*column(40, 100, range(8)), *ragged]) is None


def test_rows_go_from_left_to_right() -> None:
    boxes = [Box(50, 10, 60, 20, 1), Box(10, 11, 20, 21, 0), Box(10, 30, 20, 40, 2)]

    assert [[box.ordinal for box in row] for row in rows(boxes)] == [[0, 1], [2]]
