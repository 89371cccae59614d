"""Which of the two languages a caller gets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kyozon.domain.language import Text, preferred


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", "en"),
        ("ja", "ja"),
        ("ja-JP,ja;q=0.9,en;q=0.8", "ja"),
        ("en-US,en;q=0.9,ja;q=0.8", "en"),
        ("en;q=0.2, ja;q=0.9", "ja"),
        ("fr, de;q=0.9", "en"),
        ("fr, ja;q=0.1", "ja"),
        ("ja;q=0", "en"),
        ("JA", "ja"),
        ("ja;q=high, en;q=0.1", "en"),
    ],
)
def test_accept_language(header: str, expected: str) -> None:
    assert preferred(header) == expected


@given(st.text(max_size=60))
def test_any_header_is_survived(header: str) -> None:
    assert preferred(header) in ("en", "ja")


def test_text_speaks_both() -> None:
    text = Text("yes", "はい")
    assert (text.to("en"), text.to("ja")) == ("yes", "はい")
