"""A verdict is drawn to what was expected where little is known, and the act follows from it."""

import pytest

from kyozon.bootstrap.estimating import verifier
from kyozon.routing.judging import Judge
from kyozon.routing.verifying.answered import Answered, Stakes
from kyozon.routing.verifying.families import AGREEMENT
from tests.samples.sums import BAD, GOOD, QUESTION


@pytest.fixture(scope="module")
def judge() -> Judge:
    return Judge(verifier())


def test_a_wrong_sum_is_escalated_and_a_right_one_accepted(judge: Judge) -> None:
    stakes = Stakes(stronger=1.0, opinion=None, rate=0.1)
    good = judge.judge(Answered(QUESTION, GOOD, (), 0.8, 0.95), stakes)
    bad = judge.judge(Answered(QUESTION, BAD, (), 0.8, 0.95), stakes)
    assert (good.act, bad.act) == ("accept", "escalate")
    assert bad.good < 0.7 < good.good
    assert bad.reasons
    assert not any(word in name for name, _ in bad.reasons for word in ("apples", "crates", "401"))


def test_unlike_anything_known_nothing_is_learnt_from_a_look(judge: Judge) -> None:
    unknown = Stakes(stronger=1.0, opinion=None, rate=0.1, support=0.0)
    for words in (GOOD, BAD):
        found = judge.judge(Answered(QUESTION, words, (), 0.7, 0.9), unknown)
        assert (found.good, found.stronger) == (0.7, 0.9)
    half = judge.judge(Answered(QUESTION, BAD, (), 0.8, 0.95), Stakes(1.0, None, 0.1, support=0.5))
    whole = judge.judge(Answered(QUESTION, BAD, (), 0.8, 0.95), Stakes(1.0, None, 0.1))
    assert whole.good < half.good < 0.8


def test_an_opinion_is_asked_for_where_somebody_is_left(judge: Judge) -> None:
    shown = Answered(QUESTION, BAD, (), 0.9, 0.95)
    assert judge.judge(shown, Stakes(stronger=1.0, opinion=0.001, rate=0.2)).act == "ask"
    assert judge.judge(shown, Stakes(stronger=1.0, opinion=None, rate=0.2)).act != "ask"


def test_without_an_expectation_the_verdict_stands_alone(judge: Judge) -> None:
    found = judge.judge(Answered(QUESTION, GOOD), Stakes(1.0, None, 0.1, support=0.0))
    assert found.good == pytest.approx(verifier().judge(Answered(QUESTION, GOOD)).good, abs=1e-4)


def test_what_a_second_opinion_says_is_among_the_reasons_and_none_before_there_is_one(judge: Judge) -> None:
    alone = judge.judge(Answered(QUESTION, BAD, (), 0.8, 0.95), Stakes(1.0, None, 0.1))
    beside = judge.judge(Answered(QUESTION, BAD, (GOOD,), 0.8, 0.95), Stakes(1.0, None, 0.1))
    assert AGREEMENT not in dict(alone.reasons)
    assert AGREEMENT in dict(beside.reasons)
    assert dict(alone.reasons)["wrong calculations"] < 0
