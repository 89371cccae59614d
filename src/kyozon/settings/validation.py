"""What pydantic finds wrong with a document, in our words: every mistake at once, each with its mend."""

import re
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from kyozon.domain.language import Text
from kyozon.settings.mistakes import Mistake, mend
from kyozon.settings.positions import Path
from kyozon.settings.root import Settings

_LIST = Text('must be a list, as in ["a", "b"]', '["a", "b"] のような配列にしてください')
_TABLE = Text("must be a table of keys and values", "キーと値の表にしてください")
_AMOUNT = Text('must be an amount, as in "0.15"', '"0.15" のような金額にしてください')
_EXPECTED: Mapping[str, Text] = MappingProxyType(
    {
        "string_type": Text("must be text in quotes", "引用符で囲んだ文字列にしてください"),
        "int_type": Text("must be a whole number without quotes", "引用符なしの整数にしてください"),
        "bool_type": Text("must be true or false, without quotes", "引用符なしの true か false にしてください"),
        "date_type": Text(
            "must be a day without quotes, as in 2026-01-31", "2026-01-31 のような引用符なしの日付にしてください"
        ),
        "tuple_type": _LIST,
        "frozen_set_type": _LIST,
        "dict_type": _TABLE,
        "model_type": _TABLE,
        "model_attributes_type": _TABLE,
        "is_instance_of": _AMOUNT,
        "decimal_type": _AMOUNT,
        "finite_number": _AMOUNT,
    }
)
_PATTERNS: Mapping[str, Text] = MappingProxyType(
    {
        "base_url": Text(
            'must be an address, as in "http://10.0.0.5:8000/v1"',
            '"http://10.0.0.5:8000/v1" のようなアドレスにしてください',
        ),
        "otlp_endpoint": Text(
            'must be an address, as in "http://127.0.0.1:4318"',
            '"http://127.0.0.1:4318" のようなアドレスにしてください',
        ),
        "webhook": Text(
            'must be an address, as in "https://audit.example/checkpoints"',
            '"https://audit.example/checkpoints" のようなアドレスにしてください',
        ),
        "url": Text(
            'must be a PostgreSQL address, as in "postgresql://user@host/database"',
            '"postgresql://user@host/database" のような PostgreSQL のアドレスにしてください',
        ),
        "currency": Text(
            'must be three capitals, as in "USD" or "JPY"', '"USD" や "JPY" のような大文字 3 字にしてください'
        ),
    }
)
# A database address can hold a password, and people paste keys where the name of a variable belongs.
_NEVER_SHOWN = frozenset({"url", "webhook", "api_key_env", "headers"})


def validate(document: dict[str, Any]) -> tuple[Settings, list[Mistake]]:
    """The settings without their wrong keys, so that the rest can be checked further, and a mistake for each wrong key.

    `document` loses the wrong keys too.
    """
    mistakes: list[Mistake] = []
    while True:
        try:
            return Settings.model_validate(document), mistakes
        except ValidationError as found:
            errors = found.errors(include_url=False)
        mistakes += [_mistake(error) for error in errors]
        for error in errors:
            _prune(document, _culprit(error))


def tables() -> dict[str, type[BaseModel]]:
    """The classes of the file's tables by dotted name, `*` where the user chooses the name."""
    found: dict[str, type[BaseModel]] = {}
    _collect(Settings, "", found)
    return found


def _collect(model: type[BaseModel], name: str, found: dict[str, type[BaseModel]]) -> None:
    found[name] = model
    for field_name, field in model.model_fields.items():
        key = f"{name}.{field.alias or field_name}".lstrip(".")
        for inner in _models(field.annotation):
            named = isinstance(field.default, dict)
            _collect(inner, f"{key}.*" if named else key, found)


def _models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in _models(part)]


_TABLES = tables()
# The table of each key that stands in one table only, for keys written outside it.
_HOMES = {
    key: name
    for name, model in _TABLES.items()
    if name and "*" not in name
    for key in model.model_fields
    if sum(key in other.model_fields for other in _TABLES.values()) == 1 and f"{name}.{key}.*" not in _TABLES
}


def _keys_at(path: Path) -> dict[str, Any]:
    """The keys that the table at `path` may have."""
    parts = [part for part in path if isinstance(part, str)]
    for name, model in _TABLES.items():
        pattern = name.split(".") if name else []
        if len(pattern) == len(parts) and all(want in ("*", part) for want, part in zip(pattern, parts, strict=True)):
            return {field.alias or key: field for key, field in model.model_fields.items()}
    return {}


def _mistake(error: ErrorDetails) -> Mistake:
    path = tuple(part for part in error["loc"] if part != "[key]")
    explain = _EXPLAINED.get(error["type"], _plain)
    return Mistake(path, explain(path, error))


