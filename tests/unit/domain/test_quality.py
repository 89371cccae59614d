"""Goals are read as they are written; what is none is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kyozon.domain.quality import DOMAIN, SHARES, Estimate, parse_goal


@pytest.mark.parametrize("name", SHARES)
def test_a_name_stands_for_its_share(name: str) -> None:
    assert parse_goal(f" {name.upper()} ").share == SHARES[name]
    assert str(parse_goal(name)) == name


def test_names_are_ordered_by_what_they_ask_for() -> None:
    assert sorted(SHARES, key=lambda name: -SHARES[name]) == ["max", "high", "balanced", "economy"]


@given(st.floats(0, 1).map("{:f}".format) | st.integers(0, 9999).map(".{:04}".format))
def test_a_number_is_a_share_and_what_is_written_is_read_again(text: str) -> None:
    goal = parse_goal(text)
    assert abs(goal.share - float(text)) < 0.0001
    assert parse_goal(str(goal)) == goal


@pytest.mark.parametrize("text", ["", "best", "1.01", "-0.1", "nan", "inf", "95 %", "0.9.9", "１"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no number from 0 to 1"):
        parse_goal(text)


def test_the_domain_stands_among_the_reasons() -> None:
    estimate = Estimate(0.8, 0.7, 0.9, reasons=(("difficulty", -0.4), (f"{DOMAIN}law and order", 0.2)))
    assert (estimate.domain, Estimate(0.8, 0.7, 0.9).domain) == ("law and order", None)
