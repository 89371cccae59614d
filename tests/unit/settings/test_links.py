"""What becomes of links in answers, as the file says it."""

from pathlib import Path

import pytest

from kyozon.domain.errors import SettingsError
from kyozon.governance.links import LinkRules
from kyozon.settings import Settings, load
from tests.fakes.vendor_rows import VENDORS


def loaded(folder: Path, text: str) -> Settings:
    file = folder / "kyozon.toml"
    file.write_text(text, "utf-8")
    return load(file, {}, VENDORS)


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        ("", None),
        ('[answers]\nlink_hosts = ["a.example"]\n', None),
        ('[answers]\nlinks = "mark"\n', LinkRules("mark")),
        (
            '[answers]\nlinks = "strip"\nlink_hosts = ["Docs.Example", "*.a-b.example"]\n',
            LinkRules("strip", frozenset({"docs.example", "*.a-b.example"})),
        ),
    ],
)
def test_rules(tmp_path: Path, text: str, rules: LinkRules | None) -> None:
    assert loaded(tmp_path, text).links == rules


@pytest.mark.parametrize("host", ["https://docs.example", "docs.example/a", "*", "a.*.example", "", "docs.example:80"])
def test_what_is_no_host_is_told_with_its_mend(tmp_path: Path, host: str) -> None:
    with pytest.raises(SettingsError) as found:
        loaded(tmp_path, f'[answers]\nlink_hosts = ["{host}"]\n')
    (mistake,) = found.value.mistakes

    assert 'as in "docs.example.com"' in mistake.en
    assert "ホスト名として読めません" in mistake.ja
