"""One tokeniser for all languages."""

import re
import unicodedata
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kyozon.retrieval.tokens import BITS, keys, keys_of


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


JOINED = "\u3005-\u3007\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
MIXED = st.text(st.sampled_from("税残業のでデー한국ab cdéß１Ａ_-、\n\u3099\u0301\U00020000") | st.characters(), max_size=40)


def tokens(text: str) -> Counter[str]:
    """What the numbers stand for, one text and one token at a time."""
    folded = unicodedata.normalize("NFKC", text).lower()
    joined = JOINED + "\uf900-\ufaff\uac00-\ud7a3\U00020000-\U0003ffff"
    found: Counter[str] = Counter()
    for run in re.findall(f"[{joined}]+", folded):
        found.update(character for character in run if not "\u3041" <= character <= "\u309f")
        found.update(run[at : at + 2] for at in range(len(run) - 1))
    for word in re.findall(rf"[^\W_{joined}]+", folded):
        held = f"<{word}>"
        found.update([held, *(f"#{held[at : at + 4]}" for at in range(len(held) - 3))])
    return found


@given(st.lists(MIXED, max_size=5))
def test_numbers_stand_for_tokens_one_for_one(texts: list[str]) -> None:
    """Cut together, alone, or token by token in so many words: the same, in every text and over all of them."""
    several, owners = keys_of(texts)
    assert not (several >> np.uint64(BITS)).any()
    for at, text in enumerate(texts):
        assert sorted(several[owners == at].tolist()) == sorted(keys(text).tolist())
        assert sorted(Counter(keys(text).tolist()).values()) == sorted(tokens(text).values())
    together = sum(map(tokens, texts), Counter[str]())
    assert sorted(Counter(several.tolist()).values()) == sorted(together.values())


def test_no_two_words_of_many_have_one_number() -> None:
    words = [f"{first}{second}{number}" for first in "abcd" for second in ("", "x", "xy") for number in range(1000)]
    assert len(set(keys_of(words)[0].tolist())) == len(set[str]().union(*map(tokens, words)))
