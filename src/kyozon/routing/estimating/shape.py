"""The outer form of a prompt in a few numbers: how long, how much of it figures, formulas, code, options, which script."""

import numpy as np
from numpy.typing import NDArray

from kyozon.routing.estimating.words import EAST, Codes, kinds_of

_GROUPS = {
    "digits": "0123456789",
    "vowels": "aeiou",
    "operators": "+*/^=<>%",
    "minus": "-",
    "latex": "\\$",
    "brackets": "()[]",
    "braces": "{}_;#`|~&@",
    "questions": "?？",
    "quotes": "\"'“”’",
    "commas": ",、",
    "stops": ".。!",
    "colons": ":：",
    "lines": "\n",
    "spaces": " ",
    "capitals": "",
    "east": "",
    "kana": "",
    "beyond": "",
}
NAMES = ("length", *_GROUPS, "words", "word length", "options", "option length", "last line", "long", "stated options")
_TABLE = np.zeros(128, dtype=np.int64)
_PLAIN = [name for name, signs in _GROUPS.items() if signs]
for _place, _name in enumerate(_PLAIN, 1):
    for _letter in _GROUPS[_name]:
        if ord(_letter) < len(_TABLE):
            _TABLE[ord(_letter)] = _place
KANA = (0x3040, 0x30FF)
LONG = 1500
_LINE, _STOP, _OPTION_A, _OPTION_P = ord("\n"), ord("."), ord("a"), ord("p")


def shape_of(text: str, codes: Codes, words: int) -> NDArray[np.float32]:
    """The values of `NAMES` (logarithms of counts, and shares) for a text, its code points in small letters, its words."""
    size = len(codes)
    grouped = np.bincount(_TABLE[np.minimum(codes, 127)], minlength=len(_PLAIN) + 1)[1:] if size else np.zeros(len(_PLAIN))
    counts = dict(zip(_PLAIN, grouped.tolist(), strict=True))
    kinds = kinds_of(codes)
    east = int(np.count_nonzero(kinds == EAST))
    counts["capitals"] = sum(map(str.isupper, text[:2000]))
    counts["east"] = east
    counts["kana"] = int(np.count_nonzero((codes >= KANA[0]) & (codes <= KANA[1])))
    counts["beyond"] = int(np.count_nonzero(codes >= len(_TABLE))) - east
    marks = _options(codes)
    lines = np.flatnonzero(codes == _LINE)
    last = size - (int(lines[-1]) if len(lines) else 0)
    spread = float(np.mean(np.diff(np.append(marks, size)))) if len(marks) else 0.0
    values = [size, *(counts[name] for name in _GROUPS), words, size / max(words, 1), len(marks), spread, last]
    long = float(size > LONG)
    return np.array([*np.log1p(np.array(values, dtype=np.float64)), long, min(len(marks), 10) / 10], dtype=np.float32)


def _options(codes: Codes) -> NDArray[np.intp]:
    """Where lines begin with a letter from A to P and a stop or bracket: the options of a question."""
    if len(codes) <= len("\na."):
        return np.empty(0, dtype=np.intp)
    second = codes[1:-1]
    starts = (codes[:-2] == _LINE) & (second >= _OPTION_A) & (second <= _OPTION_P)
    return np.flatnonzero(starts & ((codes[2:] == _STOP) | (codes[2:] == ord(")"))))
