"""What is quoted of documents, in a table above all: the row that was asked for, under its head."""

from msgspec import structs

from kyozon.retrieval.citing import stands
from kyozon.retrieval.composing import Composed, Composer
from kyozon.retrieval.grounding import Memory
from kyozon.retrieval.packing import packed
from kyozon.retrieval.quoting import closest
from tests.fakes.documents import passage

QUESTION = "育児の場合の在宅勤務の上限日数は？"
PROSE = "在宅勤務手当は1日あたり250円とする。\n\n"
MARKED = "| 区分 | 上限日数 | 承認者 |\n|---|---|---|\n| 通常 | 週3日 | 課長 |\n| 育児 | 週5日 | 部長 |\n"
PLAIN = "区分 | 上限日数 | 承認者と連絡先\n通常 | 週3日 | 課長（内線 2100 番台の代表）\n育児 | 週5日 | 部長\n"


def answer(question: str, text: str) -> Composed:
    return Composer(question, packed([passage("在宅勤務", text)], len, 1000), "ja").finish()[1]


def test_of_a_table_the_head_and_the_row_that_was_asked_for_are_quoted_a_line_each() -> None:
    for table, head, row in (
        (MARKED, "| 区分 | 上限日数 | 承認者 |", "| 育児 | 週5日 | 部長 |"),
        (PLAIN, "区分 | 上限日数 | 承認者と連絡先", "育児 | 週5日 | 部長"),
    ):
        found = answer(QUESTION, PROSE + table)

        assert f"\n> {head}\n> {row}[1]\n> 在宅勤務手当は1日あたり250円とする。[2]" in found.text
        assert found.citations[0].quote == row
        assert all(stands(one, PROSE + table) for one in found.citations)
        assert "通常" not in found.text


def test_a_row_has_its_head_from_the_context_where_the_table_began_before() -> None:
    rows = "通常 | 週3日 | 課長\n育児 | 週5日 | 部長\n"
    one = passage("在宅勤務", rows)
    one = structs.replace(one, chunk=structs.replace(one.chunk, context="規程\n区分 | 上限日数 | 承認者"))
    (place,) = closest("通常の上限日数は？", packed([one], len, 1000), Memory())

    assert (place.head, place.quote) == ("区分 | 上限日数 | 承認者", "通常 | 週3日 | 課長")


def test_of_rows_that_are_as_close_both_are_quoted() -> None:
    found = answer("在宅勤務の上限日数と承認者は？", MARKED)

    assert [one.quote for one in found.citations] == ["| 通常 | 週3日 | 課長 |", "| 育児 | 週5日 | 部長 |"]


def test_a_bar_in_a_sentence_makes_no_table() -> None:
    assert answer("総務部の連絡先は？", "総務部の連絡先 | 内線 2100\n").citations[0].quote == "総務部の連絡先 | 内線 2100"
