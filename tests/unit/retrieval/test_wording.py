"""What may be looked for in the place of a query."""

import pytest

from kyozon.domain.knowledge import LONGEST_QUERY
from kyozon.retrieval.wording import unquoted, wording, words_it

ENGLISH = "Hello, could you please tell me how many days of leave Sakura staff in Osaka have after 3 years? Thank you!"
JAPANESE = "お疲れさまです。名古屋オフィスの駐車場を5日間借りたいのですが、申請の期限を教えていただけますか。"


@pytest.mark.parametrize(
    ("query", "reworded"),
    [
        (ENGLISH, "Days of leave for Sakura staff in Osaka after 3 years"),
        (ENGLISH, "Osaka Sakura staff leave days after 3 years"),
        (JAPANESE, "名古屋オフィスの駐車場を5日間借りる申請の期限"),
        (JAPANESE, "名古屋オフィス 駐車場 5日間 申請期限"),
    ],
)
def test_the_querys_own_words_can_stand_for_it(query: str, reworded: str) -> None:
    assert words_it(reworded, query)


@pytest.mark.parametrize(
    ("query", "reworded"),
    [
        (ENGLISH, "Days of leave for Sakura staff after 3 years"),  # a name is lost
        (ENGLISH, "Days of leave for Sakura staff in Osaka"),  # a number is lost
        (ENGLISH, "Sakura staff in Osaka have 20 days of leave after 3 years"),  # an answer
        (ENGLISH, "Sure! Here is a list of ideas that may be helpful."),
        (JAPANESE, "駐車場を5日間借りる申請の期限"),
        (JAPANESE, "名古屋オフィスの駐車場は10日前までに申請します。"),
        (JAPANESE, "名古屋オフィスの駐車場\n5日間"),
        (JAPANESE, ""),
    ],
)
def test_what_says_less_or_more_cannot(query: str, reworded: str) -> None:
    assert not words_it(reworded, query)


def test_what_is_too_long_to_be_looked_for_cannot() -> None:
    query = "経費の申請 " * 300
    assert words_it(query, query)
    assert not words_it("経費の申請 " * (LONGEST_QUERY // 6 + 1), query)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ('"parental leave"', "parental leave"),
        ("“ parental leave ”", "parental leave"),
        ("「育休の期限」", "育休の期限"),
        ("『育休の期限』", "育休の期限"),
        ("「育休」の期限", "「育休」の期限"),
        ("「育休」と「産休」", "「育休」と「産休」"),
        ('"parental" or "maternity"', '"parental" or "maternity"'),
        ("「育休", "「育休"),
        ('"', '"'),
        ("「」", ""),
        ("", ""),
    ],
)
def test_only_quotation_marks_around_all_of_it_go(said: str, meant: str) -> None:
    assert unquoted(said) == meant


def test_a_model_is_asked_in_the_language_of_the_query() -> None:
    assert "search query" in wording(ENGLISH)[0]["content"]
    assert "検索語" in wording(JAPANESE)[0]["content"]
    assert wording(JAPANESE)[-1] == {"role": "user", "content": JAPANESE}
