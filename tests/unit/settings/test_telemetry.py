"""Mistakes about where spans go, each with its mend."""

from pathlib import Path

import pytest

from kyozon.domain.errors import SettingsError
from kyozon.settings import load
from tests.fakes.vendor_rows import VENDORS


@pytest.mark.parametrize(
    ("text", "en", "ja"),
    [
        ('[telemetry]\nzone = "lam"\n', 'there is no zone "lam": did you mean "lan"?', "ゾーン「lam」はありません"),
        (
            '[telemetry]\notlp_endpoint = "box:4318"\n',
            'must be an address, as in "http://127.0.0.1:4318"',
            "のようなアドレス",
        ),
        ('[server]\nmetrics = "all"\n', '"all" is not one of "admin", "open"', "「all」は使えません"),
        ('[labels]\nzone = "lan"\n', "labels.zone: unknown setting: use one of: compartments, default", "知らない設定です"),
    ],
)
def test_a_mistake_is_told_with_its_mend(tmp_path: Path, text: str, en: str, ja: str) -> None:
    file = tmp_path / "kyozon.toml"
    file.write_text(text, "utf-8")
    with pytest.raises(SettingsError) as found:
        load(file, {}, VENDORS)
    (mistake,) = found.value.mistakes
    assert en in mistake.en
    assert ja in mistake.ja
