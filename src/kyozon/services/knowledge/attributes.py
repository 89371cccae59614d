"""What is said of a document to find it by, within OpenAI's bounds; and the names it is open to, which come with it."""

import re

from kyozon.domain.errors import InvalidRequest
from kyozon.domain.knowledge import MOST_ATTRIBUTES, Attributes
from kyozon.domain.language import Text

_OURS = "kyozon:"
READERS = f"{_OURS}readers"
"""The attribute that names readers, joined by commas: `group:legal,user:aiko`. None at all lifts the bound."""
_KNOWN = (READERS, f"{_OURS}path", f"{_OURS}sha256")

_LONGEST_KEY, _LONGEST_VALUE, _MOST_READERS = 64, 512, 100
_READER = re.compile(r"(user|group|role):[^\s,][^,]{0,99}")


def taken(attributes: Attributes) -> tuple[dict[str, str | float | bool], frozenset[str] | None]:
    """Attributes without the readers, and the readers, None where nothing is said of them; raises `InvalidRequest`."""
    rest = {key: value for key, value in attributes.items() if key != READERS}
    for key, value in rest.items():
        if key.lower().startswith(_OURS) and key not in _KNOWN:
            raise _unknown(key)
        if not key or len(key) > _LONGEST_KEY or (isinstance(value, str) and len(value) > _LONGEST_VALUE):
            raise _out_of_bounds()
    if len(rest) > MOST_ATTRIBUTES:
        raise _out_of_bounds()
    return rest, _readers(attributes[READERS]) if READERS in attributes else None


def _readers(said: str | float) -> frozenset[str]:
    names = [name.strip() for name in said.split(",")] if isinstance(said, str) else [str(said)]
    named = frozenset(filter(None, names))
    wrong = sorted(name for name in named if not _READER.fullmatch(name))
    if wrong or len(named) > _MOST_READERS:
        what = ", ".join(wrong[:3]) or str(len(named))
        raise InvalidRequest(
            Text(
                f"{READERS} names up to {_MOST_READERS} readers as user:NAME, group:NAME or role:NAME, joined by commas; "
                f"this is none: {what}.",
                f"{READERS} には user:名前・group:名前・role:名前 を {_MOST_READERS} 件まで、カンマ区切りで指定してください"
                f"（誤り：{what}）。",
            ),
            f"attributes.{READERS}",
        )
    return named


def _unknown(key: str) -> InvalidRequest:
    """Whoever mistypes the readers must not believe that a document is closed."""
    known = ", ".join(_KNOWN)
    return InvalidRequest(
        Text(
            f"there is no attribute {key!r}: names that begin with {_OURS} are Kyozon's own, and these are all: {known}.",
            f"属性 {key!r} はありません。{_OURS} で始まる名前は Kyozon 専用で、使えるのは {known} です。",
        ),
        "attributes",
    )


def _out_of_bounds() -> InvalidRequest:
    return InvalidRequest(
        Text(
            f"there are at most {MOST_ATTRIBUTES} attributes: keys of 1 to {_LONGEST_KEY} characters, texts of "
            f"{_LONGEST_VALUE}.",
            f"attributes は {MOST_ATTRIBUTES} 個まで、キーは 1〜{_LONGEST_KEY} 文字、"
            f"文字列の値は {_LONGEST_VALUE} 文字までです。",
        ),
        "attributes",
    )
