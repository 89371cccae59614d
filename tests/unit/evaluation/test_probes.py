import contextlib
import io

import pytest

from kyozon.evaluation.grading import Probe, grade
from kyozon.evaluation.probes import CHOICES, EXTRACTIONS, FORMS, PROBES, PROGRAMS, SUMS


def test_there_is_a_handful_in_both_languages() -> None:
    japanese = [one for one in PROBES if any("\u3040" <= letter <= "\u30ff" for letter in one.text)]

    assert len(PROBES) == len({one.text for one in PROBES}) == 40
    assert len(japanese) >= 10
    assert all(len(group) >= 6 for group in (SUMS, CHOICES, EXTRACTIONS, PROGRAMS, FORMS))


@pytest.mark.parametrize("probe", PROBES)
def test_each_right_answer_is_right_and_another_is_not(probe: Probe) -> None:
    assert grade(probe, probe.answer) == 1.0
    assert (
        grade(probe, f"Let me think.\n\n{probe.answer}" if probe.kind != "json" else f"```json\n{probe.answer}\n```") == 1.0
    )
    assert grade(probe, "I do not know.") == grade(probe, "") == 0.0


@pytest.mark.parametrize("probe", PROGRAMS)
def test_the_programs_print_what_they_are_said_to(probe: Probe) -> None:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(probe.text.split("\n\n", 1)[1], {})  # noqa: S102 - the package's own programs

    assert printed.getvalue().strip() == probe.answer


@pytest.mark.parametrize(
    ("probe", "reply", "score"),
    [
        (Probe("number", "", "1081"), "23 × 47 = 1,081.", 1),
        (Probe("number", "", "27"), "答えは２７です。", 1),
        (Probe("number", "", "12"), "between 12 and 13", 0),
        (Probe("number", "", "12"), "twelve", 0),
        (Probe("choice", "", "B"), "A is wrong, so **B**", 1),
        (Probe("choice", "", "B"), "B or C", 0),
        (Probe("choice", "", "B"), "（Ｂ）", 1),
        (Probe("json", "", '{"a": 1}'), '{"a": 1}', 1),
        (Probe("json", "", '{"a": 1}'), 'Here it is: {"a": 1}', 0),
        (Probe("json", "", '{"a": 1}'), '{"a": "1"}', 0),
        (Probe("exact", "", "5-4-3"), "`5-4-3`", 1),
        (Probe("exact", "", "5-4-3"), "5 - 4 - 3", 0),
        (Probe("exact", "", "HARBOUR"), "harbour", 0),
    ],
)
def test_answers_are_read_as_people_read_them(probe: Probe, reply: str, score: float) -> None:
    assert grade(probe, reply) == score
