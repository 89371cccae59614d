"""Answers put together claim by claim."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from kyozon.retrieval.citing import aligned, marks_inside, stands, without_marks
from kyozon.retrieval.composing import NOT_FOUND, Composed, Composer
from kyozon.retrieval.packing import packed
from tests.fakes.documents import LEAVE, WIFI, passage

QUESTION = "How often are passwords changed?"
SOURCES = packed([passage("休暇", LEAVE), passage("wifi", WIFI, start=7)], len, 1000)
WORDS = [
    "年次有給休暇は6か月継続勤務した従業員に10日与えられます。【1】申請は3営業日前までに行います[1]。社員食堂は無料です。",
    "Passwords are changed every 90 days [2]. The walls are blue. Ask the help desk in room 114.[2]",
    "Passwords are changed every 30 days.",
    f"The walls are {'very ' * 80}blue. Passwords are changed every 90 days.[2] The floor is red.",
    "NOT_FOUND",
    "",
]


def composed(words: str, pieces: list[str] | None = None, *, evident: bool = True) -> Composed:
    question = "年次有給休暇の申請はいつですか？" if "。" in words else QUESTION
    composer = Composer(question, SOURCES, "ja" if "。" in words else "en", evident=evident)
    out = "".join(composer.feed(piece) for piece in pieces or [words])
    rest, found = composer.finish()
    assert out + rest == found.text
    return found


def test_each_claim_gets_the_place_that_says_it_and_the_others_are_marked() -> None:
    found = composed(WORDS[0])

    assert found.kind == "answered"
    assert [one.quote for one in found.citations] == [LEAVE.split("\n")[1], LEAVE.split("\n")[2]]
    assert found.text.endswith("社員食堂は無料です。［出典なし］")
    assert [bool(claim.citations) for claim in found.claims] == [True, True, False]


def test_every_quotation_stands_at_its_anchor_and_every_mark_where_it_says() -> None:
    texts = {"休暇": (LEAVE, 0), "wifi": (WIFI, 7)}
    for words in WORDS:
        found = composed(words)
        for number, citation in enumerate(found.citations, 1):
            assert stands(citation, *texts[citation.document])
            assert found.text[citation.at :].startswith(f"[{number}]")


def test_a_wrong_mark_is_put_right() -> None:
    (citation,) = composed("Passwords are changed every 90 days [1].").citations

    assert citation.document == "wifi"


def test_words_without_support_give_way_to_a_quotation() -> None:
    found = composed(WORDS[2])

    assert found.kind == "quoted"
    assert "30 days" not in found.text
    assert all(claim.citations for claim in found.claims)


def test_where_a_model_was_cut_off_proves_nothing_of_what_it_said_before() -> None:
    found = composed("The walls are blue. The floor is red. Passwords are changed every 90")

    assert found.kind == "quoted"
    assert "blue" not in found.text


@pytest.mark.parametrize("heading", ["第1条 休暇", "## 第1条 休暇", "休暇 第1条 休暇", "第1条 休暇 ぬるぽ"])
def test_headings_alone_make_no_answer(heading: str) -> None:
    assert composed(f"{heading} [1]\n社員食堂は無料です。").kind == "quoted"
    assert composed(f"{heading} [1]\n社員食堂は無料です。", evident=False).kind == "refused"


def test_a_heading_that_is_a_sentence_says_something() -> None:
    source = passage("faq", f"{WORDS[2]} Ask the help desk.\n")
    anchor = structs.replace(source.chunk.anchor, section=(WORDS[2],))
    sources = packed([structs.replace(source, chunk=structs.replace(source.chunk, anchor=anchor))], len, 1000)
    composer = Composer(QUESTION, sources, "en")
    composer.feed(WORDS[2])

    assert composer.finish()[1].kind == "answered"


def test_a_short_answer_needs_no_full_stop() -> None:
    assert composed("Passwords are changed every 90 days").kind == "answered"


@pytest.mark.parametrize("words", ["NOT_FOUND", "The passages do not mention the answer.", "資料に記載はありません。"])
def test_a_model_that_says_there_is_nothing_is_believed(words: str) -> None:
    found = composed(words)

    assert (found.kind, found.text in (NOT_FOUND.en, NOT_FOUND.ja)) == ("refused", True)


def test_where_nothing_is_evident_a_model_must_name_the_right_source() -> None:
    assert composed("Passwords are changed every 90 days.", evident=False).kind == "refused"
    assert composed("Passwords are changed every 90 days [1].", evident=False).kind == "refused"
    assert composed("Passwords are changed every 90 days [2].", evident=False).kind == "answered"


def test_nothing_unsupported_leaves_before_something_supported_has() -> None:
    composer = Composer(QUESTION, SOURCES, "en")

    assert composer.feed("The walls are blue. The floor is red. Pass") == ""
    assert composer.feed("words are changed every 90 days [2]. The sk").startswith(
        "The walls are blue. [not in the sources]"
    )


@pytest.mark.parametrize("token", ["....", "\n\n", "。", " word", " [", "あいう", "! ", "「「", "[1]"])
def test_a_model_that_finds_no_end_takes_no_time(token: str) -> None:
    """Takes minutes where all that has no end is looked through again for each token."""
    found = composed("".join([token] * 3000), [token] * 3000)

    assert found.kind == "quoted"


@pytest.mark.parametrize("run", [".", " ", "[", "[ ", "[1,", "。 ", "†"])
def test_no_run_takes_more_than_its_length_in_the_search_for_marks(run: str) -> None:
    for words in (f"a{run * 200_000}b", f"a.[{run * 200_000}b"):
        assert marks_inside(words) == words
        assert without_marks(words) == (words, ())


def test_a_claim_that_is_repeated_is_said_once() -> None:
    assert composed("Passwords are changed every 90 days. " * 5).text.count("90 days") == 1


@given(st.sampled_from(WORDS), st.lists(st.integers(0, 500), max_size=8))
def test_it_does_not_matter_how_a_stream_is_cut(words: str, cuts: list[int]) -> None:
    places = sorted({0, *(cut for cut in cuts if cut < len(words)), len(words)})
    pieces = [words[first:second] for first, second in pairwise(places)]

    assert composed(words, pieces or [""]) == composed(words)


@given(st.data())
def test_citations_stand_in_the_document_however_it_was_cut_into_passages(data: st.DataObject) -> None:
    said = [
        f"第{number}条では{number}日以内に{name}を提出する。"
        for number, name in enumerate(["申請書", "報告書", "領収書", "診断書"], 11)
    ]
    text = "\n".join(said)
    cuts = data.draw(st.lists(st.tuples(st.integers(0, len(text) - 1), st.integers(1, len(text))), min_size=1, max_size=5))
    spans = [(start, max(start + 1, end)) for start, end in cuts]
    passages = [passage("d", text[start:end], ordinal=place, start=start) for place, (start, end) in enumerate(spans)]
    composer = Composer("何日以内に提出しますか？", packed(passages, len, 1000), "ja")
    composer.feed("".join(data.draw(st.permutations(said))))
    _, found = composer.finish()

    assert all(stands(citation, text) for citation in found.citations)
    assert found.kind != "answered" or found.citations


def test_a_quotation_is_found_across_white_space_and_compatible_forms() -> None:
    text = "前文。ＡＢＣ 株式会社は\n1,200円を支払う。"

    assert aligned("ABC株式会社は1,200円", text) == (3, 19)
    assert aligned("XYZ株式会社", text) is None
