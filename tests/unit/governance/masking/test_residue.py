from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kyozon.domain.masking import Span
from kyozon.governance.masking.residue import GRAM, extended, survives

WORDS = st.text(st.sampled_from("abcdefghijklmnopqrstuvwxyz0123456789東京都千代田区"), max_size=30)
VALUES = st.text(st.sampled_from("abcdefghij0123456789東京都千代田区"), min_size=GRAM, max_size=20)


@pytest.mark.parametrize(
    "left",
    [
        "丸の内1-1-1に行く",  # a part
        "東京都千代田区丸の内１－１－１",  # wide
        "東京都千代\u200b田区丸の内1-1-1",  # with a sign that nobody sees
    ],
)
def test_what_is_left_of_a_value_is_found(left: str) -> None:
    assert survives(["", left], ["東京都千代田区丸の内1-1-1"])


def test_kana_and_case_hide_nothing() -> None:
    assert survives(["やまだたろうさくら"], ["ヤマダタロウサクラ"])
    assert survives(["TOKEN-ABCDEFGH"], ["token-abcdefgh"])


def test_short_values_count_as_a_whole() -> None:
    assert survives(["今日は原悠斗と"], ["原悠斗"])
    assert not survives(["今日は原と"], ["原悠斗"])
    assert not survives(["1234 5"], ["1234"])  # a PIN stands in other numbers by chance
    assert not survives(["東京都千代田"], ["東京都千代田区丸の内1-1-1"])


@given(WORDS, VALUES, WORDS, st.integers(0, 12), st.integers(GRAM, 20))
def test_eight_characters_in_a_row_never_survive_unnoticed(
    before: str, value: str, behind: str, start: int, size: int
) -> None:
    part = value[start : start + size]
    if len(part) >= GRAM:
        assert survives([before + part + behind], [value])


@given(st.lists(WORDS, max_size=4), VALUES, st.integers(0, 12))
def test_extended_finds_leave_nothing(others: list[str], value: str, start: int) -> None:
    texts = [value, *others, f"{value[start:]} {value.upper()}"]
    finds = extended(texts, [(Span(0, len(value), "PERSON", "test"),), *[() for _ in texts[1:]]])

    rests = []
    for text, spans in zip(texts, finds, strict=True):
        assert all(one.end <= other.start for one, other in pairwise(spans))
        rest, at = "", 0
        for span in spans:
            rest, at = f"{rest}{text[at : span.start]}\n", span.end
        rests.append(rest + text[at:])
    assert not survives(rests, [value])
