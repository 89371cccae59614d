"""The final answer is found where it is marked, and two of them are compared as people would."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kyozon.routing.verifying.final import MARKS, Final, agree, final_answer


@pytest.mark.parametrize(
    ("answer", "text", "marked"),
    [
        ('{"reasoning": "2+2", "answer": "4"}', "4", "field"),
        ('```json\n{"answer": [1, 2]}\n```', "[1, 2]", "field"),
        ("So it is 12.\n#### 12", "12", "mark"),
        (r"Thus \boxed{\frac{1}{2}}.", r"\frac{1}{2}", "box"),
        ("The answer is (C).", "C", "letter"),
        ("正解は(イ)です。", "イ", "letter"),
        ("Answer: about twelve", "about twelve", "said"),
        ("She has 5 and then 7 left", "7", "number"),
        ("one\nI don't know", "I don't know", "line"),
        ("", "", "line"),
    ],
)
def test_finds_it(answer: str, text: str, marked: str) -> None:
    found = final_answer(answer)
    assert found.marked == marked
    if marked != "field" or not text.startswith("["):
        assert found.text == text


@pytest.mark.parametrize(
    ("one", "two", "expected"),
    [
        ("$1,200", "1200 dollars", True),
        ("12.0", "12", True),
        ("'abc'", "abc", True),
        ("[1, 2]", "[1,2]", True),
        ("[1, 2]", "[2, 1]", False),
        ("12", "13", False),
        ("C", "(D", False),
        ("", "", False),
    ],
)
def test_agrees(one: str, two: str, expected: bool) -> None:  # noqa: FBT001 - a case of the table
    assert agree(Final(one, "said"), Final(two, "said")) is expected
    assert agree(Final(two, "said"), Final(one, "said")) is expected


@given(st.text(max_size=400))
def test_never_raises(text: str) -> None:
    found = final_answer(text)
    assert found.marked in MARKS
    assert agree(found, found) in (True, False)
