"""Questions that are posed to passages without a model."""

from hypothesis import given
from hypothesis import strategies as st

from kyozon.retrieval.posing import Material, in_turn, posed, terms

LEAVE = Material("leave", "# Leave\n\nEverybody takes holidays. Parental leave lasts eighteen months.", ("Leave",))
TRAVEL = Material("travel", "出張の申請は出発の三営業日前までに行う。宿泊費は実費とする。", ("旅費規程", "出張"))
OTHER = Material("travel", "日当はグリーン車を利用した場合も同額とする。")


def test_a_passage_is_asked_for_its_rarest_words() -> None:
    found = posed([LEAVE, TRAVEL, OTHER])
    assert [one.question for one in found] == [
        "What does “Leave” say about Everybody and takes?",
        "「出張」には、申請と出発について何と書かれていますか。",
        "文書には、日当とグリーンについて何と書かれていますか。",
    ]


def test_words_of_many_passages_are_not_asked_for() -> None:
    many = [Material(str(number), "Holidays are taken in August.", ()) for number in range(5)]
    found = posed([*many, Material("x", "Holidays are taken in August. Sabbaticals need seniority.", ())])
    assert found[-1].quote == "Sabbaticals need seniority."


def test_headings_tables_and_scraps_are_no_answers() -> None:
    assert posed([Material("a", "# Parental leave lasts eighteen months\n| Parental | eighteen |\nShort one.")]) == []


def test_files_take_turns() -> None:
    asked = posed([LEAVE, TRAVEL, OTHER])
    third = posed([Material("leave", "Sabbaticals need seniority.")])
    assert [one.material.file for one in in_turn([*asked, *third])] == ["leave", "travel", "travel", "leave"]


def test_common_words_are_no_terms() -> None:
    assert terms("They would have Parental leave with パスワード と 個人情報") == [
        "Parental",
        "leave",
        "パスワード",
        "個人情報",
    ]


@given(st.lists(st.builds(Material, st.sampled_from("ab"), st.text(), st.lists(st.text()).map(tuple)), max_size=5))
def test_every_quote_stands_in_its_passage(passages: list[Material]) -> None:
    for one in posed(passages):
        assert one.quote in one.material.text
        assert one.question
