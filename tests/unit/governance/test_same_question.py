"""The words that two questions must share, on pairs written to be confused (`tests/samples/questions.jsonl`)."""

from itertools import combinations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from kyozon.governance.same_question import LONGEST_QUESTION, essence
from tests.samples.questions import PAIRS, Pair

SAME = [pair for pair in PAIRS if pair.same]
DIFFERENT = [pair for pair in PAIRS if not pair.same]


def alike(pair: Pair) -> bool:
    return essence(pair.first) is not None and essence(pair.first) == essence(pair.second)


def test_no_two_different_questions_share_their_essence() -> None:
    assert [pair for pair in DIFFERENT if alike(pair)] == []


def test_half_of_the_paraphrases_do() -> None:
    found = sum(map(alike, SAME))
    assert (found, len(SAME)) == (50, 99)


def test_among_all_questions_none_is_taken_for_one_that_is_not_listed_as_the_same() -> None:
    """Every question against every other one: who shares an essence is in one family of paraphrases."""
    family: dict[str, int] = {}
    for number, pair in enumerate(SAME):
        joined = {family.get(pair.first, number), family.get(pair.second, number)}
        family |= {text: number for text, known in family.items() if known in joined}
        family |= {pair.first: number, pair.second: number}
    texts = sorted({text for pair in PAIRS for text in (pair.first, pair.second)})
    taken = [(a, b) for a, b in combinations(texts, 2) if essence(a) is not None and essence(a) == essence(b)]
    assert [(a, b) for a, b in taken if family.get(a, -1) != family.get(b, -2)] == []
    assert len(taken) > 50


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("How can I book a room?", "how do I book a room"),
        ("ＶＰＮとは？", "VPNとは何ですか"),
        ("Could you explain the wi-fi rules?", "Explain the wifi rules."),
        ("Hello! Could you please tell me how to book a room? Thanks!", "How do I book a room?"),
        ("What are the steps to book a room?", "How do I book a room?"),
        ("休暇の申請方法を教えてください。", "休暇はどうやって申請しますか"),
        ("休暇の申請方法は？", "お忙しいところ恐れ入りますが、休暇の申請方法を教えていただけますでしょうか。"),
        ("案内文を書いてください。", "案内文を書いて"),
    ],
)
def test_politeness_case_and_width_say_nothing(first: str, second: str) -> None:
    assert essence(first) == essence(second) is not None


@pytest.mark.parametrize("text", ["", "?", "please", "x" * (LONGEST_QUESTION + 1)])
def test_where_nothing_is_said_or_too_much_there_is_no_essence(text: str) -> None:
    assert essence(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "The invoice is paid.",
        "Fix the grammar: he go home",
        "会議は中止です。",
        "資料を確認します",
        "Why is x[1] one?",
        "is f(a) 2?",
    ],
)
def test_what_asks_nothing_and_what_is_code_is_not_compared(text: str) -> None:
    assert essence(text) is None


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Translate into German: You can come.", "Translate into German: You can come?"),
        ("Translate into German: Open the door.", "Translate into German: Open the door, please."),
        ("Translate into German: I saw a film.", "Translate into German: I saw the film."),
        ("次の文を英訳してください。犬は猫を追った。", "次の文を英訳してください。犬を猫は追った。"),
        ("社長は部長を評価しますか？", "社長を部長は評価しますか？"),
        ("担当者を教えてください。", "担当者とは何ですか？"),
        ("資料を確認してください。", "資料を確認しますか？"),
        ("Give me a cover letter.", "What is a cover letter?"),
        ("What does a firewall do?", "What is a firewall?"),
        ("How do I write to my manager?", "How do I write about my manager?"),
        ("How many grams are .5 ounces?", "How many grams are 5 ounces?"),
        ("How do I re-sign the contract?", "How do I resign the contract?"),
    ],
)
def test_what_looks_like_politeness_may_be_the_question(first: str, second: str) -> None:
    assert essence(first) != essence(second)


@given(st.text(max_size=60), st.integers(0, 10**6), st.integers(0, 10**6))
def test_another_number_is_another_question(around: str, one: int, other: int) -> None:
    first, second = (essence(f"How {around} {number} {around}") for number in (one, other))
    assume(first is not None)
    assert (first == second) == (one == other)


@given(st.text(max_size=LONGEST_QUESTION))
def test_any_text_has_one_essence_or_none(text: str) -> None:
    assert essence(text) == essence(text)


@given(
    st.text(alphabet="りんごみかんはの東京大阪 ソニー", max_size=12),
    st.text(alphabet="りんごみかんはの東京大阪 ソニー", max_size=12),
)
def test_quoted_text_agrees_to_the_letter(one: str, other: str) -> None:
    first, second = (essence(f"「{quoted}」を英語に訳して") for quoted in (one, other))
    assert (first == second) == (one == other)
