"""Mistakes about the audit log, each with its mend."""

from pathlib import Path

import pytest

from kyozon.domain.errors import SettingsError
from kyozon.settings import load
from tests.fakes.vendor_rows import VENDORS


@pytest.mark.parametrize(
    ("text", "en", "ja"),
    [
        ("retention_days = 30\n", "must be at least 183; found 30", "183 以上"),
        ('trusted_keys = ["kyozon-x+00000000+AQ=="]\n', "not a verifier key", "検証鍵として読めません"),
        ('webhook = "audit.example/?token=secret"\n', 'as in "https://audit.example/checkpoints"', "のようなアドレス"),
        ("send_seconds = 0\n", "must be at least 1", "1 以上"),
    ],
)
def test_a_mistake_is_told_with_its_mend(tmp_path: Path, text: str, en: str, ja: str) -> None:
    file = tmp_path / "kyozon.toml"
    file.write_text(f"[audit]\n{text}", "utf-8")
    with pytest.raises(SettingsError) as found:
        load(file, {}, VENDORS)
    (mistake,) = found.value.mistakes
    assert en in mistake.en
    assert ja in mistake.ja
    assert "secret" not in mistake.en


def test_keys_lie_in_the_data_folder_unless_said_otherwise(tmp_path: Path) -> None:
    file = tmp_path / "kyozon.toml"
    file.write_text('[server]\ndata_dir = "/somewhere"\n', "utf-8")
    assert load(file, {}, VENDORS).audit_keys == Path("/somewhere/audit")
    file.write_text('[audit]\nkeys = "~/keys"\n', "utf-8")
    assert load(file, {}, VENDORS).audit_keys == Path.home() / "keys"
