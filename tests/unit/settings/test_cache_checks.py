from pathlib import Path

import pytest

from kyozon.domain.errors import SettingsError
from kyozon.settings import load
from tests.fakes.vendor_rows import VENDORS


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[cache]\nallowed = false\nexact = true\n", "allowed = false turns the cache off"),
        ("[cache]\nallowed = false\nsemantic = true\n", "allowed = false turns the cache off"),
        ("[cache]\nsemantic = true\n[local]\nenabled = false\n", r"set \[local\] enabled = true"),
        ("[cache]\nmax_answers = 0\n", "at least 1"),
    ],
)
def test_settings_of_the_cache_that_contradict_each_other_do_not_start(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "kyozon.toml"
    file.write_text(text, "utf-8")
    with pytest.raises(SettingsError, match=said):
        load(file, {}, VENDORS)


def test_what_is_off_may_be_off_everywhere(tmp_path: Path) -> None:
    file = tmp_path / "kyozon.toml"
    file.write_text("[cache]\nallowed = false\n[local]\nenabled = false\n", "utf-8")
    assert not load(file, {}, VENDORS).cache.allowed
