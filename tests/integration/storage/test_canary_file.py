"""The file of canaries: made once, for its owner's eyes, read again when it has changed."""

import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kyozon.domain.canaries import Canary
from kyozon.domain.errors import InvalidRequest, MissingPiece
from kyozon.domain.labels import parse_label
from kyozon.storage.canary_file import CanaryFile, new_token

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def test_the_first_start_makes_one_and_the_second_none(tmp_path: Path) -> None:
    path = tmp_path / "new" / "canaries.json"
    CanaryFile(path).at_least_one("deployment", NOW)
    (made,) = CanaryFile(path).all()
    CanaryFile(path).at_least_one("deployment", NOW)

    assert CanaryFile(path).all() == (made,)
    assert (made.name, made.owner, str(made.label)) == ("deployment", None, "restricted")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["canaries.json"]


def test_what_another_process_adds_is_found(tmp_path: Path) -> None:
    server, command = CanaryFile(tmp_path / "canaries.json"), CanaryFile(tmp_path / "canaries.json")
    assert server.all() == ()
    one = Canary("one", new_token(), NOW, parse_label("confidential+pii"), "research/ann")
    command.add(one)
    assert server.all() == (one,)
    command.add(Canary("two", new_token(), NOW))

    assert [canary.name for canary in server.all()] == ["one", "two"]


def test_names_are_taken_once_and_a_broken_file_is_said(tmp_path: Path) -> None:
    file = CanaryFile(tmp_path / "canaries.json")
    file.add(Canary("one", new_token(), NOW))
    with pytest.raises(InvalidRequest):
        file.add(Canary("one", new_token(), NOW))
    (tmp_path / "canaries.json").write_text("half", "utf-8")

    with pytest.raises(MissingPiece):
        file.all()


def test_no_two_tokens_are_the_same() -> None:
    tokens = {new_token() for _ in range(1000)}

    assert len(tokens) == 1000
    assert all(len(token) == 26 and token.isascii() and token.isalnum() for token in tokens)
