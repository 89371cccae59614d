"""What the system says is kept in English, and said in Japanese where people meet it."""

from pathlib import Path

from kyozon.domain.refused_by_system import reason_of


def test_a_missing_file(tmp_path: Path) -> None:
    try:
        (tmp_path / "none").read_bytes()
    except OSError as error:
        told = reason_of(error)
    assert (told.en, told.ja) == ("No such file or directory", "ファイルやフォルダーがありません")


def test_what_has_no_words_or_no_translation() -> None:
    assert reason_of(OSError(28, "No space left on device")).ja == "No space left on device"
    assert reason_of(TimeoutError()).en == "TimeoutError"
    assert reason_of(OSError("said")).en == "said"
