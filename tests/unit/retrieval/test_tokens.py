"""One tokeniser for all languages."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kyozon.retrieval.tokens import keys


def shared(one: str, other: str) -> int:
    return len(set(keys(one).tolist()) & set(keys(other).tolist()))


def test_characters_and_pairs_but_of_hiragana_pairs_alone() -> None:
    assert len(keys("残業")) == 3
    assert len(keys("です")) == 1
    assert len(keys("残業です")) == 5  # two characters and three pairs


def test_words_and_their_pieces() -> None:
    assert len(keys("book")) == 1 + 3  # <boo book ook>
    assert shared("booking", "booked") >= 2
    assert shared("Rechnung", "Rechnungen") >= 5
    assert len(keys("a")) == 1


@pytest.mark.parametrize(("one", "other"), [("ﾃﾞｰﾀ", "データ"), ("ＡＢＣ", "abc"), ("①", "1"), ("Straße", "straße")])
def test_forms_of_the_same_are_the_same(one: str, other: str) -> None:
    assert keys(one).tolist() == keys(other).tolist()


def test_pairs_do_not_reach_over_what_parts_them() -> None:
    assert shared("残業。時間", "業時") == 2  # the characters, not the pair


def test_how_often_is_kept_and_nothing_comes_of_signs() -> None:
    assert len(keys("税 税 税")) == 3
    assert len(keys("…、！ \n")) == len(keys("")) == 0


@given(st.text())
def test_any_text_has_keys_that_do_not_hang_on_what_stands_before(text: str) -> None:
    found = keys(text)
    assert found.dtype == np.uint64
    assert set(found.tolist()) <= set(keys(f"残業\n{text}\n残業").tolist())
