"""What the terminal says of evaluations and drift: a figure where there is one, and plainly why not where there is none."""

from datetime import UTC, datetime

import pytest

from kyozon.cli import route_drift, route_evaluate
from kyozon.cli.candidates import asked_for
from kyozon.domain.quality import parse_goal
from kyozon.evaluation.drift import Alarm
from kyozon.evaluation.off_policy import Evaluated, Value
from kyozon.services.drifting import Change, Drift
from kyozon.services.evaluating import AtGoal

DAY = datetime(2026, 10, 5, 9, 0, tzinfo=UTC)


def value(low: float, high: float) -> Value:
    return Value((low + high) / 2, low, high)


def evaluation(difference: Value, tried: int = 80, uncovered: int = 0, clipped: int = 0) -> Evaluated:
    score = value(0.7, 0.8)
    return Evaluated(1000, uncovered, 400, tried, 250.0, clipped, 0.76, score, score, score, difference)


def at_goal(score: Evaluated | None, scored: int = 1000, cascades: int = 0) -> AtGoal:
    found = AtGoal(parse_goal("economy"), decisions=1500, compared=1200, single=100, named=200, explored=60, scored=scored)
    found.cascades, found.seen_only, found.currency, found.score, found.cost = cascades, 40, "USD", score, score
    return found


@pytest.mark.parametrize(
    ("difference", "said"),
    [
        (value(-0.015, 0.01), "as good, to within two points"),
        (value(-0.08, -0.03), "Answers would be worse."),
        (value(0.03, 0.08), "Answers would be better."),
        (value(-0.04, 0.04), "Not enough to tell better from worse: about 4,000 scored requests"),
    ],
)
def test_a_conclusion_is_said_in_a_sentence(difference: Value, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    route_evaluate._print(at_goal(evaluation(difference, clipped=3)))
    told = capsys.readouterr().out
    assert said in told
    assert "0.760 → 0.750  (95 %: 0.700–0.800)" in told
    assert f"{100 * difference.low:+.1f} to {100 * difference.high:+.1f}" in told
    assert "400 of 1,000, 80 tried" in told
    assert "1,000  (40 more only seen: not counted)" in told
    assert "weights clipped" in told
    assert "Left out: 100 (only one model could be meant)" in told
    assert "Left out: 200 (the caller named a model)" in told


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (at_goal(evaluation(value(-0.1, 0.1), tried=29)), "only 29 of these were tried"),
        (at_goal(evaluation(value(-0.1, 0.1), uncovered=51)), "51 of 1,000 scored requests would go where none"),
        (at_goal(None), "1,000 of 1,000 scored requests would go where none"),
        (
            at_goal(evaluation(value(-0.1, 0.1), uncovered=51), cascades=51),
            "51 of them would go to a cascade, and cascades are",
        ),
        (at_goal(None, scored=12), "12 answers have a score"),
    ],
)
def test_what_cannot_be_concluded_is_said_with_what_to_do(
    found: AtGoal, said: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    route_evaluate._print(found)
    told = capsys.readouterr().out
    assert "Nothing can be concluded: " in told
    assert said in told
    assert "difference" not in told
    monkeypatch.setenv("KYOZON_LANG", "ja")
    route_evaluate._print(found)
    assert "結論は出せません。" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("alarm", "said", "japanese"),
    [
        (Alarm("support", 10, 20, 0.9, 0.4), "known: support 0.90 before, 0.40 after", "類似度 0.90 → 0.40"),
        (Alarm("quality", 10, 20, 0.0, -0.3), "answers are worse than before", "下がりました：評点と予測の差 0.00 → -0.30"),
        (Alarm("quality", 10, 20, 0.0, 0.3), "answers are better than before", "上がりました"),
        (Alarm("quality", 10, 20, 0.091, 0.089), "differently spread", "平均 0.09 のまま"),
        (Alarm("domains", 10, 20, 0.1, 0.6, "law"), "law had 0.10 of them before, 0.60 after", "law の割合 0.10 → 0.60"),
    ],
)
def test_a_change_is_said_with_its_day(
    alarm: Alarm, said: str, japanese: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    change = Change(alarm, DAY, DAY.replace(day=6), "dec_1")
    found = Drift(DAY, 21, [change], {alarm.stream: 0.1}, {alarm.stream: 5})
    route_drift._print(found)
    told = capsys.readouterr().out
    assert said in told
    assert "Since about 2026-10-05 09:00 UTC" in told
    assert "Clear at 2026-10-06 09:00 UTC (dec_1)." in told
    assert "--since 2026-10-06T09:00:01" in told
    assert ("Next: nothing, as long as scores stay." in told) is (alarm.stream == "domains")
    assert "Over:" not in told
    monkeypatch.setenv("KYOZON_LANG", "ja")
    route_drift._print(found)
    assert japanese in capsys.readouterr().out


def test_an_alarm_of_an_earlier_version_is_over(capsys: pytest.CaptureFixture[str]) -> None:
    change = Change(Alarm("support", 10, 20, 0.9, 0.4), DAY, DAY, "dec_1", over=True)
    route_drift._print(Drift(DAY, 21, [change], {"support": 0.1}, {"support": 5000}))
    told = capsys.readouterr().out
    assert "- Since about" in told
    assert "Over: another version has been live since." in told
    assert "5,000" in told
    assert "✗" not in told
    assert "Next" not in told


def test_the_best_is_not_a_share() -> None:
    assert asked_for(parse_goal("max")) == "max: the surest"
    assert asked_for(parse_goal("balanced")) == "balanced: surely 90 % of the surest"
