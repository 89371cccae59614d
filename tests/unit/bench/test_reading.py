"""What counts as having arrived, in `bench.reading`."""

from bench.reading.measuring import headed, trigrams, whole_rows
from kyozon.domain.knowledge import Parsed

ROWS = (("区分", "割増率", "備考"), ("深夜", "三割", "加算する"), ("休日", "五割", "なし"))
WHOLE = "区分 | 割増率 | 備考\n深夜 | 三割 | 加算する\n休日 | 五割 | なし\n"


def test_trigrams_are_told_without_blanks_and_the_signs_of_markdown() -> None:
    assert trigrams("ab c\nd") == {"abc", "bcd"}
    assert trigrams(r"| ab | \*c |") == trigrams("ab*c")


def test_a_row_is_whole_on_one_line_alone() -> None:
    assert whole_rows(ROWS, WHOLE) == 1.0
    assert whole_rows(ROWS, WHOLE.replace(" | ", " ")) == 1.0
    assert whole_rows(ROWS, WHOLE.replace("三割", "三割\n").replace("五割", "五割 | 以上")) == 1 / 3


def test_a_cell_has_its_head_where_the_table_is_marked() -> None:
    filler = "".join(f"{at} | {'あ' * 40} | い\n" for at in range(9))
    text = WHOLE.replace("休日", f"{filler}休日")

    assert headed(ROWS, Parsed(text, tables=((0, len(text)),))) == 1.0
    assert headed(ROWS, Parsed(text)) == 0.5
