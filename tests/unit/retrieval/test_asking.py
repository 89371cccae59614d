"""What a question asks for, and whether a place has it."""

import pytest

from kyozon.retrieval.asking import asked, held
from kyozon.retrieval.evidence import evidence
from kyozon.retrieval.grounding import folded_numbers, numbers
from kyozon.retrieval.packing import packed
from tests.fakes.documents import passage

CHILDREN = "アマルティア・センは9歳の時に、200万部の新聞を見た。"


def _holds(question: str, place: str) -> bool:
    folded = folded_numbers(question)
    return held(asked(folded), folded, folded_numbers(place), numbers(question))


@pytest.mark.parametrize(
    ("question", "place"),
    [
        ("宿泊費の上限はいくらですか？", "1泊13,000円を上限とする。"),
        ("値上げに納得できないときはいくら払えばいいですか？", "相当と認める額を支払う。"),
        ("見積もりは何社から取りますか？", "三者以上から見積書を徴する。"),
        ("休暇は何日ですか？", "連続五日とする。"),
        ("訓練は年に何回ありますか？", "毎年6月と11月の年2回実施する。"),
        ("何人まで入れますか？", "60名まで利用できる。"),
        ("アマゾンの何パーセントがブラジルですか？", "森林の6割がブラジルにある。"),
        ("証券取引所が再開したのは何年ですか？", "It was re-established in April 1991."),
        ("How much does membership cost?", "Membership costs 35 pounds a year."),
        ("By how much is the price reduced?", "The price is reduced by 2 percent."),
        ("How many books may I borrow?", "Two at a time, three for students."),
        ("How often are eye showers tested?", "Eye showers are tested every week."),
        ("What share of the shops closed?", "Half of them did."),
        ("On which day did he die?", "He died on 7 January 1943."),
        ("At what temperature does it boil?", "It boils at 100 °C."),
        ("何度も失敗したらどうなりますか？", "ロックされる。"),
        ("何日もらえますか？", "連続5日とする。"),
        ("いくら待っても来ないときはどうしますか？", "電話する。"),
        ("How much time does it take to get paid?", "Wait."),
        ("What is the procedure for the refund of a fee?", "Write to us."),
        ("Who signed it?", "Nobody."),
        ("どこで会いますか？", "駅で会う。"),
    ],
)
def test_what_is_asked_for_is_found(question: str, place: str) -> None:
    assert _holds(question, place)


@pytest.mark.parametrize(
    ("question", "place"),
    [
        ("文庫の値段はいくらですか？", "55万部を超えるヒット作となっている。"),
        ("子どもは何人いますか？", CHILDREN),
        ("2015年には何トンでしたか？", "2015年は多かった。"),
        ("窓口の電話番号を教えてください。", "相談窓口は人事部に設ける。"),
        ("何パーセントですか？", "約300人である。"),
        ("何日もらえますか？", "休暇を与える。"),
        ("What is the late fee?", "There is one."),
        ("How much does admission cost?", "The collection holds 14,000 outfits."),
        ("How many came in 2013?", "In 2013 many came."),
        ("What share of the people died?", "Many people died in 1350."),
        ("On which day in 2013 did the trial open?", "The trial opened in 2013."),
        ("At what temperature does it boil?", "It boils after 10 minutes."),
    ],
)
def test_what_is_asked_for_is_missing(question: str, place: str) -> None:
    assert not _holds(question, place)


@pytest.mark.parametrize(
    "question",
    [
        "How much notice do I give before my salary stops?",
        "What does the policy say about cost overruns?",
        "What do I do if the course has no cost centre?",
    ],
)
def test_who_only_mentions_money_does_not_ask_for_it(question: str) -> None:
    assert not asked(folded_numbers(question))


def test_the_same_is_asked_for_once_however_often_it_is_said() -> None:
    assert len(asked("何人" * 2000)) == 1


def test_all_words_of_a_question_are_no_evidence_without_what_it_asks_for() -> None:
    sources = packed([passage("s", CHILDREN)], len, 1000)

    assert evidence("アマルティア・センは新聞を何歳の時に見ましたか？", sources).evident
    assert not evidence("アマルティア・センは新聞を何人で見ましたか？", sources).evident


def test_nothing_is_evident_where_nothing_was_found() -> None:
    assert not evidence("休暇は何日ですか？", ()).evident
