"""Chunks: their anchors are exact, they follow the structure, and nothing of a document is lost between them."""

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kyozon.domain.knowledge import Chunking, Heading, Parsed
from kyozon.parsing.plain import parse_text
from kyozon.retrieval.sentences import clauses, lines, paragraphs, runs, sentences
from kyozon.retrieval.splitting import estimated, split

LONG = 300_000
_ALPHABET = st.sampled_from(
    ["あ", "漢", "。", "！", "」", "\n", "\n\n", " ", "word ", ". ", "| x\n", "- ", "が\u3099", "1", "👨\u200d👩"]
)


@st.composite
def documents(draw: st.DrawFn) -> Parsed:
    text = "".join(draw(st.lists(_ALPHABET, max_size=120)))
    offsets = st.integers(0, max(0, len(text) - 1))
    starts = sorted(draw(st.sets(offsets, max_size=5)))
    headings = tuple(Heading(start, draw(st.integers(1, 4)), f"h{start}") for start in starts)
    edges = sorted(draw(st.sets(offsets, max_size=4)))
    tables = tuple(zip(edges[::2], edges[1::2], strict=False))
    pages = (0, *sorted(draw(st.sets(offsets, max_size=3)))) if draw(st.booleans()) else ()
    scanned = tuple(zip(edges[1::2], edges[2::2], strict=False))
    return Parsed(text, draw(st.sampled_from(["", "題"])), pages, headings, tables, scanned)


@given(documents(), st.integers(8, 60), st.integers(0, 30))
def test_anchors_are_exact_and_nothing_is_lost(parsed: Parsed, tokens: int, overlap: int) -> None:
    chunks = split(parsed, Chunking(tokens, overlap))
    covered = set[int]()
    for number, chunk in enumerate(chunks):
        start, end = chunk.anchor.start, chunk.anchor.end
        assert chunk.ordinal == number
        assert chunk.text == parsed.text[start:end] == chunk.text.strip() != ""
        assert estimated(chunk.text) <= tokens
        covered |= set(range(start, end))
    assert not "".join(letter for at, letter in enumerate(parsed.text) if at not in covered).strip()


@given(documents(), st.integers(8, 60))
def test_chunks_know_their_pages_and_go_forward(parsed: Parsed, tokens: int) -> None:
    chunks = split(parsed, Chunking(tokens, tokens // 3))
    for chunk in chunks:
        page, last = chunk.anchor.page, chunk.anchor.last_page
        read = any(start < chunk.anchor.end and chunk.anchor.start < end for start, end in parsed.scanned)
        assert chunk.anchor.scanned is read is bool(chunk.anchor.scans)
        located = {at for start, end in chunk.anchor.scans for at in range(start, end)}
        assert located == {at for start, end in parsed.scanned for at in range(start, end)} & set(
            range(chunk.anchor.start, chunk.anchor.end)
        )
        if not parsed.pages:
            assert (page, last) == (None, None)
            continue
        assert page is not None
        assert last is not None
        assert parsed.pages[page - 1] <= chunk.anchor.start
        assert parsed.pages[last - 1] < chunk.anchor.end
        assert all(start >= chunk.anchor.end for start in parsed.pages[last:])
    assert [one.anchor.start for one in chunks] == sorted({one.anchor.start for one in chunks})
    assert [one.anchor.end for one in chunks] == sorted({one.anchor.end for one in chunks})


@given(st.lists(_ALPHABET, max_size=60).map("".join), st.integers(1, 20))
def test_pieces_tile_their_text(text: str, length: int) -> None:
    for spans in (
        *(cut(text, 0, len(text)) for cut in (paragraphs, sentences, lines, clauses)),
        runs(text, 0, len(text), length),
    ):
        assert "".join(text[start:end] for start, end in spans) == text


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("最初の文。次の文！三つ目？", ["最初の文。", "次の文！", "三つ目？"]),
        ("「はい。」と答えた。終わり。", ["「はい。」と答えた。", "終わり。"]),
        ("「はい。」次の文。", ["「はい。」", "次の文。"]),
        ("利率は３．５とする。以上。", ["利率は３．５とする。", "以上。"]),
        (
            "Ask Mr. Smith, e.g. at No. 5. He knows. J. Doe does not.",
            ["Ask Mr. Smith, e.g. at No. 5. ", "He knows. ", "J. Doe does not."],
        ),
        ("次のとおり\n- 一つ目\n- 二つ目\n(1) 細目", ["次のとおり\n", "- 一つ目\n", "- 二つ目\n", "(1) 細目"]),
        ("行の途中で\n折り返す文。", ["行の途中で\n折り返す文。"]),
    ],
)
def test_sentences_end_where_people_end_them(text: str, parts: list[str]) -> None:
    assert [text[start:end] for start, end in sentences(text, 0, len(text))] == parts


RULES = """# 就業規則

## 第1章 総則

### 第1条（目的）

この規則は労働条件を定める。ここに定めのない事項は法令による。

### 第2条（適用）

正社員に適用する。

| 等級 | 手当 |
|---|---|
| 一級 | 10,000円 |
| 二級 | 20,000円 |
| 三級 | 30,000円 |
"""


def rules() -> Parsed:
    headings = tuple(
        Heading(found.start(), len(found[1]), found[2]) for found in re.finditer(r"^(#+) (.*)$", RULES, re.MULTILINE)
    )
    return Parsed(RULES, "就業規則", (0, RULES.index("### 第2条")), headings, ((RULES.index("| 等級"), len(RULES)),))


