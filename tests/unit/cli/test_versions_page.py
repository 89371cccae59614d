"""What people read of versions: what the gate has just decided and why, what happens next, every reason of the way."""

from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from msgspec import structs

from kyozon.cli import main
from kyozon.cli.versions_page import Versions, checked, moved, print_versions
from kyozon.domain.language import Text
from kyozon.domain.rollout import Difference, Evidence, Move, Rollout, Ruling, Terms
from kyozon.services.rolling_out import Look
from tests.fakes.record_samples import LONG_AGO

NOTHING_LOST = Text("nothing is lost", "低下なし")
LATER = LONG_AGO + timedelta(hours=1)
EVIDENCE = Evidence(4210, 2096, 0, 803, -0.314, Difference(-0.041, 0.029, 0.0, 1171, 164))
SHARED = Rollout(
    "rol_2",
    "newer",
    "older",
    "share",
    LONG_AGO,
    LATER,
    Terms(share=50, least=20),
    "ann",
    "from use",
    (Move("share", LATER, "measured [elsewhere]"),),
    evidence=EVIDENCE,
)
WHOLE = structs.replace(SHARED, stage="whole", moves=(*SHARED.moves, Move("whole", LATER, "", (NOTHING_LOST,))))


@pytest.fixture(autouse=True)
def _wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("KYOZON_LANG", "en")


def lines(found: Versions, printed: pytest.CaptureFixture[str]) -> list[str]:
    print_versions(found)
    return [" ".join(line.split()) for line in printed.readouterr().out.splitlines()]


def test_what_is_on_trial_with_its_evidence_and_every_reason(capsys: pytest.CaptureFixture[str]) -> None:
    refused = Rollout("rol_1", "other", "older", "refused", LONG_AGO, LATER, moves=(Move("refused", LATER),))
    told = lines(Versions("older", (SHARED, refused)), capsys)
    assert told[:3] == [
        "followed older (the settings' own)",
        "on trial newer share (50 % of conversations) since 2026-05-04 13:00 UTC",
        "decisions 4,210",
    ]
    assert "another choice 803 (19.1 %)" in told
    assert told[-4:] == [
        "newer shadow 2026-05-04 12:00 ann · from use",
        "share 2026-05-04 13:00 by hand: measured [elsewhere]",
        "other shadow 2026-05-04 12:00 -",
        "refused 2026-05-04 13:00 by hand",
    ]


def test_what_went_live_by_which_evidence(capsys: pytest.CaptureFixture[str]) -> None:
    told = lines(Versions("older", (WHOLE,)), capsys)
    assert told[:3] == ["followed newer since 2026-05-04 13:00 UTC", "because nothing is lost", "decisions 4,210"]
    assert "on trial -" in told


def test_one_kind_of_brackets_in_a_language(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KYOZON_LANG", "ja")
    told = "\n".join(lines(Versions("older", (SHARED,)), capsys))
    assert "803（19.1 %）" in told
    assert not set(told.replace("kyozon feedback", "")) & set("()")


def test_what_a_look_has_decided_is_said_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    on, back, stay = (Look(WHOLE, "share", Ruling(act, (NOTHING_LOST,))) for act in ("on", "back", "stay"))
    assert checked(on) == "The gate has moved version newer on, share → whole: nothing is lost."
    assert checked(back) == "The gate has ended the trial of version newer, share → whole: nothing is lost."
    assert checked(stay).endswith("stays in this stage.")
    assert "had nothing to look at" in checked(None)
    monkeypatch.setenv("KYOZON_LANG", "ja")
    assert checked(on).endswith("（一部に適用 → 全体に適用）。理由：低下なし。")


def test_after_a_move_by_hand_it_is_said_what_happens_next() -> None:
    assert "50 % of conversations" in moved(SHARED)
    assert "kyozon route back" in moved(WHOLE)


@pytest.mark.parametrize("command", ["versions", "drift", "back", "simulate --quality economy"])
def test_where_nothing_was_started_nothing_is_made(command: str, tmp_path: Path) -> None:
    folder = tmp_path / "other"
    said = CliRunner().invoke(main, ["route", *command.split(), "--data-dir", str(folder)])
    assert (said.exit_code, folder.exists()) == (2, False)
    assert "kyozon up starts one" in said.stderr
