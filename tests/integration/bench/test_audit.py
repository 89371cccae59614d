from pathlib import Path

import msgspec
import pytest

from bench.audit.__main__ import main
from bench.audit.findings import Measured, Proved, Round, metrics


def test_a_quick_run_prints_its_tables_and_writes_flat_figures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["--quick", "--json", "out/figures.json"]) == 0

    found = msgspec.json.decode((tmp_path / "out/figures.json").read_bytes(), type=dict[str, float])
    assert found["records_per_s"] > 0
    assert found["verified_leaves"] > 100
    assert found["proof_bytes"] < 2000
    said = capsys.readouterr().out
    assert all(title in said for title in ("Recording", "Examining", "Proofs"))


def test_figures_follow_from_what_was_seen() -> None:
    logged = (Round(3000, 1.0, 0.06), Round(6000, 1.0, 0.12, lag=0.5), Round(6000, 2.0, 0.12))
    seen = Measured(logged, (Round(8000, 2.0, 0.08),), 0.3, 100_000, 4.0, 2.0, (Proved(900, 2000, 1.0, 0.5),))
    found = metrics(seen)
    assert found["records_per_s"] == 3000
    assert found["records_per_s_target_ratio"] == 1
    assert found["records_per_s_ratio_bare"] == 0.75
    assert found["cpu_us_per_record_added"] == pytest.approx(10)
    assert found["seal_lag_s"] == 0.5
    assert (found["verify_s_per_50000"], found["verify_ratio_reading"]) == (2.0, 2.0)
