"""The questions of `bench.citations` and the figures that it makes of their answers."""

import gzip
from collections import Counter
from pathlib import Path

import msgspec

from bench.citations.confirming import file_of, passages, written
from bench.citations.measuring import Answered, Asked, Part, libraries, questions
from bench.citations.page import metrics, page
from bench.report import Page


def test_the_questions_are_as_many_of_each_kind_as_the_page_says() -> None:
    kinds = Counter((question.language, bool(question.answer), question.held_out) for question in written())

    assert sum(kinds.values()) == len({question.text for question in written()}) == 168
    for language in ("ja", "en"):
        assert kinds[language, True, True] + kinds[language, True, False] >= 30
        assert kinds[language, False, True] + kinds[language, False, False] >= 30
        assert min(count for (own, _, _), count in kinds.items() if own == language) >= 15


def test_of_each_question_it_is_known_what_answers_it_or_what_is_missing() -> None:
    assert all(bool(question.answer) != bool(question.missing) for question in written())
    assert all(question.document or question.missing == "off topic" for question in written())


def test_of_the_largest_set_only_articles_are_searched_that_a_question_is_about(tmp_path: Path) -> None:
    about = next(question.document for question in written() if question.document.startswith("jsq-"))
    _pack(tmp_path, "ja_jsquad", [(about, "一"), ("jsq-other", "一"), ("jsq-far", "二")])
    _pack(tmp_path, "ja_law", [("law-x", "三")])

    assert passages(tmp_path) == {
        file_of(about): f"# 一\n\n{about}\n",
        "jsq-other.md": "# 一\n\njsq-other\n",
        "law-x.md": "# 三\n\nlaw-x\n",
    }
    assert set(libraries(tmp_path)) == {"papers", "passages"}
    assert set(libraries(None)) == {"papers"}


def test_every_question_has_a_collection_to_be_asked() -> None:
    everything = questions(others=True, quick=False)

    assert Counter(one.part for one in everything) == {"own": 129, "tried": 81, "held_out": 87}
    assert {one.collection for one in questions(others=False, quick=True)} == {"papers"}


def test_the_figures_keep_the_parts_apart() -> None:
    found = [
        _answered("own", "a", "refused"),
        _answered("own", "", "refused"),
        _answered("held_out", "a", "quoted", "it is A."),
        _answered("held_out", "", "quoted", "no"),
    ]

    figures = metrics(found)

    assert figures["pairs"] == 4
    assert (figures["answerable_refused"], figures["unanswerable_refused"]) == (0.5, 0.5)
    assert (figures["own.answerable_refused"], figures["own.unanswerable_refused"]) == (1.0, 1.0)
    assert (figures["held_out.answerable_right"], figures["held_out.en.unanswerable_refused"]) == (1.0, 0.0)
    assert not any(name.startswith("tried.") for name in figures)
    assert isinstance(page(found), Page)


def _answered(part: Part, answer: str, kind: str, *quotes: str) -> Answered:
    return Answered(Asked("papers", part, "en", "?", answer), kind, quotes, len(quotes), 0)


def _pack(folder: Path, name: str, papers: list[tuple[str, str]]) -> None:
    rows = [msgspec.json.encode({"doc_id": doc, "title": title, "text": doc}) for doc, title in papers]
    (folder / f"{name}.corpus.jsonl.gz").write_bytes(gzip.compress(b"\n".join(rows)))
    (folder / f"{name}.queries.jsonl.gz").write_bytes(gzip.compress(b""))
