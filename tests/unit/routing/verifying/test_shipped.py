"""The verifier that comes with Kyozon looks at what this version looks at, and tells a wrong sum from a right one."""

from pathlib import Path

import pytest

from kyozon.routing import verifying
from kyozon.routing.verifying.answered import Answered
from kyozon.routing.verifying.verifier import Verifier

_QUESTION = "Ann buys 3 boxes of 12 eggs each and breaks 5 of them. How many whole eggs has she?"
_RIGHT = "She buys 3 * 12 = <<3*12=36>>36 eggs. She has 36 - 5 = <<36-5=31>>31 left.\n#### 31"
_WRONG = "She buys 3 * 12 = <<3*12=38>>38 eggs. She has about 38 / 5 = <<38/5=7.61>>7.61 left.\n#### 7.61"


@pytest.fixture(scope="module")
def verifier() -> Verifier:
    return Verifier.read((Path(verifying.__file__).parent / "verifier.msgpack").read_bytes())


def test_a_right_answer_is_more_probable_than_a_wrong_one(verifier: Verifier) -> None:
    right = verifier.accept_probability(Answered(_QUESTION, _RIGHT))
    assert 0 < verifier.accept_probability(Answered(_QUESTION, _WRONG)) < right < 1


def test_agreement_speaks_for_an_answer(verifier: Verifier) -> None:
    beside = verifier.accept_probability(Answered(_QUESTION, _RIGHT, ("36 - 5 = 31. #### 31",)))
    against = verifier.accept_probability(Answered(_QUESTION, _RIGHT, ("36 + 5 = 41. #### 41",)))
    assert against < beside
    assert verifier.move(0) is not None


def test_a_look_moves_what_was_expected(verifier: Verifier) -> None:
    assert 0.5 < verifier.foresight.spread < 3
    assert 0 < verifier.foresight.tie < 0.5
