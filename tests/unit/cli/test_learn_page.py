"""What the terminal says of a lesson: what all models have in common first, then each model as its cards name it."""

import pytest

from kyozon.cli import route_learn
from kyozon.routing.estimating.learning import Lesson, Moved
from kyozon.services.learning import Learnt
from tests.unit.routing.estimating.known_world import model

MOVED = Moved("gpt-4o", "gpt-4o-2024-08-06", 1254, 1211.4, 7, 0.92, 0.88, 0.85, -0.6, (("law", 1254, -0.07),))


def test_a_lesson_reads_from_the_top(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    lesson = Lesson(model(), (MOVED,), (("our-7b", 12.5),), strictness=0.5)
    found = Learnt(2000, 1266, lesson, {"unsaid": 1504, "elsewhere": 3}, [])
    monkeypatch.setenv("KYOZON_LANG", "en")
    route_learn._print(found)
    first, *rest = (line.strip() for line in capsys.readouterr().out.splitlines() if line.strip())
    assert "more kindly" in first
    assert "expected at 0.92 gets 0.95" in first
    assert rest[1].split() == ["gpt-4o", "1,254", "1,211", "7", "0.92", "0.88", "0.85", "law", "-7"]
    assert rest[2] == "our-7b stays as it is: its judgements count as 12.5, and 20 are needed."
    assert rest[4] == "Not learnt from: 1,504 (nothing was said of them), 3 (chosen by another version)."

    monkeypatch.setenv("KYOZON_LANG", "ja")
    route_learn._print(found)
    told = capsys.readouterr().out
    assert "甘め" in told
    assert "評価なし 1,504 件、別のバージョンによる選択 3 件。" in told
