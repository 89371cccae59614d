"""Arithmetic in answers is recomputed, and nothing that looks like it ever raises."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kyozon.routing.verifying.arithmetic import Chain, chains, same, value

_NUMBERS = st.integers(0, 999).map(str) | st.decimals(0, 999, places=2).map(str)
_EXPRESSIONS = st.recursive(
    _NUMBERS,
    lambda inner: st.tuples(inner, st.sampled_from("+-*"), inner).map(lambda found: f"({found[0]} {found[1]} {found[2]})"),
    max_leaves=8,
)


@given(_EXPRESSIONS)
def test_agrees_with_exact_arithmetic(expression: str) -> None:
    exact = eval(_fractions(expression), {"Fraction": Fraction})  # noqa: S307 - digits, signs and brackets made above
    found = value(expression)
    if abs(exact) < 10**14:
        assert found == pytest.approx(float(exact), rel=1e-9, abs=1e-6)


def _fractions(expression: str) -> str:
    return " ".join(
        f"Fraction('{part}')" if part[0].isdigit() else part
        for part in expression.replace("(", "( ").replace(")", " )").split()
    )


@given(
    st.integers(1, 500), st.integers(1, 500), st.sampled_from(["x", "*", "×", r"\times"]), st.sampled_from(["", "$", "￥"])
)
def test_a_right_product_holds_and_a_wrong_one_does_not(one: int, two: int, times: str, money: str) -> None:
    right = f"That makes {money}{one} {times} {money}{two} = {money}{one * two}. So it is."
    wrong = f"That makes {money}{one} {times} {money}{two} = {money}{one * two * 2 + 1}. So it is."
    assert chains(right) == [Chain(holds=True, result=float(one * two))]
    assert [found.holds for found in chains(wrong)] == [False]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("16 x $0.25 = $<<16*0.25=4>>4.", [(True, 4.0)]),
        ("3+4 = 7. 7 + 5 = 13", [(True, 7.0), (False, 13.0)]),
        ("(50 + 80) / 2 = 130 / 2 = 65", [(True, 65.0)]),
        ("20% * 50 = 10", [(True, 10.0)]),
        ("1,200 * 3 = 3,600", [(True, 3600.0)]),
        ("100 / 3 = 33.33", [(True, 33.33)]),
        ("x = 5 and y = 3 + x", []),
        ("1 / 0 = 7", []),
        ("5 = 5", []),
        ("( 1 + 2 = 3", []),
    ],
)
def test_reads_chains(text: str, found: list[tuple[bool, float]]) -> None:
    assert [(chain.holds, chain.result) for chain in chains(text)] == found


@given(st.text(alphabet="0123456789.,+-*/()=%$x \\<>\n", max_size=300) | st.text(max_size=300))
def test_never_raises(text: str) -> None:
    assert all(isinstance(chain, Chain) for chain in chains(text))


def test_deep_brackets_and_long_runs_end() -> None:
    assert value("(" * 300 + "1" + ")" * 300) is None
    assert chains("-" * 5000 + "1=1") == []


def test_rounding_is_forgiven_and_no_more() -> None:
    assert same(1 / 3, 0.33)
    assert not same(12.0, 13.0)