def test_a_heading_begins_a_chunk_and_goes_with_what_is_under_it() -> None:
    first, second = split(rules(), Chunking())

    assert first.text.startswith("# 就業規則\n\n## 第1章 総則\n\n### 第1条")
    assert first.context == ""  # It is all in the text.
    assert first.anchor.section == ("就業規則", "第1章 総則", "第1条（目的）")
    assert second.text.startswith("### 第2条")
    assert second.context == "就業規則\n第1章 総則"
    assert (second.anchor.page, second.anchor.last_page) == (2, 2)


def test_articles_with_their_words_in_the_same_line_are_chunks_of_their_own() -> None:
    lines = ("第1章 勤務", "第3条（始業時刻）始業時刻は午前8時45分とする。", "第4条（休憩）休憩は正午から1時間とする。")
    text = "\n".join(lines)
    chunks = split(parse_text(text, "規則"), Chunking())

    assert [chunk.text for chunk in chunks] == ["\n".join(lines[:2]), lines[2]]
    assert [chunk.anchor.section for chunk in chunks] == [
        ("第1章 勤務", "第3条（始業時刻）"),
        ("第1章 勤務", "第4条（休憩）"),
    ]


def test_a_list_of_contents_stays_together() -> None:
    text = "第3条（始業時刻）……………1\n第4条（休憩）  2\n第5条（休日）"

    assert [chunk.text for chunk in split(parse_text(text, "規則"), Chunking())] == [text]


def test_a_table_is_parted_between_rows_and_keeps_its_header() -> None:
    chunks = [chunk for chunk in split(rules(), Chunking(tokens=36, overlap=10)) if "円" in chunk.text]

    assert len(chunks) > 1
    assert chunks[0].text.startswith("| 等級 | 手当 |\n|---|---|\n| 一級")  # A header never stands alone.
    assert all(line.startswith("|") for chunk in chunks[1:] for line in chunk.text.splitlines())
    assert [chunk.context.splitlines()[-1] for chunk in chunks[1:]] == ["| 等級 | 手当 |"] * (len(chunks) - 1)
    assert sum(chunk.text.count("円") for chunk in chunks) == 3  # No row stands twice.


def test_a_header_that_is_too_long_is_cut_in_the_context() -> None:
    text = "項目、" * 200 + "\n" + "一行目\n二行目\n" * 20
    chunks = split(Parsed(text, tables=((0, len(text)),)), Chunking(tokens=100, overlap=0))

    assert len(chunks) > 3
    assert all(0 < len(chunk.context) <= 240 for chunk in chunks[1:])
    assert chunks[-1].context == text[:240]


def test_the_next_chunk_repeats_the_last_sentences() -> None:
    text = "".join(f"これは{number}番目の文である。" for number in "一二三四五六七八九")
    chunks = split(Parsed(text), Chunking(tokens=30, overlap=10))

    assert len(chunks) > 2
    for before, after in pairwise(chunks):
        assert before.anchor.start < after.anchor.start < before.anchor.end
        assert after.text.startswith("これは")
    apart = split(Parsed(text), Chunking(tokens=30, overlap=0))
    assert "".join(chunk.text for chunk in apart) == text


def test_a_paragraph_that_does_not_fit_begins_the_next_chunk() -> None:
    one, other = "前の段落は長い文である。" * 3, "後の段落も長い文である。" * 3
    chunks = split(Parsed(f"{one}\n\n{other}"), Chunking(tokens=40, overlap=0))

    assert [chunk.text for chunk in chunks] == [one, other]


def test_a_counter_of_ones_own_is_used() -> None:
    chunks = split(Parsed("一。二。三。四。"), Chunking(tokens=4, overlap=0), len)

    assert [chunk.text for chunk in chunks] == ["一。二。", "三。四。"]


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        # Counted by the model's own tokeniser.
        ("1,234,567 8,901 2026年11月22日 〒100-0001 東京都千代田区千代田1-1 03-1234-5678", 33),
        ("年次有給休暇は、雇入れの日から起算して六箇月間継続勤務した労働者に対して与えなければならない。", 29),
        ("An employee who has been in continuous service for six months is granted ten days of annual paid leave.", 21),
    ],
)
def test_the_estimate_is_not_far_off(text: str, tokens: int) -> None:
    assert tokens * 0.75 <= estimated(text) <= tokens * 1.5


@pytest.mark.parametrize(
    "text",
    [
        "." * LONG,
        "a? " * LONG,
        "。" * LONG + "」は",
        "。" + "」" * LONG + "は",
        "a" + "\n" * LONG + "b",
        "x" + "\n \n" * LONG + "b",
        "a." + " " * LONG + "b",
        "1. " * LONG,
    ],
    ids=["dots", "questions", "stops", "brackets", "newlines", "blank lines", "spaces", "items"],
)
def test_no_run_of_marks_or_white_space_takes_more_than_its_length(text: str) -> None:
    """Takes hours where a run is looked through again from each of its characters."""
    found = sentences(text, 0, len(text))

    assert found[0][0] == 0
    assert all(one[1] == other[0] for one, other in pairwise(found))


def test_white_space_fills_a_chunk_too() -> None:
    chunks = split(Parsed("語\n" + " " * 100_000 + "\n語"), Chunking(100, 0))

    assert [chunk.text for chunk in chunks] == ["語", "語"]


def test_many_tables_under_many_headings_are_each_found_once() -> None:
    part = "# h\n| a |\n| b |\n"
    starts = range(0, len(part) * 20_000, len(part))
    headings = tuple(Heading(start, 1, "h") for start in starts)
    tables = tuple((start + 4, start + len(part)) for start in starts)
    chunks = split(Parsed(part * 20_000, headings=headings, tables=tables), Chunking(100, 0))

    assert len(chunks) == 20_000