def _unknown(path: Path, error: ErrorDetails) -> Text:
    key, around = str(path[-1]), path[:-1]
    if _is_dotted_name(error):
        name = f'[{around[0]}."{".".join(str(part) for part in path[1:])}"]'
        return Text(f"a name with a dot needs quotes: {name}", f"点を含む名前は引用符で囲んでください：{name}")
    if key in _HOMES:
        home = _HOMES[key]
        return Text(f"unknown here: {key} belongs under [{home}].", f"ここでは使えません。{key} は [{home}] に書きます。")
    table = isinstance(error["input"], dict)
    if not around and not table and (near := get_close_matches(key, _HOMES, n=1)):
        home = f"{near[0]}, [{_HOMES[near[0]]}]"
        return Text(f"unknown setting: did you mean {home}?", f"知らない設定です。{home} の間違いではありませんか？")
    hint = mend(key, _keys_at(around))
    return Text(f"unknown setting: {hint.en}", f"知らない設定です。{hint.ja}")


def _choice(_path: Path, error: ErrorDetails) -> Text:
    allowed = re.findall(r"'([^']*)'", error["ctx"]["expected"])
    wrong = error["input"]
    hint = mend(str(wrong), allowed)
    every = ", ".join(f'"{name}"' for name in allowed)
    return Text(
        f'"{wrong}" is not one of {every}' + (f"; {hint.en}" if "?" in hint.en else "."),
        f"「{wrong}」は使えません。使えるもの：{every}。" + (hint.ja if "？" in hint.ja else ""),
    )


def _bound(_path: Path, error: ErrorDetails) -> Text:
    found = error["input"]
    if "gt" in error["ctx"]:
        above = error["ctx"]["gt"]
        return Text(f"must be above {above}; found {found}.", f"{above} より大きくしてください（現在：{found}）。")
    if "lt" in error["ctx"]:
        below = error["ctx"]["lt"]
        return Text(f"must be below {below}; found {found}.", f"{below} より小さくしてください（現在：{found}）。")
    if "ge" in error["ctx"]:
        least = error["ctx"]["ge"]
        return Text(f"must be at least {least}; found {found}.", f"{least} 以上にしてください（現在：{found}）。")
    most = error["ctx"]["le"]
    return Text(f"must be at most {most}; found {found}.", f"{most} 以下にしてください（現在：{found}）。")


def _missing(_path: Path, _error: ErrorDetails) -> Text:
    return Text("is needed: add it to this entry.", "必須です。この項目に書き加えてください。")


def _own(_path: Path, error: ErrorDetails) -> Text:
    return Text(error["ctx"]["en"], error["ctx"]["ja"])


def _plain(path: Path, error: ErrorDetails) -> Text:
    """What was expected there and, unless it may be a secret, what was found."""
    if error["type"] == "string_pattern_mismatch":
        expected = _PATTERNS[str(path[-1])]
    else:
        expected = _EXPECTED.get(error["type"], Text(error["msg"], f"正しくありません（{error['msg']}）"))
    if _NEVER_SHOWN.intersection(path) or not isinstance(error["input"], str | int):
        return Text(f"{expected.en}.", f"{expected.ja}。")
    shown = str(error["input"]).lower() if isinstance(error["input"], bool) else repr(error["input"]).replace("'", '"')
    return Text(f"{expected.en}; found {shown}.", f"{expected.ja}（現在：{shown}）。")


_EXPLAINED: Mapping[str, Callable[[Path, ErrorDetails], Text]] = MappingProxyType(
    {
        "extra_forbidden": _unknown,
        "literal_error": _choice,
        "greater_than": _bound,
        "less_than": _bound,
        "greater_than_equal": _bound,
        "less_than_equal": _bound,
        "missing": _missing,
        "kyozon": _own,
    }
)


def _is_dotted_name(error: ErrorDetails) -> bool:
    """Whether a table is unknown because `[models.gpt-4.1]` means the table `1` in `gpt-4`."""
    around, *_ = error["loc"]
    return around in ("models", "providers", "zones") and isinstance(error["input"], dict) and len(error["loc"]) > 2  # noqa: PLR2004 - table, name, rest


def _culprit(error: ErrorDetails) -> Path:
    """What must go for the rest to be checked: what lacks a key, or holds half of a name, is itself the wrong thing."""
    whole = error["type"] == "missing" or (error["type"] == "extra_forbidden" and _is_dotted_name(error))
    return error["loc"][:-1] if whole else error["loc"]


def _prune(document: dict[str, Any], path: Path) -> None:
    """Take the wrong key out. A wrong element takes its whole list along: without it the others would move up."""
    around = document
    for part in path[:-1]:
        inner = around.get(str(part))
        if not isinstance(inner, dict):
            around.pop(str(part), None)
            return
        around = inner
    around.pop(str(path[-1]), None)
