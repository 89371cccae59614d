"""Seconds as people state them, and what is expected from what was measured."""

import pytest

from kyozon.domain.pace import Pace, Soon, parse_within


@pytest.mark.parametrize(("text", "seconds"), [("2.5", 2.5), (" 3 ", 3.0), (".25", 0.25), ("3600", 3600.0)])
def test_a_number_of_seconds(text: str, seconds: float) -> None:
    assert parse_within(text) == seconds


@pytest.mark.parametrize("text", ["", "0", "0.0", "-1", "3600.5", "soon", "nan", "inf", "1e1", "2s", "1,5", "٣"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no number of seconds"):
        parse_within(text)


@pytest.mark.parametrize(
    ("pace", "tokens", "streamed", "soon"),
    [
        (Pace(0.5, 0.02), 100, True, Soon(0.5, 2.5)),
        (Pace(0.5, 0.02), 100, False, Soon(2.5, 2.5)),
        (Pace(0.5, 0.02), 400, False, Soon(8.5, 8.5)),
        (Pace(None, 0.02), 100, False, Soon(2.0, 2.0)),
        (Pace(None, 0.02), 100, True, Soon(None, 2.0)),
        (Pace(0.5), 100, True, Soon(0.5, None)),
        (Pace(0.5), 100, False, Soon(None, None)),
    ],
)
def test_a_longer_answer_takes_longer_after_the_same_beginning(
    pace: Pace, tokens: int, soon: Soon, *, streamed: bool
) -> None:
    assert pace.expected(tokens, streamed=streamed) == soon
