"""What a prompt is made of, as hashed words: vectorised, so that a long prompt costs no more than a millisecond.

A word is a run of letters, a run of digits (known by its length only), one East Asian character, or one other sign. Words
and pairs of neighbours are hashed (the hashing trick, Weinberger et al. 2009): nothing of the prompt can be read back.
"""

import numpy as np
from numpy.typing import NDArray

BITS = 14
BUCKETS = 1 << BITS
LONGEST = 6_000

SIGN, LETTER, DIGIT, SPACE, EAST = range(5)
_BASE = np.uint64(0x9E3779B97F4A7C15 | 1)
_MIX = np.uint64(0xD6E8FEB86659FD93)
_SHIFT = np.uint64(64 - BITS)
_EASTERN = ((0x3040, 0x30FF), (0x3400, 0x9FFF), (0xAC00, 0xD7A3), (0xF900, 0xFAFF), (0x20000, 0x3FFFF))

Codes = NDArray[np.uint32]


def _kinds() -> NDArray[np.uint8]:
    """The kind of each code point of the first plane and a few beyond."""
    kinds = np.full(0x40000, LETTER, dtype=np.uint8)
    kinds[:0x80] = [
        DIGIT if chr(i).isdigit() else LETTER if chr(i).isalpha() else SPACE if chr(i).isspace() else SIGN
        for i in range(0x80)
    ]
    kinds[0:0x20] = SPACE
    kinds[0x80:0xC0] = SIGN
    kinds[0x2000:0x206F] = SIGN
    kinds[0x2190:0x2BFF] = SIGN
    kinds[0x3000:0x3040] = SIGN
    kinds[0xFF00:0xFF10] = SIGN
    for first, last in _EASTERN:
        kinds[first : last + 1] = EAST
    return kinds


def _powers(base: np.uint64, count: int) -> NDArray[np.uint64]:
    powers = np.full(count, base, dtype=np.uint64)
    powers[0] = 1
    return np.multiply.accumulate(powers)


_KINDS = _kinds()
_POWERS = _powers(_BASE, LONGEST + 1)
_INVERSES = _powers(np.uint64(pow(int(_BASE), -1, 1 << 64)), LONGEST + 1)


def codes_of(text: str) -> Codes:
    """The code points of the text in small letters; of a long one the first two thirds of the room and the last third."""
    if len(text) > LONGEST:
        head = LONGEST * 2 // 3
        text = text[:head] + text[head - LONGEST :]
    raw = text.lower()[:LONGEST].encode("utf-32-le", "surrogatepass")
    return np.frombuffer(raw, dtype=np.uint32)


def kinds_of(codes: Codes) -> NDArray[np.uint8]:
    """What each code point is: a sign, a letter, a digit, space, or East Asian."""
    return _KINDS[np.minimum(codes, len(_KINDS) - 1)]


def words_of(codes: Codes) -> NDArray[np.uint64]:
    """One hash per word, in order."""
    if not len(codes):
        return np.empty(0, dtype=np.uint64)
    kinds = kinds_of(codes)
    values = np.where(kinds == DIGIT, np.uint32(7), codes).astype(np.uint64)
    sums = np.concatenate(([np.uint64(0)], np.cumsum((values + np.uint64(1)) * _POWERS[: len(codes)])))
    alone = (kinds == SIGN) | (kinds == EAST)
    starts = np.flatnonzero(np.concatenate(([True], (kinds[1:] != kinds[:-1]) | alone[1:])))
    ends = np.append(starts[1:], len(codes))
    kept = kinds[starts] != SPACE
    starts, ends = starts[kept], ends[kept]
    return np.asarray((sums[ends] - sums[starts]) * _INVERSES[starts])


def buckets_of(words: NDArray[np.uint64]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """The buckets of words and pairs, each once, and one plus the logarithm of how often each occurs."""
    pairs = words[:-1] * _MIX + words[1:]
    mixed = np.concatenate((words, pairs)) * _MIX
    mixed ^= mixed >> np.uint64(31)
    places, counts = np.unique(((mixed * _BASE) >> _SHIFT).astype(np.int64), return_counts=True)
    return places, (1 + np.log(counts)).astype(np.float32)
