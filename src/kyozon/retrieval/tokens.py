"""Words and characters of texts as numbers: one tokeniser for all languages, with no dictionary and no memory.

Chinese characters, kana and hangul are cut into pairs of neighbours and single characters (of hiragana the pairs only:
single ones stand in every sentence); everything else into words and the four-letter pieces of each word, which find other
forms of it. Measured in `docs/benchmarks/retrieval.md`. Texts are folded by Unicode's NFKC first and written small.

Many texts are cut at once, as one row of characters: what is done to each is then done by numpy to all of them.
"""

import re
import unicodedata
from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

Keys = NDArray[np.uint64]
Places = NDArray[np.int64]

BITS = 52
"""Of a key: the rest of 64 is left to whoever sorts keys together with rows."""

_JOINED = (
    "\u3005-\u3007\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\uac00-\ud7a3\U00020000-\U0003ffff"
)
_HIRAGANA = "\u3041-\u3096\u309d-\u309f"
_APART, _OF_WORD, _SINGLE, _PAIRED = range(4)  # what a character is
_BITS = np.uint64(21)  # of a character
_OF_WORDS = np.uint64(1 << (BITS - 1))  # no two characters reach this bit
_END = 0  # stands before and after a word; no character of one
# Odd numbers without a pattern: the first digits of the golden ratio's, pi's and e's fractions.
_BY_PLACE, _WHOLE, _PIECE = 0x9E3779B97F4A7C15, 0x243F6A8885A308D3, 0xB7E151628AED2A6B


def keys(text: str) -> Keys:
    """A number for each token of a text, as often as it occurs; two tokens have the same with a chance of 2⁻⁵¹."""
    return keys_of((text,))[0]


def keys_of(texts: Sequence[str]) -> tuple[Keys, Places]:
    """The numbers of the tokens of several texts, in no order; and for each of them which text it is of, from 0."""
    folded = [unicodedata.normalize("NFKC", text).lower() for text in texts]
    row = "\n".join(("", *folded, ""))
    points = np.frombuffer(row.encode("utf-32-le", "surrogatepass"), np.uint32)
    kinds = _kinds()[points]
    owners = np.repeat(np.arange(len(texts)), np.array([len(text) + 1 for text in folded], np.int64))
    parts = (*_of_runs(points, kinds), *_of_words(points, kinds))
    found, places = np.concatenate([part for part, _ in parts]), np.concatenate([at for _, at in parts])
    return found, owners[places - 1]


def _of_runs(points: NDArray[np.uint32], kinds: NDArray[np.uint8]) -> list[tuple[Keys, Places]]:
    """Single characters and pairs, with the place of each."""
    single = np.flatnonzero(kinds == _SINGLE)
    joined = kinds >= _SINGLE
    first = np.flatnonzero(joined[:-1] & joined[1:])
    return [(points[single].astype(np.uint64), single), (_paired(points.astype(np.uint64), first), first)]


def _of_words(points: NDArray[np.uint32], kinds: NDArray[np.uint8]) -> list[tuple[Keys, Places]]:
    """Words and their pieces: a piece is two neighbours in a word with what stands on both sides, or an end of the word."""
    word = kinds == _OF_WORD
    letters = np.where(word, points, _END).astype(np.uint64)
    at = np.flatnonzero(word)
    if not len(at):
        return []
    firsts = np.flatnonzero(np.append(True, np.diff(at) > 1))
    sizes = np.diff(np.append(firsts, len(at)))
    powers = np.cumprod(np.full(sizes.max(), _BY_PLACE, np.uint64))
    within = np.arange(len(at)) - np.repeat(firsts, sizes)
    whole = np.add.reduceat(letters[at] * powers[within], firsts)
    before = np.flatnonzero(word[:-1] & word[1:]) - 1
    pieces = _mixed(_paired(letters, before), _PIECE) + _paired(letters, before + 2)
    return [(_hashed(whole, _WHOLE), at[firsts]), (_hashed(pieces, _PIECE), before + 1)]


def _paired(characters: Keys, first: Places) -> Keys:
    return characters[first] << _BITS | characters[first + 1]


def _mixed(numbers: Keys, by: int) -> Keys:
    """Each bit has a say in most of the others; different numbers stay different."""
    product = numbers * np.uint64(by)
    return product ^ product >> np.uint64(32)


def _hashed(numbers: Keys, by: int) -> Keys:
    return _mixed(_mixed(numbers, by), _BY_PLACE) >> np.uint64(64 - BITS + 1) | _OF_WORDS


@cache
def _kinds() -> NDArray[np.uint8]:
    """What each character is, by its number."""
    characters = np.arange(0x110000, dtype="<u4").tobytes().decode("utf-32-le", "surrogatepass")
    found = np.full(len(characters), _APART, np.uint8)
    for kind, those in ((_OF_WORD, rf"[^\W_{_JOINED}]+"), (_SINGLE, f"[{_JOINED}]+"), (_PAIRED, f"[{_HIRAGANA}]+")):
        for match in re.finditer(those, characters):
            found[match.start() : match.end()] = kind
    return found
