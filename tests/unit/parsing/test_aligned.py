"""Words in columns are a table where a head stands over them; text in columns, lists and contents are none."""

from collections.abc import Sequence

import pytest

from kyozon.parsing.aligned import aligned
from kyozon.parsing.columns import Box

TABLE = [("等級", "役職手当", "日当"), ("主任", "10,000円", "2,000円"), ("部長", "80,000円", "3,000円")]
TEXT = "この段の文は右の端まで続いてから次の行へ折り返して行く"


def placed(
    lines: Sequence[Sequence[str]], lefts: Sequence[float], *, by_column: bool = False
) -> tuple[list[Box], dict[int, str]]:
    """Letters ten points wide and high, a line every sixteen; empty words are left out."""
    cells = [(row, column) for row, line in enumerate(lines) for column, words in enumerate(line) if words]
    if by_column:
        cells.sort(key=lambda cell: (cell[1], cell[0]))
    boxes, words = [], {}
    for ordinal, (row, column) in enumerate(cells):
        words[ordinal] = lines[row][column]
        left, top = lefts[column], 100.0 + 16 * row
        boxes.append(Box(left, top, left + 10 * len(words[ordinal]), top + 10, ordinal))
    return boxes, words


def rows_of(
    lines: Sequence[Sequence[str]], lefts: Sequence[float], *, by_column: bool = False
) -> list[list[tuple[str, ...]]]:
    boxes, words = placed(lines, lefts, by_column=by_column)
    return [list(table.said(words)) for table in aligned(boxes, words)]


def test_a_table() -> None:
    assert rows_of(TABLE, (50, 150, 300)) == [TABLE]


def test_text_around_it_stays_outside() -> None:
    lines = [(TEXT, "", ""), *TABLE, ("以上の表による。", "", "")]
    boxes, words = placed(lines, (50, 150, 300))

    (table,) = aligned(boxes, words)
    assert list(table.said(words)) == TABLE
    assert {words[at] for at in table.ordinals} == {cell for row in TABLE for cell in row}


def test_a_wrapped_cell_goes_on() -> None:
    lines = [
        ("区分", "時間", "備考"),
        ("深夜", "十時から", "休日と重なる"),
        ("", "", "ときは加算"),
        ("早朝", "五時から", "なし"),
    ]

    assert rows_of(lines, (50, 150, 300)) == [[lines[0], ("深夜", "十時から", "休日と重なるときは加算"), lines[3]]]


def test_a_corner_and_a_cell_may_be_empty() -> None:
    lines = [("", "本社", "支社"), ("定員", "50名", "30名"), ("現員", "48名", "")]

    assert rows_of(lines, (50, 150, 300)) == [lines]


def test_one_column_may_be_text() -> None:
    lines = [("語", "意味"), ("所属長", TEXT), ("従業員", TEXT)]

    assert rows_of(lines, (50, 150)) == [lines]


@pytest.mark.parametrize(
    ("lines", "lefts"),
    [
        ([(TEXT, TEXT)] * 6, (50, 350)),
        ([(TEXT[:13], TEXT[2:15], TEXT[4:17])] * 9, (50, 200, 350)),
        ([("一、", TEXT), ("二、", TEXT), ("三、", TEXT)], (50, 90)),
        ([("・", TEXT), ("・", TEXT[:9]), ("・", TEXT[:7])], (50, 80)),
        ([("第1章 総則", "1"), ("第2章 勤務", "5"), ("第3章 休暇", "12")], (50, 400)),
        ([("主任", "10,000円"), ("部長", "80,000円"), ("課長", "50,000円")], (50, 150)),
        (TABLE[:2], (50, 150, 300)),
        ([("二〇二六年", "東京"), (TEXT[:3], ""), ("代表", "印")], (50, 300)),
        ([], ()),
    ],
    ids=["two columns", "three columns", "numbers", "points", "contents", "no head", "two rows", "letterhead", "nothing"],
)
def test_what_is_no_table(lines: Sequence[Sequence[str]], lefts: Sequence[float]) -> None:
    assert rows_of(lines, lefts) == []


def test_columns_that_were_written_one_after_the_other_are_none() -> None:
    assert rows_of([*TABLE, TABLE[1], TABLE[2]], (50, 150, 300), by_column=True) == []
