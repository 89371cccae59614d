"""Find `kyozon.toml`, read it, lay the environment over it, check the whole."""

import re
import tomllib
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path as FilePath
from types import MappingProxyType
from typing import Any

from msgspec import Struct

from kyozon.domain.errors import SettingsError
from kyozon.domain.language import Text
from kyozon.domain.models import Provider
from kyozon.domain.refused_by_system import reason_of
from kyozon.settings.checks import cross_check
from kyozon.settings.mistakes import Mistake, dotted
from kyozon.settings.positions import Path, line_of, positions
from kyozon.settings.root import Settings
from kyozon.settings.validation import validate

FILE_NAME = "kyozon.toml"
FILE_VARIABLE = "KYOZON_CONFIG"
VARIABLES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "KYOZON_DATA_DIR": ("server", "data_dir"),
        "KYOZON_DATABASE_URL": ("database", "url"),
        "KYOZON_PORT": ("server", "port"),
        "KYOZON_HOST": ("server", "host"),
        "KYOZON_LANG": ("server", "language"),
    }
)
"""What a deployment may set without touching the file; an empty value counts as unset."""

_SYNTAX: Mapping[str, Text] = MappingProxyType(
    {
        "Invalid value": Text(
            'Text needs quotes, as in host = "127.0.0.1".', '文字列は host = "127.0.0.1" のように引用符で囲んでください。'
        ),
        "Expected '=' after": Text(
            "A setting is written key = value; a name with spaces or dots needs quotes.",
            "設定は「キー = 値」と書きます。空白や点を含む名前は引用符で囲んでください。",
        ),
        "Cannot overwrite": Text("The key stands twice: keep one.", "同じキーが二度あります。一つにしてください。"),
        "Cannot declare": Text("The table stands twice: join the two.", "同じ表が二度あります。一つにまとめてください。"),
        "Illegal character": Text(
            "A text is not closed: add its second quote.", "文字列が閉じていません。閉じる引用符を加えてください。"
        ),
        "Expected newline or end": Text(
            "One setting a line; a comment begins with #.", "1 行に設定は一つです。注釈は # で始めます。"
        ),
        "Unclosed array": Text(
            "A list is not closed, or a comma is missing in it.", "配列が閉じていないか、コンマが抜けています。"
        ),
        "Unclosed inline": Text(
            "A { } is not closed, or a comma is missing in it.", "{ } が閉じていないか、コンマが抜けています。"
        ),
        "Expected ']'": Text(
            "A table's header is not closed: add its ].", "表の見出しが閉じていません。] を加えてください。"
        ),
    }
)


class _Source(Struct, frozen=True):
    """Where values came from: the file, its lines, and the variables laid over it."""

    name: str
    lines: dict[Path, int]
    variables: dict[Path, str]


def load(path: FilePath | None, environ: Mapping[str, str], vendors: Mapping[str, Provider]) -> Settings:
    """Read and check the settings.

    Args:
        path: the file; None takes `KYOZON_CONFIG`, else `kyozon.toml` in the working directory, else all defaults.
        environ: the environment, for the variables in `VARIABLES`.
        vendors: the vendor rows by id, which `[providers.NAME]` tables start from.

    Raises:
        SettingsError: with every mistake, its line and its mend.
    """
    file = _file(path, environ)
    text = _text(file) if file is not None else ""
    document = _document(text, str(file))
    source = _Source(str(file or FILE_NAME), positions(text), _override(document, environ))
    settings, mistakes = validate(document)
    known = {mistake.path for mistake in mistakes}  # what was wrong is not there any more: it is not missing, too
    mistakes += [mistake for mistake in cross_check(settings, vendors) if mistake.path not in known]
    if mistakes:
        ordered = sorted(mistakes, key=lambda mistake: line_of(mistake.path, source.lines) or 0)
        raise SettingsError(tuple(_located(mistake, source) for mistake in ordered))
    return settings


def _file(path: FilePath | None, environ: Mapping[str, str]) -> FilePath | None:
    named = path or (FilePath(environ[FILE_VARIABLE]) if environ.get(FILE_VARIABLE) else None)
    if named is None:
        return FilePath(FILE_NAME) if FilePath(FILE_NAME).exists() else None
    return named


def _text(file: FilePath) -> str:
    try:
        content = file.read_bytes()
    except OSError as error:
        raise _unreadable(
            f"{file}: cannot be read ({reason_of(error).en}). `kyozon init` writes a new one.",
            f"{file}：読めません（{reason_of(error).ja}）。`kyozon init` で新しく作れます。",
        ) from error
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise _unreadable(
            f"{file}, line {line}: is not UTF-8. Save the file as UTF-8.",
            f"{file} {line} 行目：UTF-8 ではありません。UTF-8 で保存し直してください。",
        ) from error


def _document(text: str, name: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        message = str(error)
    place = re.search(r" \(at (?:line (\d+), column \d+|end of document)\)$", message)
    line = int(place[1]) if place and place[1] else text.count("\n") + 1
    what = message[: place.start()] if place else message
    hint = next((hint for start, hint in _SYNTAX.items() if what.startswith(start)), Text("", ""))
    raise _unreadable(
        f"{name}, line {line}: this is not TOML ({what}). {hint.en}".strip(),
        f"{name} {line} 行目：TOML として読めません（{what}）。{hint.ja}".strip(),
    )


def _unreadable(en: str, ja: str) -> SettingsError:
    return SettingsError((Text(en, ja),))


def _override(document: dict[str, Any], environ: Mapping[str, str]) -> dict[Path, str]:
    """Lay the environment over the document; which variable gave which key."""
    given: dict[Path, str] = {}
    for variable, (section, key) in VARIABLES.items():
        value = environ.get(variable)
        if not value:
            continue
        table = document.setdefault(section, {})
        if isinstance(table, dict):
            table[key] = int(value) if value.isdecimal() else value
            given[section, key] = variable
    return given


def _located(mistake: Mistake, source: _Source) -> Text:
    variable = source.variables.get(mistake.path)
    if variable is not None:
        return Text(f"environment variable {variable}: {mistake.text.en}", f"環境変数 {variable}：{mistake.text.ja}")
    line, key = line_of(mistake.path, source.lines), dotted(mistake.path)
    if line is None:
        return Text(f"{source.name}: {key}: {mistake.text.en}", f"{source.name}：{key}：{mistake.text.ja}")
    return Text(
        f"{source.name}, line {line}: {key}: {mistake.text.en}", f"{source.name} {line} 行目：{key}：{mistake.text.ja}"
    )
