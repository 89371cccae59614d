from kyozon.cli.knowledge_page import _apart
from kyozon.evaluation.resampling import Difference


def test_equal_results_are_no_difference() -> None:
    assert _apart(Difference(0.0, 0.0, 0.0, 8, 0, "unclear")) == ["0.000", "-", "[dim]no difference[/]"]


def test_what_may_differ_cannot_be_told() -> None:
    assert _apart(Difference(0.0, -0.1, 0.1, 8, 2, "unclear")) == ["+0.000", "-0.100 – +0.100", "[dim]cannot tell[/]"]
