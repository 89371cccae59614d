"""Text, Markdown and tables with separated values."""

import pytest

from kyozon.domain.errors import InvalidFile
from kyozon.domain.knowledge import Parsed
from kyozon.parsing.plain import parse_markdown, parse_separated, parse_text


def headings(parsed: Parsed) -> list[tuple[int, str, bool]]:
    """Level, title, and whether the title's words stand where it is said to begin."""
    return [(one.level, one.title, one.title in parsed.text[one.start : one.start + 80]) for one in parsed.headings]


def tables(parsed: Parsed) -> list[str]:
    return [parsed.text[start:end] for start, end in parsed.tables]


def test_markdown_keeps_its_headings_and_tables() -> None:
    code, table = "```\n# no heading\n| a | b |\n|---|---|\n```", "| 品 | 値 |\n|:--|--:|\n| 鉛筆 | 50 |\n"
    parsed = parse_markdown(f"# 規程 #\n\n序文\n======\n\n{code}\n\n節\n---\n\n{table}\n後の文\n", "x")

    assert headings(parsed) == [(1, "規程", True), (1, "序文", True), (2, "節", True)]
    assert parsed.title == "規程"
    assert tables(parsed) == [table]


def test_a_line_under_a_list_or_a_rule_makes_no_heading() -> None:
    assert headings(parse_markdown("文\n\n---\n\n# \n\n本文 #1\n", "x")) == []


def test_numbered_articles_are_headings_and_mentions_are_not() -> None:
    parsed = parse_text(
        "第１章　総則\n第１条（目的）\nこの規則は、第2条の定めによる。\n第2条　正社員に適用する。\n"
        "第2条の2（準用）前条を準用する。\n第3条の規定により、次のとおり\n第4条（雑則）に定める事項\n",
        "規則",
    )

    assert headings(parsed) == [
        (2, "第１章 総則", False),  # The full-width space of the text is one plain space in the title.
        (5, "第１条（目的）", True),
        (5, "第2条", True),
        (5, "第2条の2（準用）", True),
    ]
    assert parsed.title == "規則"


def test_what_follows_the_bracket_of_an_article_is_its_body() -> None:
    parsed = parse_text("第3条（始業時刻） 始業は8時45分\n第4条 休憩\n正午から1時間\n", "規則")

    assert [title for _, title, _ in headings(parsed)] == ["第3条（始業時刻）", "第4条 休憩"]


def test_one_mention_is_no_structure() -> None:
    assert parse_text("第1条（目的）\n一度だけ。", "x").headings == ()


@pytest.mark.parametrize(
    ("text", "separator"),
    [("品,値\n鉛筆,50\n", None), ("品\t値\n鉛筆\t50\n", "\t"), ("品;値\n鉛筆;50\n", None), ("品\t値\n鉛筆\t50\n", None)],
)
def test_separated_values_are_one_table(text: str, separator: str | None) -> None:
    assert tables(parse_separated(text, "x", separator)) == ["品 | 値\n鉛筆 | 50\n"]


def test_cells_with_line_ends_stay_on_their_row_and_empty_rows_go() -> None:
    parsed = parse_separated('品,注\n"鉛筆","一行目\n二行目, 続き"\n,\n消しゴム,\n', "x")

    assert tables(parsed) == ["品 | 注\n鉛筆 | 一行目 二行目, 続き\n消しゴム\n"]


def test_a_field_that_never_ends_is_refused() -> None:
    with pytest.raises(InvalidFile):
        parse_separated('a,"' + "x" * 200_000, "x")


@pytest.mark.parametrize("text", ["", " \n\t\n", "\u200b\ufeff"])
def test_a_file_without_words_is_refused(text: str) -> None:
    with pytest.raises(InvalidFile, match="no words"):
        parse_text(text, "x")
