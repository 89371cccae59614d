"""Claims stand alone, wherever a line of a page ends."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from kyozon.retrieval.claims import claims, whole


def said(text: str) -> list[str]:
    return [text[start:end] for start, end in claims(text)]


def test_japanese_and_english_claims_end_where_a_reader_ends_them() -> None:
    assert said("休暇は10日です。「はい。」と答えた！次へ") == ["休暇は10日です。", "「はい。」", "と答えた！", "次へ"]
    assert said("Dr. Lee paid 3.5 euros. Was it much? No.") == ["Dr. Lee paid 3.5 euros.", "Was it much?", "No."]


def test_a_line_that_a_page_has_wrapped_goes_on() -> None:
    text = "年次有給休暇は、入社日から起算して六か月間継続勤務し、全労働日の\n八割以上出勤した従業員に与える。\n- 別の項目"

    assert len(said(text)) == 2


def test_items_and_rows_are_claims_of_their_own() -> None:
    assert said("# 見出し\n- 一つ目\n- 二つ目\n| a | b |\n| c | d |") == [
        "# 見出し",
        "- 一つ目",
        "- 二つ目",
        "| a | b |",
        "| c | d |",
    ]


def test_rows_without_outer_bars_are_claims_of_their_own_however_wide() -> None:
    rows = ["区分 | 上限日数 | 承認者と連絡先と代理", "通常 | 週3日 | 課長（内線 2100 番台の代表）", "育児 | 週5日 | 部長"]

    assert said("\n".join(rows)) == rows


def test_of_a_text_that_grows_only_ended_claims_are_whole() -> None:
    assert "It is 3 days. And"[: whole("It is 3 days. And")].rstrip() == "It is 3 days."
    assert whole("It is 3.") == 0  # 3.5, perhaps


@given(st.text(alphabet="あ漢a1 .。!?\n「」-|", max_size=80))
def test_claims_do_not_overlap_and_leave_out_nothing_but_white_space(text: str) -> None:
    found = claims(text)

    assert all(first[1] <= second[0] for first, second in pairwise(found))
    assert "".join("".join(said(text)).split()) == "".join(text.split())
    assert all(text[start:end] == text[start:end].strip() != "" for start, end in found)
