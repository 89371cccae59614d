"""Every word on a Japanese screen of the command line is Japanese, also those that click says itself."""

import gettext
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import kyozon.cli

WORDS = Path(kyozon.cli.__file__).parent / "locale" / "ja" / "LC_MESSAGES"
ENTRY = re.compile(r'^msgid "(.+)"\n(?:msgid_plural "(.+)"\n)?msgstr(?:\[0\])? "(.+)"$', re.MULTILINE)
PLACE = re.compile(r"(?:\{|%\()(\w+)")
SCREENS = """
import json, click, kyozon.cli

def screens(command, context):
    yield command.get_help(context)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            one = command.get_command(context, name)
            yield from screens(one, click.Context(one, context, info_name=name))

print(json.dumps(list(screens(kyozon.cli.main, click.Context(kyozon.cli.main, info_name="kyozon", max_content_width=100)))))
"""
OF_VALUES = r"INTEGER|FLOAT|--\S+ (?:TEXT|FILE|DIR|SECONDS)\b|OPTIONS|ARGS"
ENGLISH = re.compile(rf"{OF_VALUES}|Usage:|Options:|Commands:|Show |default:|required\]|^ +\w+ +\.\.\.$", re.MULTILINE)


def said(*words: str, **environ: str) -> str:
    """What a command prints, on both streams."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("KYOZON_", "LANG", "LC_"))}
    done = subprocess.run(
        [sys.executable, *words], env={**clean, **environ}, capture_output=True, text=True, check=False, timeout=60
    )
    return done.stdout + done.stderr


def test_no_help_page_has_an_english_word_of_clicks() -> None:
    pages = json.loads(said("-c", SCREENS, KYOZON_LANG="ja", PYTHONIOENCODING="utf-8"))
    assert len(pages) > 60
    assert [found for page in pages for found in ENGLISH.findall(page)] == []
    assert all(page.startswith("使い方： kyozon") for page in pages)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["up", "--prot"], "エラー：オプション '--prot' はありません。"),
        (["no-such"], "エラー：コマンド 'no-such' はありません。"),
        (["explain"], "エラー：引数を指定してください：'ID'。"),
        (["up", "--prot", "1"], "エラー：オプション '--prot' はありません。（もしかして：'--port'）"),
        (["explian"], "エラー：コマンド 'explian' はありません。（もしかして：'explain'）"),
        (["--versio"], "エラー：オプション '--versio' はありません。（もしかして：'--version'）"),
        (["route", "explain", "--model", "a"], "エラー：オプション '--model' はありません。\n"),
        (["up", "--port", "70000"], "エラー：'--port' の値が正しくありません：70000 は範囲外です"),
    ],
)
def test_mistakes_are_told_in_japanese(words: list[str], expected: str) -> None:
    shown = said("-m", "kyozon", *words, LC_ALL="ja_JP.UTF-8", PYTHONUTF8="1")
    assert expected in shown
    assert shown.startswith("使い方： python -m kyozon")


def test_kyozons_own_setting_is_above_the_locale() -> None:
    shown = said("-m", "kyozon", "up", "--prot", KYOZON_LANG="en", LC_ALL="ja_JP.UTF-8", PYTHONUTF8="1")
    assert "Error: No such option" in shown


def test_the_compiled_words_are_those_of_the_source() -> None:
    """`msgfmt -o messages.mo messages.po` renews them."""
    with (WORDS / "messages.mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    entries = ENTRY.findall((WORDS / "messages.po").read_text("utf-8"))
    assert len(entries) > 40
    for one, several, japanese in entries:
        told = one.replace("\\n", "\n").replace("\\t", "\t")
        found = compiled.ngettext(told, several, 1) if several else compiled.gettext(told)
        assert found == japanese.replace("\\n", "\n").replace("\\t", "\t")
        assert set(PLACE.findall(japanese)) <= set(PLACE.findall(one + several))
