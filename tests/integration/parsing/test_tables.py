"""Tables of PDFs come out row by row, with their heads; what only looks like one stays text."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kyozon.domain.knowledge import Chunking, Parsed
from kyozon.parsing.pdf_tables import in_columns
from kyozon.parsing.pdf_text import Written
from kyozon.parsing.reading import parse_file
from kyozon.retrieval.splitting import split
from tests.samples.printed import Placed, boxes, lines, pdf_file

COLUMNS = (60, 200, 340, 480)
RATES = (("区分", "時間帯", "割増率"), ("時間外勤務", "法定時間を超える", "二割五分"), ("深夜勤務", "午後十時から", "三割"))


def cells(rows: Sequence[Sequence[str]], top: float = 120, leading: float = 20) -> list[Placed]:
    return [
        (left + 4, top + leading * at + 14, 10, words)
        for at, row in enumerate(rows)
        for left, words in zip(COLUMNS, row, strict=False)
    ]


def rules(rows: int, top: float = 120, leading: float = 20) -> list[tuple[float, float, float, float]]:
    return boxes(COLUMNS, [top + leading * at for at in range(rows + 1)])


def read(path: Path) -> Parsed:
    return parse_file(path, path.name, lambda *_: None)


def tables(parsed: Parsed) -> list[list[str]]:
    return [parsed.text[start:end].split("\n") for start, end in parsed.tables]


def said(*rows: Sequence[str]) -> list[str]:
    return [*(" | ".join(row) for row in rows), ""]


def test_a_ruled_table_has_rows_and_every_chunk_of_it_the_head(tmp_path: Path) -> None:
    page = [*lines(["割増賃金は次の表による。"]), *cells(RATES), *lines(["表の後の文。"], top=240)]
    parsed = read(pdf_file(tmp_path / "a.pdf", [page], rules=[rules(3)]))

    assert parsed.text.split("\n")[:6] == ["割増賃金は次の表による。", *said(*RATES), "表の後の文。"]
    assert tables(parsed) == [said(*RATES)]
    (night,) = [chunk for chunk in split(parsed, Chunking(15, 0)) if "深夜勤務" in chunk.text]
    assert "割増率" in night.context
    assert night.text == "深夜勤務 | 午後十時から | 三割"


def test_lines_in_a_cell_belong_together_and_heads_may_be_grouped(tmp_path: Path) -> None:
    drawn = [*boxes((60, 200, 480), (120, 180, 240)), (200, 140, 480, 140), (340, 140, 340, 240)]
    head = [(64, 134, 10, "区分"), (204, 134, 10, "割増率"), (204, 154, 10, "深夜"), (344, 154, 10, "休日")]
    body = [
        (64, 194, 10, "主任"),
        (204, 194, 10, "午後十時からの勤務に二割"),
        (204, 208, 10, "五分を加える"),
        (344, 194, 10, "三割"),
    ]
    parsed = read(pdf_file(tmp_path / "a.pdf", [[*head, *body]], rules=[drawn]))

    grouped = ("区分", "割増率 深夜", "割増率 休日")
    assert tables(parsed) == [said(grouped, ("主任", "午後十時からの勤務に二割五分を加える", "三割"))]


def test_a_table_goes_on_overleaf_under_its_head(tmp_path: Path) -> None:
    more = ("休日勤務", "法定休日", "三割五分")
    pages = [[*cells(RATES), (290, 820, 10, "1")], cells([RATES[0], more], top=60)]
    parsed = read(pdf_file(tmp_path / "a.pdf", pages, rules=[rules(3), rules(2, top=60)]))

    assert [[row for row in table if row] for table in tables(parsed)] == [said(*RATES, more)[:-1]]
    (found,) = [chunk for chunk in split(parsed, Chunking(15, 0)) if "休日勤務" in chunk.text]
    assert (found.anchor.page, "割増率" in found.context) == (2, True)


def test_columns_of_words_with_a_head_are_a_table(tmp_path: Path) -> None:
    parsed = read(pdf_file(tmp_path / "a.pdf", [[*lines(["次の表による。"]), *cells(RATES), *lines(["以上。"], top=220)]]))

    assert tables(parsed) == [said(*RATES)]
    assert parsed.text.split("\n")[0] == "次の表による。"


def test_articles_in_a_table_are_no_headings(tmp_path: Path) -> None:
    rows = (("条", "見出し", "頁"), ("第1条 目的", "総則", "一"), ("第2条 適用", "総則", "二"))
    page = [*lines(["第3条 休暇", "第4条 退職"]), *cells(rows)]
    parsed = read(pdf_file(tmp_path / "a.pdf", [page], rules=[rules(3)]))

    assert [heading.title for heading in parsed.headings] == ["第3条 休暇", "第4条 退職"]


def test_a_frame_around_text_and_two_columns_are_no_tables(tmp_path: Path) -> None:
    text = lines(["枠の中の文は、表ではなく文として読む。", "次の行の文も同じである。"], top=140)
    framed = read(pdf_file(tmp_path / "a.pdf", [text], rules=[boxes((50, 500), (110, 200))]))
    assert (framed.tables, framed.text.split("\n")[0]) == ((), text[0][3])

    left = lines([f"左段の{number}行目、この段は先に最後まで読んで行く" for number in "一二三四五六"], top=120)
    right = lines([f"右段の{number}行目、この段は左段の後に初めて読む" for number in "一二三四五六"], left=320, top=120)
    both = [line for pair in zip(left, right, strict=True) for line in pair]
    assert read(pdf_file(tmp_path / "b.pdf", [both])).tables == ()


def test_what_no_table_took_of_a_line_stays(tmp_path: Path) -> None:
    plans = (
        ("Name", "Plan", "Price"),
        ("Alpha", "Basic", "1,200"),
        ("Beta", "Gold", "3,400"),
        ("Gamma", "Silver", "5,600"),
    )
    page = [*cells(plans[:1]), *cells(plans[1:], top=144, leading=24)]
    page[6] = (page[6][0], page[6][1] + 8, 14, "Beta")
    parsed = read(pdf_file(tmp_path / "a.pdf", [page]))

    assert [cell for row in plans for cell in row if cell not in parsed.text] == []


_HEIGHTS, _OFF = st.sampled_from([8, 10, 14, 20]), st.sampled_from([-7, -4, 0, 4, 7])


@given(
    rows=st.lists(st.lists(st.tuples(_HEIGHTS, _OFF), min_size=2, max_size=4), min_size=3, max_size=7),
    leading=st.sampled_from([20, 24, 30]),
)
@settings(max_examples=40, deadline=None)
def test_every_piece_of_a_page_is_in_one_place(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[tuple[int, int]]], leading: int
) -> None:
    page = [
        (60.0 + 120 * column, 80.0 + leading * row + off, height, f"w{row}q{column}e")
        for row, line in enumerate(rows)
        for column, (height, off) in enumerate(line)
    ]
    with pypdfium2.PdfDocument(pdf_file(tmp_path_factory.mktemp("page") / "a.pdf", [page])) as document:
        text = document[0].get_textpage()
        written = Written(text, 842)
        spans = list(written.spans())
        found = in_columns(written, spans)
        held = [cell for table in found.tables for line in table.lines for row in line.rows for cell in row]
        rest = [written.line(*span).words for span in found.rest]
        said = [written.line(*span).words for span in spans]

    assert _letters([*held, *rest]) == _letters(said)


def _letters(words: Sequence[str]) -> Counter[str]:
    return Counter("".join("".join(words).split()))


def test_a_table_without_a_word_is_not_gone_on_with(tmp_path: Path) -> None:
    drawn = rules(2)
    pages = [cells([("|", "|", "|")] * 2), cells(RATES[1:])]
    parsed = read(pdf_file(tmp_path / "a.pdf", pages, rules=[drawn, drawn]))

    assert tables(parsed) == [said(*RATES[1:])]
