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

TERMS = "Plan | Term | Price\nStandard | 1 year | 500 yen\nPremium | 1 year | 900 yen\n"
DATES = "2024-04-01 | Opening\n2024-05-01 | Concert\n2024-06-02 | Closing\n"
PHONES = "東京支店 | 03-1111\n大阪支店 | 06-2222\n名古屋支店 | 052-3333\n"
LIMITS = "| Purpose | Limit a day |\n|---|---|\n| Meals | 3,000 yen |\n| Day trips | 1,200 yen |\n"
ROOMS = "支店の会議室\nNo. | 施設名 | 利用料金（円） | 定員\n36 | 会議室33 | 250 | 37名\n37 | 会議室37 | 300 | 41名\n"
SALES = "支店別月次売上表\n支店 | 8月 | 9月\n東京支店 | 310 | 320\n大阪支店 | 280 | 295\n"


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
        ("Standard costs 900 yen for 1 year.", TERMS),
        ("The Opening is on 2024-05-01.", DATES),
        ("東京支店は06-2222です。", PHONES),
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
        ("Premium costs 900 yen, more than Standard.", TERMS, "Standard | 1 year | 500 yen\nPremium | 1 year | 900 yen"),
        ("Unlike Standard, Premium costs 900 yen.", TERMS, "Standard | 1 year | 500 yen\nPremium | 1 year | 900 yen"),
        ("For meals on trips, the limit is 3,000 yen a day.", LIMITS, "| Meals | 3,000 yen |"),
        ("会議室37の利用料金は300円です。", ROOMS, "37 | 会議室37 | 300 | 41名"),
        ("大阪支店の9月の売上は295です。", SALES, "大阪支店 | 280 | 295"),
    ],
)
def test_what_rows_say_has_support(said: str, text: str, quote: str) -> None:
    assert quotes(said, text, said) == [quote]


@pytest.mark.parametrize(
    ("question", "text", "quote"),
    [
        ("会議室37の定員は何名ですか？", ROOMS, "37 | 会議室37 | 300 | 41名"),
        ("会議室37の利用料金はいくらですか？", ROOMS, "37 | 会議室37 | 300 | 41名"),
        ("大阪支店の9月の売上は？", SALES, "大阪支店 | 280 | 295"),
        ("What is the monthly fee of the Team plan?", PLANS, "| Team | 48 euros | 40 |"),
    ],
)
def test_where_a_question_names_a_row_that_row_alone_is_quoted(question: str, text: str, quote: str) -> None:
    sources = packed([passage("料金", text)], len, 4000)
    assert evidence(question, sources).evident
    composed = Composer(question, sources, "ja").finish()[1]
    assert (composed.kind, [one.quote for one in composed.citations]) == ("quoted", [quote])


def test_a_row_that_is_named_in_one_passage_goes_before_those_of_others() -> None:
    head, others = "No. | 施設名 | 利用料金（円） | 定員\n", "36 | 会議室33 | 250 | 37名\n"
    passages = [passage("一", head + others), passage("二", head + "37 | 会議室37 | 300 | 41名\n")]
    composed = Composer("会議室37の定員は何名ですか？", packed(passages, len, 4000), "ja").finish()[1]
    assert [one.quote for one in composed.citations] == ["37 | 会議室37 | 300 | 41名"]


def test_no_row_is_quoted_that_lacks_the_number_asked_for() -> None:
    parts = "品番 | 品名 | 在庫\nB-124 | 補修品24型 | 77\nB-125 | 補修品25型 | 80\n"
    composed = Composer("品番B-147の補修品の在庫は？", packed([passage("部品", parts)], len, 4000), "ja").finish()[1]
    assert composed.kind == "refused"
