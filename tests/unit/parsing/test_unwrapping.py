"""Lines that a page has wrapped are one line; others stay apart."""

from collections.abc import Sequence

import pytest

from kyozon.parsing.lines import Line, as_picture
from kyozon.parsing.unwrapping import unwrapped


def words(lines: Sequence[Line]) -> list[str]:
    return [line.words for line in unwrapped(lines)]


def line(text: str, left: float = 50, width: float | None = None, height: float = 10) -> Line:
    return Line(text, left, left + (width if width is not None else height * len(text)), height)


FULL = "本文の行は欄の右端まで続き、折り返して次の"


def test_a_word_goes_on_in_the_next_line() -> None:
    assert words([line(FULL), line("行の初めへ続く。"), line("次の段落。")]) == [FULL + "行の初めへ続く。", "次の段落。"]


def test_nothing_goes_on_in_a_picture() -> None:
    lines = [line(FULL), as_picture([line("絵の")], 50, 50 + 10 * len(FULL)), line("行の初め")]

    assert words(lines) == [FULL, "絵の", "行の初め"]


def test_english_words_are_parted_by_a_space_and_hyphens_are_mended() -> None:
    assert words([line("The line runs to the edge of", width=150), line("the column.", width=80)]) == [
        "The line runs to the edge of the column."
    ]
    assert words([line("It goes on inter\x02", width=90), line("nationally", width=80)]) == ["It goes on internationally"]


@pytest.mark.parametrize(
    ("first", "second", "whole"),
    [
        ("政令指定都市の地域では1泊10,00", "0円とする。", "政令指定都市の地域では1泊10,000円とする。"),
        ("政令指定都市の地域では一泊10,", "000円とする。", "政令指定都市の地域では一泊10,000円とする。"),
        ("申請には社内の端末にある Visual", "Studio を使う。", "申請には社内の端末にある Visual Studio を使う。"),
        ("Of the rooms let in 2026", "12 were paid by 本社.", "Of the rooms let in 2026 12 were paid by 本社."),
    ],
)
def test_a_number_that_the_end_of_a_japanese_line_cuts_is_one_number(first: str, second: str, whole: str) -> None:
    def set_in_type(text: str) -> Line:
        return line(text, width=10 * sum(1.0 if character > "\u02ff" else 0.5 for character in text))

    assert words([set_in_type(first), set_in_type(second)]) == [whole]


@pytest.mark.parametrize(
    "after",
    [
        line("・項目"),
        line("(1) 項目"),
        line("第2条（目的）"),
        line("　字下げした段落"),
        line("字下げ", left=60),
        line("見出し", height=14),
    ],
)
def test_what_begins_anew_stays_apart(after: Line) -> None:
    assert words([line(FULL), after]) == [FULL, after.words]


def test_a_sentence_that_ends_at_the_edge_stays_apart() -> None:
    assert len(words([line(FULL[:-1] + "。"), line("次の文。")])) == 2


def test_rows_of_a_table_stay_apart() -> None:
    rows = [line("品名 数量 単価", width=210), line("鉛筆 十二 五十円", width=210), line(FULL)]

    assert words(rows) == [one.words for one in rows]


def test_columns_of_vertical_writing_go_on() -> None:
    upright = [Line("縦書きの一列目から", 200, 210, 10, upright=True), Line("二列目へ続く。", 180, 190, 10, upright=True)]

    assert words(upright) == ["縦書きの一列目から二列目へ続く。"]


def test_nothing_is_nothing() -> None:
    assert words([]) == []
