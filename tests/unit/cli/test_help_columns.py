import pytest

from kyozon.cli.help_columns import StraightColumns


def page(*rows: tuple[str, str]) -> list[str]:
    made = StraightColumns(width=80)
    made.write_dl(rows)
    return made.getvalue().splitlines()


def test_japanese_letters_take_two_cells() -> None:
    assert page(("--with 相手", "誰と。"), ("--json", "JSON。")) == ["--with 相手  誰と。", "--json       JSON。"]


def test_what_is_too_wide_has_its_own_line() -> None:
    assert page(("--requests " + "あ" * 12, "one"), ("-h", "")) == ["--requests " + "あ" * 12, " " * 32 + "one", "-h"]


def test_long_words_are_wrapped_under_their_column() -> None:
    first, *rest = page(("-h", "word " * 30))
    assert first.startswith("-h  word")
    assert rest
    assert all(line.startswith("    word") for line in rest)


def test_what_an_option_takes_is_said_in_the_language_of_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = (
        ("-n, --most INTEGER RANGE", "a"),
        ("--by [day|key]", "b"),
        ("--a / --no-a", "c"),
        ("TEXT", "d"),
        ("-t NAME", "e"),
    )
    english = [first for first, _ in rows]
    assert [line.split("  ")[0] for line in page(*rows)] == english
    monkeypatch.setenv("KYOZON_LANG", "ja")
    assert [line.split("  ")[0] for line in page(*rows)] == ["-n, --most 整数", *english[1:]]


def test_so_is_how_a_command_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    def usage() -> str:
        made = StraightColumns(width=80)
        made.write_usage("kyozon", "[OPTIONS] COMMAND [ARGS]...")
        return made.getvalue()

    assert usage() == "Usage: kyozon [OPTIONS] COMMAND [ARGS]...\n"
    monkeypatch.setenv("KYOZON_LANG", "ja")
    assert usage().endswith(" kyozon [オプション] コマンド [引数]...\n")
