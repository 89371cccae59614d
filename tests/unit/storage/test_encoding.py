import json

from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from kyozon.domain.labels import Label, Level
from kyozon.storage.encoding import to_json, to_text


class Note(Struct):
    text: str


@given(st.lists(st.sampled_from(["\0", "\\", "u0000", '"', "\n", "あ", "x"])).map("".join))
def test_only_nul_is_replaced(text: str) -> None:
    assert json.loads(to_json(Note(text))) == {"text": text.replace("\0", "\ufffd")}


def test_a_backslash_before_what_looks_like_nul_stays() -> None:
    assert json.loads(to_json(Note("\\u0000 \0"))) == {"text": "\\u0000 \ufffd"}
    assert to_text("a\0b") == "a\ufffdb"


def test_equal_values_are_equal_bytes() -> None:
    """The order of a set differs from process to process, and from one way of making it to another."""
    names = [f"c{number}" for number in range(9)]
    written = {to_json(Label(Level.PUBLIC, frozenset(order))) for order in (names, names[::-1], sorted(names, key=hash))}
    assert [json.loads(text)["compartments"] for text in written] == [names]
