"""What pages repeat at their edges goes; what they say in between, or only once, stays."""

import pytest

from kyozon.parsing.lines import Line, as_picture
from kyozon.parsing.running_heads import with_tables_joined, without_running_heads


def page(number: int, lines: int = 10) -> list[Line]:
    body = [f"第{number}頁の{at}行目、繰り返す文" for at in "一二三四五六七八九十"[:lines]]
    return [Line(words, 50, 300, 10) for words in ("就業規則 社外秘", *body, f"- {number} / 6 頁 -")]


def test_the_first_stays_and_the_others_go() -> None:
    kept = without_running_heads([page(number) for number in range(1, 7)])

    assert [line.words for line in kept[0]] == [line.words for line in page(1)]
    assert all(
        [line.words for line in lines] == [line.words for line in page(number)[1:-1]]
        for number, lines in enumerate(kept[1:], 2)
    )


def test_short_pages_and_short_documents_stay_whole() -> None:
    for pages in ([page(number, lines=4) for number in range(9)], [page(number) for number in range(3)]):
        assert without_running_heads(pages) == pages


def test_rows_of_numbers_and_articles_are_no_page_numbers() -> None:
    pages = [[*page(number)[1:-1], Line(f"第{number}条 {number}円 1,200", 50, 300, 10)] for number in range(9)]

    assert without_running_heads(pages) == pages


def table(*rows: tuple[str, str], left: float = 50) -> Line:
    return Line("\n".join(" | ".join(row) for row in rows), left, 300, 10, rows=rows)


HEAD, FIRST, SECOND = ("等級", "手当"), ("主任", "一万円"), ("部長", "八万円")


def test_a_table_goes_on_overleaf_without_page_numbers_and_its_head() -> None:
    text, number = Line("本文", 50, 300, 10), Line("- 3 -", 150, 170, 10)
    first, second, third = with_tables_joined(
        [[text, table(HEAD, FIRST), number], [number, table(HEAD, SECOND)], [table(HEAD, SECOND, FIRST), text]]
    )

    assert first == [text, table(HEAD, FIRST)]
    assert [(line.rows, line.continues) for line in second] == [((SECOND,), True)]
    assert [(line.rows, line.continues) for line in third] == [((SECOND, FIRST), True), ((), False)]


def test_a_head_alone_overleaf_goes_and_other_tables_stay_apart() -> None:
    assert with_tables_joined([[table(HEAD, FIRST)], [table(HEAD)]]) == [[table(HEAD, FIRST)], []]
    picture = as_picture([Line("1,200", 50, 300, 10)], 50, 300)
    for other in (table(HEAD, SECOND, left=80), Line("本文", 50, 300, 10), picture):
        pages = [[table(HEAD, FIRST)], [other, table(HEAD, SECOND)]]
        assert with_tables_joined(pages) == pages


@pytest.mark.parametrize("run", ["・1", "1・", "・", "1"])
def test_long_runs_of_signs_and_digits_are_gone_through_once(run: str) -> None:
    long = run * 20_000
    for words in (long + "語", "・" * 20_000 + long + "・" * 20_000 + "語"):
        pages = [[*page(number)[1:-1], Line(words, 50, 300, 10)] for number in range(3)]
        assert without_running_heads(pages) == pages
