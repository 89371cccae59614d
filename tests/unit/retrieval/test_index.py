"""What is found, by words and by vectors, and what is not."""

from kyozon.domain.knowledge import Comparison
from kyozon.retrieval.fusing import Fusion
from kyozon.retrieval.index import Index
from kyozon.retrieval.postings import ROWS
from tests.unit.retrieval.worlds import SHUT, Paper, Passage, paper, put, search

LEAVE = paper("doc_leave", "有給休暇は半日単位で取得できる。", "病気休暇には診断書が必要である。")
TRAVEL = paper("doc_travel", "出張の宿泊費は一泊一万二千円までとする。")
ENGLISH = paper("doc_rooms", "Meeting rooms are booked through the calendar.")


def names(found: object) -> list[tuple[str, int]]:
    return [(one.document, one.ordinal) for one in found]  # type: ignore[attr-defined]


def test_words_find_the_passage_that_has_them() -> None:
    index = put(Index(), LEAVE, TRAVEL, ENGLISH)
    assert names(search(index, "宿泊費はいくらまで？")) == [("doc_travel", 0)]
    assert names(search(index, "病気のときの休暇"))[0] == ("doc_leave", 1)
    assert names(search(index, "booking a meeting room")) == [("doc_rooms", 0)]


def test_words_in_other_widths_and_cases_are_the_same() -> None:
    index = put(Index(), paper("doc_a", "ＡＢＣ株式会社のﾃﾞｰﾀ"), TRAVEL)
    assert names(search(index, "abc")) == names(search(index, "データ")) == [("doc_a", 0)]


def test_the_nearest_window_of_a_passage_stands_for_it() -> None:
    far, near, middling = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.5, 0.5, 0.0)
    one = Paper("doc_one", (Passage("…", (far, near)),))
    two = Paper("doc_two", (Passage("…", (middling,)),))
    found = search(put(Index(), two, one), "無関係", (0.0, 1.0, 0.0))
    assert names(found) == [("doc_one", 0), ("doc_two", 0)]


def test_a_query_that_shares_no_word_is_left_to_the_vectors() -> None:
    one = Paper("doc_ja", (Passage("自転車での通勤には届出が必要です。", ((0.0, 1.0),)),))
    two = Paper("doc_en", (Passage("The cafeteria opens at noon.", ((1.0, 0.0),)),))
    found = search(put(Index(), one, two), "May I ride a bike to the office?", (0.1, 1.0))
    assert found[0].document == "doc_ja"


def test_without_vectors_the_words_alone_decide() -> None:
    index = put(Index(), LEAVE, TRAVEL)
    assert search(index, "宿泊費", (1.0, 0.0)) == search(index, "宿泊費")


def test_what_is_removed_is_not_found_and_what_is_put_again_is_new() -> None:
    index = put(Index(), LEAVE, TRAVEL)
    index.remove("doc_travel")
    assert search(index, "宿泊費") == ()
    assert len(index) == 2
    put(index, paper("doc_leave", "宿泊費"))
    assert names(search(index, "宿泊費")) == [("doc_leave", 0)]
    assert search(index, "有給休暇") == ()


def test_compaction_gives_room_back_and_changes_nothing() -> None:
    index = put(Index(), TRAVEL, LEAVE, ENGLISH)
    index.remove("doc_leave")
    before, size = search(index, "宿泊 meeting"), index.nbytes
    index.compact()
    assert search(index, "宿泊 meeting") == before
    assert index.nbytes < size


def test_rights_change_without_the_words_being_put_again() -> None:
    index = put(Index(), TRAVEL)
    index.describe(paper("doc_travel", label=SHUT).entry)
    assert search(index, "宿泊費") == ()
    index.describe(paper("doc_travel", readers=frozenset({"group:sales"})).entry)
    assert search(index, "宿泊費") == ()
    index.describe(paper("doc_travel", readers=frozenset({"user:ken"})).entry)
    assert names(search(index, "宿泊費")) == [("doc_travel", 0)]


def test_a_filter_holds_before_anything_is_counted() -> None:
    old, new = (paper(f"doc_{year}", "宿泊費の規程", attributes={"year": year}) for year in (2025.0, 2026.0))
    index = put(Index(), old, new)
    (found,) = search(index, "宿泊費", condition=Comparison("year", "gte", 2026.0))
    assert found == search(put(Index(), new), "宿泊費")[0]


def test_there_are_no_empty_seats_among_the_best() -> None:
    shut = [paper(f"doc_{number}", "秘密の宿泊費", label=SHUT) for number in range(20)]
    open_ones = [paper(f"doc_open_{number}", "宿泊費") for number in range(3)]
    index = put(Index(fusion=Fusion(candidates=3)), *shut, *open_ones)
    assert len(search(index, "秘密の宿泊費", most=3)) == 3


def test_equals_come_by_name_and_ordinal() -> None:
    papers = [paper(name, "宿泊費", "宿泊費") for name in ("doc_b", "doc_a")]
    found = search(put(Index(), *papers), "宿泊費", most=3)
    assert names(found) == [("doc_a", 0), ("doc_a", 1), ("doc_b", 0)]


def test_nothing_is_found_in_an_empty_index_or_with_no_words() -> None:
    assert search(Index(), "宿泊費", (1.0, 0.0)) == ()
    assert search(put(Index(), LEAVE), "…！") == ()


def test_many_at_once_are_found_as_one_after_the_other() -> None:
    """More than are cut together, and more than one segment holds; each with vectors that stand beside others."""
    words = ("有給", "休暇", "宿泊費", "travel", "rooms", "2026年")
    papers = [
        Paper(
            f"doc_{number}",
            tuple(
                Passage(
                    words[number % 6] + words[row % 5] * (row % 3) + f" no{number}",
                    ((1.0, number % 7 - 3.0, row - 1.0), (0.5, 1.0, number % 11 - 5.0))[: row % 3],
                )
                for row in range(1 + number % 4)
            ),
        )
        for number in range(1700)
    ]
    together, apart = Index(), Index()
    together.put_all([(one.entry, [passage.piece(at) for at, passage in enumerate(one.passages)]) for one in papers])
    for number, one in enumerate(papers):
        put(apart, one)
        if number % 600 == 0:
            search(apart, "休暇")  # which seals a segment of its own
    assert len(together) == len(apart) > ROWS
    for text, vector in (("休暇と宿泊費", (0.0, 1.0, 0.5)), ("no77 travel", ()), ("rooms", (1.0, 2.0, 1.0))):
        found = search(together, text, vector, most=50)
        assert found
        assert found == search(apart, text, vector, most=50)
    put(together, papers[0])
    assert search(together, "no0 有給")[0].document == "doc_0"
