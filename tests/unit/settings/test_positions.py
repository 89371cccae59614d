import tomllib
from datetime import date
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from kyozon.settings.positions import line_of, positions
from tests.fakes.toml_writer import TomlWriter

KEYS = st.one_of(st.sampled_from(["a", "b-1", "C_2", "3"]), st.text("xé鍵.#[]\"'= \\", min_size=1, max_size=4))
TEXTS = st.text("abc #=,[]{}\"'\\\n\t日本", max_size=12)
SCALARS = st.one_of(st.integers(-9, 9), st.booleans(), st.dates(date(2000, 1, 1)), TEXTS)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=3)),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None)
@given(document=st.dictionaries(KEYS, VALUES, max_size=5), data=st.data())
def test_every_key_of_any_document_is_found_at_its_line(document: dict[str, Any], data: st.DataObject) -> None:
    writer = TomlWriter(lambda styles: data.draw(st.sampled_from(styles)))
    writer.table((), document)

    assert tomllib.loads(writer.text) == document
    assert positions(writer.text) == writer.lines


def test_a_key_under_an_array_of_tables_belongs_to_its_last_element() -> None:
    text = "[[box]]\n[[box]]\n[box.inner]\nkey = 1\n"

    assert positions(text)["box", 1, "inner", "key"] == 4


def test_a_string_may_end_in_quotes_of_its_own() -> None:
    text = 'a = """x""""\nb = """"" """""\nc = \'\'\'y\'\'\'\'\nd = 1\n'

    assert tomllib.loads(text)["b"] == '"" ""'
    assert positions(text)["d",] == 4


def test_a_table_defined_after_its_children_stands_at_its_own_header() -> None:
    assert positions("[a.b]\n\n[a]\nc = 1\n")["a",] == 3


def test_a_table_without_a_header_stands_where_its_first_child_does() -> None:
    assert positions("\n[a.b]\n[a.c]\n")["a",] == 2


def test_a_missing_key_is_looked_for_at_its_table() -> None:
    lines = positions("\n[server]\nport = 1\n")

    assert line_of(("server", "host"), lines) == 2
    assert line_of(("labels",), lines) is None
