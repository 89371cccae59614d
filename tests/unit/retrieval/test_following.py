"""Questions that go on."""

import pytest

from kyozon.domain.knowledge import LONGEST_QUERY
from kyozon.retrieval.following import fits, goes_on, queries

FIRST = [
    {"role": "user", "content": "出張の宿泊費の上限はいくらですか？"},
    {"role": "assistant", "content": "10,000円です。"},
]


def after(question: str) -> list[dict[str, str]]:
    return [*FIRST, {"role": "user", "content": question}]


@pytest.mark.parametrize("question", ["それは東京でも同じですか？", "大阪は？", "では、日当は？"])
def test_a_question_that_points_back_is_looked_for_with_the_one_before(question: str) -> None:
    assert goes_on(after(question))
    assert queries(after(question)) == (f"出張の宿泊費の上限はいくらですか？ {question}", question)


def test_a_question_of_its_own_stays_as_it_is() -> None:
    question = "育児休業を取得するときの申し出の期限を教えてください。"

    assert queries(after(question)) == (question,)
    assert queries(FIRST[:1]) == ("出張の宿泊費の上限はいくらですか？",)


def test_a_rewritten_question_is_taken_only_in_the_words_of_the_conversation() -> None:
    said = after("東京では？")

    assert fits("東京では出張の宿泊費の上限はいくらですか？", said)
    assert not fits("東京では出張の宿泊費の上限は13,000円ですか？", said)  # a number of its own
    assert not fits("富士山の高さを教えてください。", said)
    assert not fits("東京での出張の宿泊費の上限\nです。", said)
    assert not fits("", said)


def test_of_a_long_question_the_beginning_and_the_end_are_looked_for() -> None:
    long = "育児休業の期限は？" + "前文" * 10_000 + "以上を踏まえて答えてください。"
    for found in (queries([{"role": "user", "content": long}]), queries(after(long)), queries(after(long), long)):
        assert all(len(one) == LONGEST_QUERY for one in found)
        assert found[-1].startswith("育児休業の期限は？")
        assert found[-1].endswith("以上を踏まえて答えてください。")
    whole = "あ" * LONGEST_QUERY
    assert queries([{"role": "user", "content": whole}]) == (whole,)


def test_nobody_asks() -> None:
    with pytest.raises(ValueError, match="without a question"):
        queries([{"role": "assistant", "content": "Hello"}])
