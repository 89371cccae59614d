"""A text as detectors read it: one form for the many that characters come in, and the way back to the original places."""

import re
import unicodedata

from msgspec import Struct

_VARIANTS = str.maketrans("髙﨑濵濱𠮷德塚邉邊﨟栁桒𣘺", "高崎浜浜吉徳塚辺辺蝋柳桑橋")
"""What only names are written with, and NFKC leaves alone, as a dictionary knows it."""
# Of Japanese text most that NFKC changes is wide ASCII: one character for one, so no place moves.
_SAME_PLACE = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)} | {0x3000: 0x20} | _VARIANTS

_ESCAPE = r"\\u[0-9a-fA-F]{4}"
# What becomes another number of characters: JSON's escapes, a kana with its half-width mark, combining marks.
_CLUSTER = re.compile(rf"(?:{_ESCAPE})+|[\uff66-\uff9d][\uff9e\uff9f]|.[\u0300-\u036f\u3099\u309a]*", re.DOTALL)
_INVISIBLE = re.compile(
    r"[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufe00-\ufe0f\ufeff]"
)
_DASH_IN_NUMBER = re.compile(r"(?<=[0-9)])[\u2010-\u2015\u2043\u2212\u30fc\u30a0\u2500\ufe58\ufe63\uff0d\uff70](?=[0-9(])")
_TO_HIRAGANA = {code: code - 0x60 for code in range(0x30A1, 0x30F7)}


class View(Struct, frozen=True):
    """The folded text; `places[i]` is where the original of character i begins. None: every character is where it was."""

    text: str
    places: tuple[int, ...] | None = None

    def original(self, start: int, end: int) -> tuple[int, int]:
        """Where the characters from `start` up to `end` stand in the original."""
        return (start, end) if self.places is None else (self.places[start], self.places[end])


def fold(text: str) -> View:
    """Width, compatibility forms, invisible characters, escapes of JSON and the dashes of numbers, folded."""
    if text.isascii() and "\\u" not in text:
        return View(text)
    escaped = re.search(_ESCAPE, text) is not None
    same_length = text.translate(_SAME_PLACE)
    if not escaped and not _INVISIBLE.search(text) and unicodedata.is_normalized("NFKC", same_length):
        return View(_dashes(same_length))
    pieces, places = [], []
    for found in _CLUSTER.finditer(same_length):
        cluster = found[0]
        if cluster.startswith("\\u") and len(cluster) > 1:
            cluster = _decoded(cluster)
        folded = _INVISIBLE.sub("", unicodedata.normalize("NFKC", cluster)).translate(_VARIANTS)
        pieces.append(folded)
        places += [found.start()] * len(folded)
    places.append(len(text))
    return View(_dashes("".join(pieces)), tuple(places))


def residual(text: str) -> View:
    """The form in which what is left of a removed value is looked for: folded, and kana and case say nothing either."""
    view = fold(text)
    return View(
        "".join(map(_lower, hiragana(view.text))) if not view.text.isascii() else view.text.lower(),
        view.places,
    )


def hiragana(text: str) -> str:
    """The same with hiragana for katakana."""
    return text.translate(_TO_HIRAGANA)


def _lower(sign: str) -> str:
    """Sign for sign: of a few the small form is longer, and would move what follows."""
    small = sign.lower()
    return small if len(small) == 1 else sign


def _dashes(text: str) -> str:
    return _DASH_IN_NUMBER.sub("-", text)


def _decoded(escapes: str) -> str:
    """UTF-16 units in JSON's notation; a lone surrogate says nothing and stays a sign that no rule knows."""
    units = bytes.fromhex(escapes.replace("\\u", ""))
    return units.decode("utf-16-be", "replace")
