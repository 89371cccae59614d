"""Words and characters of a text as numbers: one tokeniser for all languages, with no dictionary.

Chinese characters, kana and hangul are cut into pairs of neighbours and single characters (of hiragana the pairs only:
single ones stand in every sentence); everything else into words and the four-letter pieces of each word, which find other
forms of it. Measured in `docs/benchmarks/retrieval.md`. Texts are folded by Unicode's NFKC first and written small.
"""

import hashlib
import re
import unicodedata
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Keys = NDArray[np.uint64]

_JOINED = (
    "\u3005-\u3007\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\uac00-\ud7a3\U00020000-\U0003ffff"
)
_RUN = re.compile(f"[{_JOINED}]+")
_WORD = re.compile(rf"[^\W_{_JOINED}]+")
_HIRAGANA = (0x3041, 0x309F)
_SPACE = ord(" ")
_BITS = 21  # of a character
_OF_WORDS = 1 << 63  # no two characters reach this bit
_PIECE = 4


def keys(text: str) -> Keys:
    """A number for each token of a text, as often as it occurs; two tokens have the same with a chance of 2⁻⁶³."""
    folded = unicodedata.normalize("NFKC", text).lower()
    words = [key for word in _WORD.findall(folded) for key in _of_word(word)]
    return np.concatenate([_of_runs(" ".join(_RUN.findall(folded))), np.array(words, np.uint64)])


def _of_runs(runs: str) -> Keys:
    points = np.frombuffer(runs.encode("utf-32-le"), np.uint32).astype(np.uint64)
    first, second = points[:-1], points[1:]
    pairs = (first << np.uint64(_BITS) | second)[(first != _SPACE) & (second != _SPACE)]
    low, high = _HIRAGANA
    return np.concatenate([points[(points != _SPACE) & ((points < low) | (points > high))], pairs])


@lru_cache(maxsize=1 << 16)
def _of_word(word: str) -> tuple[int, ...]:
    held = f"<{word}>"
    pieces = (f"#{held[at : at + _PIECE]}" for at in range(len(held) - _PIECE + 1))
    return tuple(_number(token) for token in (word, *pieces))


def _number(token: str) -> int:
    return int.from_bytes(hashlib.blake2b(token.encode(errors="surrogatepass"), digest_size=8).digest()) | _OF_WORDS
