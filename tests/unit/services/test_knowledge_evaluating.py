"""What a search and an answer are worth to a question whose answer is known."""

import pytest

from kyozon.evaluation.questions import Question
from kyozon.services.knowledge.evaluating import Given, Wanted, found_scores, given_scores

QUOTE = "There are 20 days of leave a year."
WANTED = Wanted(Question("How much leave?", ("leave.md",), QUOTE, "20 days"), (frozenset({"f1"}),))
MOON = Wanted(Question("How far is the moon?", unanswerable=True))


def test_files_count_once_and_the_passage_must_hold_the_quote() -> None:
    found = [("f2", QUOTE), ("f2", "trains"), ("f1", "Leave"), ("f1", f"# Leave\n\n{QUOTE} And more.")]
    scores = found_scores(WANTED, found)
    assert (scores["files.recall"], scores["files.mrr10"]) == (1.0, 0.5)
    assert (scores["passages.recall"], scores["passages.mrr10"]) == (1.0, 0.25)


def test_what_is_not_found_is_worth_nothing() -> None:
    assert set(found_scores(WANTED, [("f2", "trains")]).values()) == {0.0}
    assert found_scores(WANTED, [("f1", "There are 20 days.")])["passages.recall"] == 0.0
    assert found_scores(MOON, [("f1", "moon")]) == {}


def test_each_named_file_is_wanted_and_any_of_one_name_will_do() -> None:
    both = Wanted(Question("a", ("a.md", "b.md")), (frozenset({"f1", "f3"}), frozenset({"f2"})))
    scores = found_scores(both, [("f3", "words")])
    assert scores["files.recall"] == 0.5
    assert "passages.recall" not in scores


def test_an_answer_is_measured_by_what_it_says_and_cites() -> None:
    cited = (("f1", "20 days of leave a year"), ("f1", "Trains run every ten minutes."), ("f2", QUOTE))
    scores = given_scores(WANTED, Given("answered", "You have 20 days.", claims=4, unsupported=1, citations=cited))
    assert scores == {
        "answers.given": 1.0,
        "answers.grounded": 0.75,
        "citations.files": pytest.approx(2 / 3),
        "citations.quotes": pytest.approx(1 / 3),
        "answers.words": 1.0,
    }


def test_refusing_is_right_where_there_is_no_answer() -> None:
    refused, said = Given("refused", "I could not find it."), Given("answered", "It is 384,400 km away.", claims=1)
    assert given_scores(MOON, refused) == {"answers.refused": 1.0}
    assert given_scores(MOON, said) == {"answers.refused": 0.0}
    assert given_scores(WANTED, refused) == {"answers.given": 0.0, "answers.words": 0.0}


def test_japanese_quotes_are_found_however_their_width() -> None:
    wanted = Wanted(Question("休暇は？", ("a",), "年間20日の休暇"), (frozenset({"a"}),))
    assert found_scores(wanted, [("a", "社員には年間２０日の\n休暇があります。")])["passages.recall"] == 1.0
