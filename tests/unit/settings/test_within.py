"""`[routing] within` is a number of seconds, and another one is another policy."""

from pathlib import Path

import pytest

from kyozon.domain.errors import SettingsError
from kyozon.settings import Settings, load
from tests.fakes.vendor_rows import VENDORS


def loaded(folder: Path, text: str) -> Settings:
    file = folder / "kyozon.toml"
    file.write_text(text, "utf-8")
    return load(file, {}, VENDORS)


def test_a_goal_is_a_policy_of_its_own(tmp_path: Path) -> None:
    usual, hasty, hastier = (
        loaded(tmp_path, text) for text in ("", "[routing]\nwithin = 2.5\n", "[routing]\nwithin = 1\n")
    )
    assert [one.routing.within for one in (usual, hasty, hastier)] == [None, 2.5, 1.0]
    assert len({one.policy_version for one in (usual, hasty, hastier)}) == 3


@pytest.mark.parametrize("written", ["0", "-1", "3601", "nan", "true", '"soon"'])
def test_what_is_no_time_is_a_mistake(tmp_path: Path, written: str) -> None:
    with pytest.raises(SettingsError):
        loaded(tmp_path, f"[routing]\nwithin = {written}\n")
