"""What pages repeat at their edges goes; what they say in between, or only once, stays."""

from kyozon.parsing.pdf_lines import Line
from kyozon.parsing.running_heads import without_running_heads


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
