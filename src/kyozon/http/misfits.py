"""What msgspec says of a body that cannot be read or does not fit, in both languages, and the place that it says it of.

It speaks English alone, in a few patterns. What fits none of them is passed on as it was said.
"""

import re
from collections.abc import Callable

import msgspec

from kyozon.domain.language import Text

_TYPES = {
    "int": "整数",
    "float": "数値",
    "str": "文字列",
    "bool": "真偽値",
    "array": "配列",
    "object": "オブジェクト",
    "null": "null",
}
_UNITS = {"str": " 文字", "array": " 件", "object": " 項目"}
_BOUNDS = {">=": "以上", "<=": "以下", ">": "より大きい", "<": "より小さい"}
_REASONS = {
    "invalid character": "ここに置けない文字があります",
    "object keys must be strings": "オブジェクトのキーは文字列にしてください",
    "trailing characters": "JSON の後に余分な文字があります",
    "trailing comma in array": "配列の最後に余分なコンマがあります",
    "trailing comma in object": "オブジェクトの最後に余分なコンマがあります",
    "invalid number": "数値の書き方が正しくありません",
    "invalid escape character in string": "文字列のエスケープが正しくありません",
    "invalid escaped character": "文字列のエスケープが正しくありません",
    "invalid character in unicode escape": "文字列の \\u エスケープが正しくありません",
    "invalid utf-16 surrogate pair": "文字列の \\u エスケープが正しくありません",
}
_WHERE = re.compile(r" - at (?:`?(?P<part>key|value)`? in )?`(?P<path>[^`]*)`$")
_FIELD = re.compile(r"Object (?:missing required|contains unknown) field `(.+)`", re.DOTALL)
"""A caller's own name may have backticks and line breaks in it; his own values are told by other patterns."""


def _types(named: str) -> str:
    return "または".join(_TYPES.get(name, name) for name in named.split(" | "))


def _length(kind: str, bound: str, size: str) -> str:
    return f"{size}{_UNITS.get(kind, '')}{_BOUNDS[bound]}の{_types(kind)}を指定してください"


def _number(kind: str, bound: str, size: str) -> str:
    return f"{size} {_BOUNDS[bound]}{'' if bound in ('>', '<') else 'の'}{_types(kind)}を指定してください"


def _malformed(reason: str, byte: str) -> str:
    expected = re.fullmatch(r"expected (.+)", reason)
    told = f"{expected[1].replace(' or ', ' か ')} が必要です" if expected else _REASONS.get(reason, reason)
    return f"{told}（バイト位置 {byte}）"


_PATTERNS: tuple[tuple[re.Pattern[str], Callable[..., str]], ...] = tuple(
    (re.compile(pattern, re.DOTALL), said)
    for pattern, said in (
        (r"Expected `([^`]+)`, got `([^`]+)`", lambda want, got: f"{_types(want)}が必要ですが、{_types(got)}です"),
        (r"Expected `(str|array|object)` of length (>=|<=) (\d+)", _length),
        (r"Expected `(int|float)` (>=|<=|>|<) (\S+)", _number),
        (r"Expected `([^`]+)`", lambda want: f"{_types(want)}を指定してください"),
        (r"Expected `str` matching regex (.+)", lambda form: f"正規表現 {form} に合う文字列を指定してください"),
        (r"Object missing required field `([^`]+)`", lambda name: f"必須の項目 {name} がありません"),
        (r"Object contains unknown field `(.+)`", lambda name: f"項目 {name} は使えません"),
        (r"Invalid (?:enum )?value (.+)", lambda value: f"値 {value} は使えません"),
        (r"(?:Integer value|Number) out of range", lambda: "数値が大きすぎるか、小さすぎます"),
        (r"JSON is malformed: (.+) \(byte (\d+)\)", _malformed),
        (r"Input data was truncated", lambda: "途中で終わっています"),
    )
)


def misfit(error: msgspec.ValidationError) -> tuple[str, Text]:
    """The field that does not fit, as in `tools[0].type`, and what is wrong with it; the field is empty for the whole."""
    said = str(error)
    where = _WHERE.search(said)
    what = said if where is None else said[: where.start()]
    field = "" if where is None else where["path"].removeprefix("$").lstrip(".")
    if (missing := _FIELD.fullmatch(what)) is not None:
        field = f"{field}.{missing[1]}" if field else missing[1]
    return field, Text(what, _japanese(what))


def unreadable(error: Exception) -> Text:
    """Why a body is no JSON: what msgspec, Python's decoder of text or its limit of depth says."""
    if isinstance(error, UnicodeDecodeError):
        return Text(f"it is not UTF-8 (byte {error.start})", f"UTF-8 ではありません（バイト位置 {error.start}）")
    if isinstance(error, RecursionError):
        return Text("it is nested too deeply", "入れ子が深すぎます")
    if isinstance(error, msgspec.ValidationError):  # a number that no float can hold
        return misfit(error)[1]
    return Text(str(error), _japanese(str(error)))


def _japanese(what: str) -> str:
    for pattern, said in _PATTERNS:
        if (found := pattern.fullmatch(what)) is not None:
            return said(*found.groups())
    return what
