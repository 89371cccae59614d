"""One row of named numbers for any answer, and the signs that it shows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kyozon.routing.verifying.answered import Answered
from kyozon.routing.verifying.features import NAMES, row

_QUESTION = "How many legs do 80 spiders with 8 legs and half of 10 birds have?"
_CHOICE = "What is 6 * 7?\nA. 40\nB. 42\nC. 44\nD. none of these"
_TEXTS = st.text(max_size=200) | st.sampled_from(
    [_QUESTION, _CHOICE, "#### 7", "def f(x):\nassert f(1) == ??", "1" * 400, "1,000" * 90]
)


def _named(answered: Answered) -> dict[str, float]:
    return dict(zip(NAMES, row(answered).tolist(), strict=True))


@given(_TEXTS, _TEXTS, st.lists(_TEXTS, max_size=3))
def test_any_text_gives_a_row_without_infinities(prompt: str, answer: str, others: list[str]) -> None:
    found = row(Answered(prompt, answer, tuple(others)))
    assert found.shape == (len(NAMES),)
    assert not np.isinf(found).any()


def test_wrong_arithmetic_shows() -> None:
    right = _named(Answered(_QUESTION, "80 * 8 = 640. 10 / 2 = 5. 5 * 2 = 10. 640 + 10 = 650\n#### 650"))
    wrong = _named(Answered(_QUESTION, "80 * 8 = 680. 10 / 2 = 5. 5 * 2 = 10. 680 + 10 = 690\n#### 690"))
    assert right["any wrong calculation"] == 0 < wrong["any wrong calculation"]
    assert right["final is the last result"] == 1
    assert right["numbers unused"] < _named(Answered(_QUESTION, "#### 650"))["numbers unused"]


def test_a_choice_that_does_not_fit_what_was_reckoned_shows() -> None:
    fits = _named(Answered(_CHOICE, "6 * 7 = 42. The answer is (B)."))
    misfits = _named(Answered(_CHOICE, "6 * 7 = 42. The answer is (C)."))
    assert fits["choice: result among them"] == 1
    assert misfits["choice: another is nearer"] == 1


def test_agreement_and_its_absence_show() -> None:
    agreed = _named(Answered(_QUESTION, "#### 650", ("It is 650", "#### 650")))
    alone = _named(Answered(_QUESTION, "#### 650", ("#### 690", "The answer: 690")))
    assert (agreed["share that agrees"], agreed["others agree on something else"]) == (1, 0)
    assert (alone["share that agrees"], alone["others agree on something else"]) == (0, 1)


@pytest.mark.parametrize("name", ["expected of the prompt", "log-probability", "share that agrees", "choice: place"])
def test_what_is_unknown_is_no_number(name: str) -> None:
    assert np.isnan(_named(Answered(_QUESTION, "#### 650"))[name])
