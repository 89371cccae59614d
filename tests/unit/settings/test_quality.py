"""`[routing] quality` is a name or a share, with or without quotes; whatever else stands there is told with its mend."""

from pathlib import Path

import pytest

from kyozon.domain.errors import SettingsError
from kyozon.settings import Settings, load
from tests.fakes.vendor_rows import VENDORS


def loaded(folder: Path, text: str) -> Settings:
    file = folder / "kyozon.toml"
    file.write_text(text, "utf-8")
    return load(file, {}, VENDORS)


@pytest.mark.parametrize(
    ("written", "meant"),
    [('"high"', "high"), ('"Economy"', "economy"), ("0.95", "0.95"), ('"0.5"', "0.5"), ("1", "1"), ("0", "0")],
)
def test_a_name_or_a_share(tmp_path: Path, written: str, meant: str) -> None:
    assert loaded(tmp_path, f"[routing]\nquality = {written}\n").routing.quality == meant


@pytest.mark.parametrize("written", ['"best"', "1.5", "-0.1", "true", '["high"]', '""', "nan"])
def test_anything_else_is_a_mistake_with_its_mend(tmp_path: Path, written: str) -> None:
    with pytest.raises(SettingsError) as found:
        loaded(tmp_path, f"[routing]\nquality = {written}\n")
    (mistake,) = found.value.mistakes
    assert '"high", "balanced", "economy", or a share of the best' in mistake.en
    assert "割合" in mistake.ja


def test_another_quality_is_another_policy(tmp_path: Path) -> None:
    usual, lower = loaded(tmp_path, ""), loaded(tmp_path, '[routing]\nquality = "economy"\n')
    assert usual.policy_version != lower.policy_version
    assert loaded(tmp_path, '[routing]\nquality = "high"\n').policy_version == usual.policy_version
