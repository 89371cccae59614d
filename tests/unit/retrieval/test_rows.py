"""Claims about rows of tables: the head counts however far above it stands, and rows are not mixed up."""

import pytest

from kyozon.retrieval.composing import Composer
from kyozon.retrieval.evidence import evidence
from kyozon.retrieval.packing import packed
from tests.fakes.documents import passage

CITIES = ["札幌", "仙台", "金沢", "名古屋", "京都", "大阪", "神戸", "広島", "高松", "福岡", "熊本", "那覇"]
FEES = "番号 | 支店 | 駐車場の月額料金 | 台数\n" + "".join(
    f"{place} | {city}支店 | {4000 + 370 * place}円 | {place * 3 + 20}台\n" for place, city in enumerate(CITIES, 1)
)
PLANS = """\
| Plan | Monthly fee | Users |
|---|---|---|
| Basic | 12 euros | 5 |
| Team | 48 euros | 40 |
| Firm | 95 euros | 300 |
"""


def quotes(said: str, text: str, question: str) -> list[str]:
    composer = Composer(question, packed([passage("料金", text)], len, 4000), "ja")
    composer.feed(said)
    composed = composer.finish()[1]
    return [one.quote for one in composed.citations] if composed.kind == "answered" else []


def test_a_row_far_below_its_head_has_the_words_of_it() -> None:
    said = "那覇支店の駐車場の月額料金は8,440円です。"
    assert quotes(said, FEES, "那覇支店の駐車場の月額料金はいくらですか？") == ["12 | 那覇支店 | 8440円 | 56台"]
    assert evidence("那覇支店の駐車場の月額料金はいくらですか？", packed([passage("料金", FEES)], len, 4000)).evident
    assert not evidence("長崎支店の駐輪場の年間予算はいくらですか？", packed([passage("料金", FEES)], len, 4000)).evident


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ("熊本支店の駐車場の月額料金は8440円。", FEES),  # that of the row below
        ("那覇支店の台数は53台です。", FEES),
        ("The monthly fee of the Basic plan is 48 euros.", PLANS),
        ("The Firm plan has 40 users.", PLANS),
    ],
)
def test_what_one_row_says_does_not_support_a_claim_about_another(said: str, text: str) -> None:
    assert quotes(said, text, said) == []


@pytest.mark.parametrize(
    ("said", "text", "quote"),
    [
        ("The monthly fee of the Firm plan is 95 euros.", PLANS, "| Firm | 95 euros | 300 |"),
        ("The Team plan costs 48 euros a month.", PLANS, "| Team | 48 euros | 40 |"),
        (
            "The Basic plan is 12 euros, the Team plan 48 euros.",
            PLANS,
            "| Basic | 12 euros | 5 |\n| Team | 48 euros | 40 |",
        ),
        ("The monthly fee is 95 euros.", PLANS, "| Firm | 95 euros | 300 |"),
        ("大阪支店には38台あります。", FEES, "6 | 大阪支店 | 6220円 | 38台"),
    ],
)
def test_what_rows_say_has_support(said: str, text: str, quote: str) -> None:
    assert quotes(said, text, said) == [quote]
