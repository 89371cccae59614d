"""Which of the two languages a caller gets."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kyozon.domain.language import Language, Text, preferred


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


@pytest.mark.parametrize(
    ("header", "otherwise", "expected"),
    [
        ("", "ja", "ja"),
        ("*", "ja", "ja"),
        ("fr", "ja", "ja"),
        ("en", "ja", "en"),
        ("ja-JP, *;q=0.5", "en", "ja"),
        ("en;q=0.3, *", "en", "ja"),
        ("ja;q=0.1, *;q=0.5", "ja", "en"),
        ("en, ja", "ja", "en"),
        ("ja;q=0, *", "ja", "en"),
        ("ja;q=0", "ja", "en"),
        ("en ; q=1, ja", "en", "en"),
    ],
)
def test_the_installations_language_is_for_those_without_a_preference(
    header: str, otherwise: Language, expected: str
) -> None:
    assert preferred(header, otherwise) == expected


@given(st.text(alphabet="enja*,;q=.019- ", max_size=60), st.sampled_from(get_args(Language)))
def test_any_header_is_survived(header: str, otherwise: Language) -> None:
    assert preferred(header, otherwise) in ("en", "ja")


def test_text_speaks_both() -> None:
    text = Text("yes", "はい")
    assert (text.to("en"), text.to("ja")) == ("yes", "はい")
