"""What a text says, and what it does not."""

import pytest

from kyozon.retrieval import citing, claims, composing, following, grounding, packing, prompting
from kyozon.retrieval import evidence as judging
from kyozon.retrieval.evidence import evidence
from kyozon.retrieval.grounding import across, numbers, support
from kyozon.retrieval.packing import packed
from tests.fakes.documents import LEAVE, WIFI, passage

RULE = "年次有給休暇は、入社日から起算して六か月間継続勤務した従業員に十日を与える。繰越は二年とする。"


@pytest.mark.parametrize(
    ("claim", "source"),
    [
        ("年次有給休暇は6か月継続勤務した従業員に10日与えられます。", RULE),
        ("Passwords are changed every 90 days.", WIFI),
        ("The help desk is in room 114.", WIFI),
    ],
)
def test_what_stands_there_in_other_words_is_supported(claim: str, source: str) -> None:
    assert support(claim, source).holds()


@pytest.mark.parametrize(
    ("claim", "source", "fault"),
    [
        ("年次有給休暇は6か月継続勤務した従業員に20日与えられます。", RULE, "number"),
        ("年次有給休暇は6か月継続勤務した従業員に10日与えられません。", RULE, "denial"),
        ("Passwords are changed every 30 days.", WIFI, "number"),
        ("Passwords are never changed every 90 days.", WIFI, "denial"),
        ("At the help desk Miller changes passwords every 90 days.", WIFI, "name"),
    ],
)
def test_another_number_name_or_denial_is_no_support(claim: str, source: str, fault: str) -> None:
    found = support(claim, source)

    assert fault in found.faults
    assert not found.holds()


def test_what_a_text_does_not_speak_of_is_not_supported() -> None:
    assert not support("社員食堂は無料で利用できます。", RULE).holds()
    assert not support("Lunch is served at noon.", WIFI).holds()


def test_across_languages_the_numbers_must_stand_together() -> None:
    claim = "You get 10 days of leave after 6 months."

    assert across(claim, RULE).holds()
    assert across(claim, RULE).span == (0, RULE.index("。") + 1)
    assert not across("You get 20 days of leave after 6 months.", RULE).holds()
    assert not across("You do not get 10 days of leave after 6 months.", RULE).holds()
    assert not across("You get some leave.", RULE).holds()  # nothing to compare
    assert not across(claim, WIFI).holds()


def test_numbers_are_the_same_in_every_script() -> None:
    assert numbers("二十五日、１，２００円、3か月") == {"25", "1200", "3"}


def test_no_run_of_numerals_takes_more_than_its_length() -> None:
    assert numbers("一" * 300_000) == set()


def test_no_words_are_kept_beyond_an_answer() -> None:
    for module in (citing, claims, composing, judging, following, grounding, packing, prompting):
        assert [name for name, one in vars(module).items() if hasattr(one, "cache_info")] == []


def test_the_place_is_no_longer_than_needed() -> None:
    start, end = support("繰越は二年とする。", RULE).span

    assert RULE[start:end] == "繰越は二年とする。"


def test_evidence_tells_a_question_that_is_answered_from_one_that_is_only_close() -> None:
    sources = packed([passage("休暇", LEAVE), passage("wifi", WIFI)], len, 1000)

    assert evidence("年次有給休暇は何日もらえますか？", sources).evident
    assert evidence("How often are passwords changed?", sources).evident
    assert not evidence("介護休業の期間は何週間ですか？", sources).evident
    assert not evidence("Which antivirus program is installed?", sources).evident
    assert not evidence("年次有給休暇は2031年に何日もらえますか？", sources).evident  # a year that no source names
