"""What people read of a goal for time."""

import pytest

from kyozon.cli.timing import expected_seconds, lateness, within_rows
from kyozon.domain.decisions import Candidate, Decision
from kyozon.domain.pace import Pace, Timing
from tests.fakes.record_samples import a_decision


def decided(*timings: Timing | None, within: float | None = 2.0) -> Decision:
    """The candidates in their order; the last one is excluded."""
    candidates = [
        Candidate(f"m{place}", "here", "host", rank=place, timing=timing) for place, timing in enumerate(timings, start=1)
    ]
    return a_decision(candidates=(*candidates, Candidate("excluded", "here", "host")), chosen="m1", within=within)


IN_TIME, LATE, GOES_ON = (
    Timing(Pace(0.5), 0.5),
    Timing(Pace(3.25), 3.25, late=True),
    Timing(Pace(3.25), 3.25),
)


@pytest.mark.parametrize(
    ("first", "told"),
    [
        (IN_TIME, "2 s; expected after 0.50 s"),
        (None, "2 s; not known of the choice"),
        (LATE, "2 s; expected after 3.25 s, later than asked"),
        (GOES_ON, "2 s; expected after 3.25 s, later than asked"),
    ],
)
def test_the_goal_and_what_is_expected_of_the_choice(first: Timing | None, told: str) -> None:
    assert within_rows(decided(first, LATE)) == [["first words within", told]]


def test_without_a_goal_or_a_choice_nothing_is_said_of_it() -> None:
    assert within_rows(decided(None, within=None)) == []
    assert within_rows(decided()) == [["first words within", "2 s"]]


def test_each_candidate_has_its_seconds_and_the_late_ones_say_so() -> None:
    decision = decided(IN_TIME, None, LATE)
    assert [expected_seconds(one) for one in decision.candidates] == ["0.50", "not known", "3.25", "-"]
    assert [bool(lateness(decision, one)) for one in decision.candidates] == [False, False, True, False]
    nobody = decided(LATE, LATE)
    assert not any(lateness(nobody, one) for one in nobody.candidates)
