"""Rules that cross are tables: which cells they part, which are merged, and what is a frame only."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from kyozon.parsing.grids import Grid, Ruling, filled, grids


def level(at: float, start: float = 50, end: float = 350) -> Ruling:
    return Ruling(at, start, end)


def upright(at: float, start: float = 100, end: float = 160) -> Ruling:
    return Ruling(at, start, end, upright=True)


def boxed(columns: Sequence[float], rows: Sequence[float]) -> list[Ruling]:
    across = [level(at, columns[0], columns[-1]) for at in rows]
    return [*across, *(upright(at, rows[0], rows[-1]) for at in columns)]


def only(rulings: Sequence[Ruling]) -> Grid:
    (grid,) = grids(rulings)
    return grid


def cell(grid: Grid, column: int, row: int) -> int:
    found = grid.cell((grid.columns[column] + grid.columns[column + 1]) / 2, (grid.rows[row] + grid.rows[row + 1]) / 2)
    assert found is not None
    return found


def rows_of(grid: Grid, *rows: Sequence[str]) -> tuple[str, tuple[tuple[str, ...], ...]] | None:
    words = {cell(grid, column, row): said for row, line in enumerate(rows) for column, said in enumerate(line) if said}
    return filled(grid, words)


def test_a_table_has_its_cells() -> None:
    grid = only(boxed([50, 150, 250, 350], [100, 120, 140, 160]))

    assert len({cell(grid, column, row) for column in range(3) for row in range(3)}) == 9
    assert grid.cell(40, 110) is None
    assert grid.cell(100, 170) is None
    assert grid.right(cell(grid, 1, 1)) == 250


@given(off=st.lists(st.floats(-1, 1), min_size=7, max_size=7), twice=st.booleans())
def test_rules_need_not_be_exact_and_may_be_drawn_twice(*, off: list[float], twice: bool) -> None:
    columns, rows = [50 + off[0], 150 + off[1], 350 + off[2]], [100 + off[3], 120 + off[4], 140 + off[5], 160 + off[6]]
    rulings = boxed(columns, rows)

    grid = only([*rulings, *(Ruling(one.at + 0.5, one.start, one.end, one.upright) for one in rulings if twice)])
    assert (len(grid.columns), len(grid.rows)) == (3, 4)


def test_dashes_are_a_rule() -> None:
    dashed = [level(120, at, at + 3) for at in range(50, 350, 5)]

    assert len(only([*boxed([50, 200, 350], [100, 140, 160]), *dashed]).rows) == 4


def test_a_table_may_be_open_at_its_sides() -> None:
    grid = only([*(level(at) for at in (100, 120, 140)), upright(200, 100, 140)])

    assert grid.columns == (50, 200, 350)


def test_what_is_merged_over_rows_is_said_in_each() -> None:
    rulings = [*boxed([50, 150, 350], [100, 120, 160]), level(140, 150, 350)]
    found = rows_of(only(rulings), ("区分", "手当"), ("正社員", "一万円"), ("", "二万円"))

    assert found == ("", (("区分", "手当"), ("正社員", "一万円"), ("正社員", "二万円")))


def test_groups_of_columns_go_into_the_head() -> None:
    outside = [level(100), level(140), level(160), upright(50), upright(150), upright(350)]
    grid = only([*outside, level(120, 150, 350), upright(250, 120, 160)])
    found = rows_of(grid, ("区分", "割増率", ""), ("", "深夜", "休日"), ("一級", "二割五分", "三割五分"))

    assert found == ("", (("区分", "割増率 深夜", "割増率 休日"), ("一級", "二割五分", "三割五分")))


def test_a_title_over_the_whole_width_is_no_head() -> None:
    rulings = [*(level(at) for at in (100, 120, 140, 160)), upright(50), upright(350), upright(200, 120, 160)]
    found = rows_of(only(rulings), ("手当の表", ""), ("等級", "額"), ("一級", "一万円"))

    assert found == ("手当の表", (("等級", "額"), ("一級", "一万円")))


def test_frames_and_charts_are_no_tables() -> None:
    assert grids(boxed([50, 350], [100, 160])) == []
    assert grids([level(at) for at in (100, 120, 140)]) == []
    grid = only(boxed([50, 200, 350], [100, 130, 160]))
    assert rows_of(grid, ("一月", ""), ("", "")) is None
    assert rows_of(grid, ("一月", "二月"), ("", "")) is None
    assert rows_of(grid, ("長い文章。" * 60, "長い文章。" * 60), ("長い文章。" * 60, "長い文章。" * 60)) is None


def test_a_grid_that_is_hardly_written_in_is_no_table() -> None:
    grid = only(boxed([50.0 + 50 * at for at in range(7)], [100.0 + 20 * at for at in range(7)]))
    words = [["語" if column == row else "" for column in range(6)] for row in range(6)]

    assert rows_of(grid, *words) is None


def test_columns_without_a_word_are_left_out() -> None:
    grid = only(boxed([50, 60, 200, 350], [100, 120, 140]))

    assert rows_of(grid, ("", "等級", "額"), ("", "一級", "一万円")) == ("", (("等級", "額"), ("一級", "一万円")))


def test_a_drawing_of_many_rules_is_left_alone() -> None:
    assert grids(boxed([50.0 + 5 * at for at in range(100)], [50.0 + 5 * at for at in range(600)])) == []


def test_a_title_stands_over_the_columns_that_have_words() -> None:
    rulings = [*(level(at) for at in (100, 120, 140, 160)), *(upright(at, 100, 160) for at in (50, 60, 350))]
    found = rows_of(
        only([*rulings, upright(200, 120, 160)]), ("", "手当の表", ""), ("", "等級", "額"), ("", "一級", "一万円")
    )

    assert found == ("手当の表", (("等級", "額"), ("一級", "一万円")))
