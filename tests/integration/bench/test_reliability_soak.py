import pytest

from bench.reliability import page, plot
from bench.reliability.__main__ import run
from bench.reliability.findings import metrics
from bench.reliability.soaking import Wanted
from bench.report import flat


@pytest.mark.timeout(120)
def test_a_short_run_with_both_killed_breaks_no_rule() -> None:
    found = run(Wanted(160, ((0.3, "database"), (0.6, "kill")), at_once=8))

    assert {name: texts for name, texts in found.violations.items() if texts} == {}
    figures = metrics(found)
    assert b"violations" in flat(figures)
    assert figures["requests"] == 160
    assert figures["decision.answered"] > 80
    assert (figures["database.times"], figures["kill.times"]) == (1, 1)
    assert len(page.page(found).tables) == 6
    assert len(plot.figure(found).axes) == 2
