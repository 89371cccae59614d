"""`[review]`: which answers wait for a person."""

from datetime import timedelta
from pathlib import Path

import pytest

from kyozon.domain.errors import SettingsError
from kyozon.domain.labels import Label, Level
from kyozon.domain.review import ReviewRules
from kyozon.settings import Settings, load


def loaded(folder: Path, text: str) -> Settings:
    file = folder / "kyozon.toml"
    file.write_text(text, "utf-8")
    return load(file, {}, {})


def test_nothing_waits_by_default(tmp_path: Path) -> None:
    assert loaded(tmp_path, "").review_rules == ReviewRules()


def test_rules_are_read_and_are_part_of_the_policy(tmp_path: Path) -> None:
    found = loaded(tmp_path, '[review]\nlabels = ["public+legal"]\nzones = ["lan"]\nkeys = ["intern"]\nhours = 2\n')
    legal = Label(Level.PUBLIC, frozenset({"legal"}))
    assert found.review_rules == ReviewRules((legal,), frozenset({"lan"}), frozenset({"intern"}), timedelta(hours=2))
    assert found.policy_version != loaded(tmp_path, "").policy_version


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[review]\nzones = ["extrenal"]\n', 'did you mean "external"'),
        ('[review]\nlabels = ["secret"]\n', "not a label"),
        ("[review]\nhours = 0\n", "hours"),
        ('[review]\nlabel = ["public"]\n', "labels"),
    ],
)
def test_mistakes_are_told_with_their_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(SettingsError) as wrong:
        loaded(tmp_path, text)
    assert said in wrong.value.text.en
    assert "line 2" in wrong.value.text.en
