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
