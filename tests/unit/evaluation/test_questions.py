"""Files of questions: what they may say, and what is told of those that cannot be used."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kyozon.domain.errors import InvalidRequest
from kyozon.evaluation.questions import Question, questions_of

WORDS = st.text(min_size=1).filter(str.strip)


def told(text: str, *, table: bool = False) -> str:
    with pytest.raises(InvalidRequest) as refused:
        questions_of(text, table=table)
    assert len(refused.value.text.ja.splitlines()) == len(refused.value.text.en.splitlines())
    return refused.value.text.en


def test_lines_and_tables_say_the_same() -> None:
    leave = '{"question": "休暇は？", "files": ["leave.md", "a, b.md"], "quote": "20 日"}'
    lines = f'\ufeff{leave}\n\n{{"question": "Moon?", "unanswerable": true}}\n'
    table = '\ufeffquestion,files,quote,unanswerable\n休暇は？,"leave.md; a, b.md",20 日,\nMoon?,,,YES\n'
    asked = [Question("休暇は？", ("leave.md", "a, b.md"), "20 日"), Question("Moon?", unanswerable=True)]
    assert questions_of(lines) == ((1, asked[0]), (3, asked[1]))
    assert questions_of(table, table=True) == ((2, asked[0]), (3, asked[1]))


@given(st.lists(st.builds(Question, WORDS, st.lists(WORDS, min_size=1).map(tuple), st.text(), st.text()), min_size=1))
def test_what_is_written_is_read(asked: list[Question]) -> None:
    lines = "\n".join(msgspec.json.encode(one).decode() for one in asked)
    assert [one for _, one in questions_of(lines)] == asked


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("not json", "malformed"),
        ('{"question": "a", "files": ["b"], "qoute": "c"}', "qoute"),
        ('{"question": " ", "files": ["b"]}', "empty"),
        ('{"question": "a"}', "name the files"),
        ('{"question": "a", "files": ["b"], "unanswerable": true}', "has no files"),
        ('{"question": "a", "unanswerable": true, "quote": "c"}', "has no files"),
    ],
)
def test_each_mistake_is_told_with_its_line(line: str, why: str) -> None:
    said = told('{"question": "a", "files": ["b"]}\n' + line)
    assert said.splitlines()[1].startswith("  line 2: ")
    assert why in said


def test_the_first_mistakes_are_told() -> None:
    said = told("\n".join(["{"] * 9)).splitlines()
    assert (len(said), said[-1]) == (7, "  and 4 more")


def test_a_table_needs_its_columns_and_yes_or_no() -> None:
    assert "columns" in told("frage,files\na,b\n", table=True)
    assert "columns" in told("question,datei\na,b\n", table=True)
    assert "line 2" in told("question,unanswerable\na,perhaps\n", table=True)
    assert "no question" in told("question,files\n", table=True)


def test_a_key_changes_with_what_is_expected() -> None:
    first = Question("a", ("b",))
    assert first.key == Question("a", ("b",)).key
    assert len({first.key, Question("a", ("c",)).key, Question("a", ("b",), "q").key}) == 3
