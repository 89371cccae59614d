"""What msgspec says, in the caller's language, with the place kept."""

import re
from typing import Annotated, Any, Literal

import msgspec
import pytest
from msgspec import Meta, Struct

from kyozon.http.misfits import misfit, unreadable


class _Cat(Struct, tag="cat"):
    lives: int


class _Dog(Struct, tag="dog"):
    name: str


class _Shape(Struct, forbid_unknown_fields=True):
    count: Annotated[int, Meta(ge=0)] = 0
    share: Annotated[float, Meta(gt=0, le=1)] = 1
    words: Annotated[dict[Annotated[str, Meta(max_length=3)], str], Meta(max_length=2)] | None = None
    names: Annotated[list[str], Meta(min_length=1)] | None = None
    pets: list[_Cat | _Dog] | None = None
    form: Annotated[str, Meta(pattern="^a+$")] | None = None
    size: Literal["small", "large"] = "small"
    flag: bool | str = False


_WRONG: list[tuple[Any, str, str]] = [
    ({"count": "x"}, "count", "整数が必要ですが、文字列です"),
    ({"count": -1}, "count", "0 以上の整数を指定してください"),
    ({"share": 0}, "share", "0.0 より大きい数値を指定してください"),
    ({"share": 2.5}, "share", "1.0 以下の数値を指定してください"),
    ({"flag": 1}, "flag", "真偽値または文字列が必要ですが、整数です"),
    ({"words": []}, "words", "オブジェクトまたはnullが必要ですが、配列です"),
    ({"words": {"long": "x"}}, "words", "3 文字以下の文字列を指定してください"),
    ({"words": {"a": 1}}, "words[...]", "文字列が必要ですが、整数です"),
    ({"words": {"a": "", "b": "", "c": ""}}, "words", "2 項目以下のオブジェクトを指定してください"),
    ({"names": []}, "names", "1 件以上の配列を指定してください"),
    ({"names": ["a", None]}, "names[1]", "文字列が必要ですが、nullです"),
    ({"pets": [{"type": "cat"}]}, "pets[0].lives", "必須の項目 lives がありません"),
    ({"pets": [{"type": "cow"}]}, "pets[0].type", "値 'cow' は使えません"),
    ({"pets": [{}]}, "pets[0].type", "必須の項目 type がありません"),
    ({"form": "b"}, "form", "正規表現 '^a+$' に合う文字列を指定してください"),
    ({"size": "tall"}, "size", "値 'tall' は使えません"),
    ({"colour": 1}, "colour", "項目 colour は使えません"),
    ([], "", "オブジェクトが必要ですが、配列です"),
    ({"size": "field `secret`"}, "size", "値 'field `secret`' は使えません"),
    ({"size": "Object contains unknown field `x`"}, "size", "値 'Object contains unknown field `x`' は使えません"),
    ({"a`b": 1}, "a`b", "項目 a`b は使えません"),
    ({"a\nb": 1}, "a\nb", "項目 a\nb は使えません"),
]


@pytest.mark.parametrize(("body", "field", "said"), _WRONG)
def test_the_place_is_kept_and_what_is_wrong_is_said_in_both_languages(body: Any, field: str, said: str) -> None:
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.convert(body, _Shape)
    found, what = misfit(caught.value)
    assert (found, what.ja) == (field, said)
    assert what.en == str(caught.value).partition(" - at ")[0]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"a": 1,}', "オブジェクトの最後に余分なコンマがあります（バイト位置 8）"),
        (b"[1,]", "配列の最後に余分なコンマがあります（バイト位置 3）"),
        (b"[1 2]", "',' か ']' が必要です（バイト位置 3）"),
        (b'{"a" 1}', "':' が必要です（バイト位置 5）"),
        (b"{a: 1}", "オブジェクトのキーは文字列にしてください（バイト位置 1）"),
        (b"{} x", "JSON の後に余分な文字があります（バイト位置 4）"),
        (b"[01]", "数値の書き方が正しくありません（バイト位置 2）"),
        (rb'["\x"]', "文字列のエスケープが正しくありません（バイト位置 4）"),
        (rb'["\uzzzz"]', "文字列の \\u エスケープが正しくありません（バイト位置 5）"),
        (b"oops", "ここに置けない文字があります（バイト位置 0）"),
        (b"[1", "途中で終わっています"),
        (b"[1e999]", "数値が大きすぎるか、小さすぎます"),
        (b'["\xff"]', "UTF-8 ではありません（バイト位置 0）"),
        (b"[" * 100_000, "入れ子が深すぎます"),
    ],
)
def test_what_is_no_json_is_told_in_japanese_too(body: bytes, said: str) -> None:
    with pytest.raises((msgspec.DecodeError, UnicodeDecodeError, RecursionError)) as caught:
        msgspec.json.decode(body)
    told = unreadable(caught.value)
    assert told.ja == said
    assert re.search("[ぁ-ん]", told.en) is None


def test_what_is_not_known_yet_is_passed_on() -> None:
    _, what = misfit(msgspec.ValidationError("Something new - at `$.x`"))
    assert (what.en, what.ja) == ("Something new", "Something new")
