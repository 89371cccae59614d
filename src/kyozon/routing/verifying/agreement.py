"""Whether other models' answers to the same prompt agree, in the end and on the way."""

import math
import re
from collections.abc import Sequence
from itertools import combinations

from kyozon.routing.verifying.arithmetic import chains
from kyozon.routing.verifying.final import Final, agree, final_answer, number_in, numbers_in
from kyozon.routing.verifying.form import Features, size

_WORD = re.compile(r"\w+")
_EACH = (
    "numbers shared",
    "results shared",
    "words shared",
    "final said by others",
    "others' final said",
    "length beside others",
)
_ALL = ("share that agrees", "any agrees", "all agree", "others agree on something else", "most that agree elsewhere")
_LONG = 20000


def agreement(answer: str, final: Final, others: Sequence[str]) -> Features:
    """Features of how an answer stands among others, means over them; NaN, all but the count, without others."""
    if not others:
        return {"others": 0.0} | dict.fromkeys((*_ALL, *_EACH), math.nan)
    finals = [final_answer(other) for other in others]
    with_it = [agree(final, other) for other in finals]
    elsewhere = [other for other, agrees in zip(finals, with_it, strict=True) if not agrees]
    united = sum(agree(one, two) for one, two in combinations(elsewhere, 2))
    whole = (sum(with_it) / len(others), float(any(with_it)), float(all(with_it)), float(united > 0), size(united))
    trace = _Trace(answer, final)
    each = [trace.beside(_Trace(other, last)) for other, last in zip(others, finals, strict=True)]
    means = [sum(column) / len(column) for column in zip(*each, strict=True)]
    return {"others": float(len(others))} | dict(zip((*_ALL, *_EACH), (*whole, *means), strict=True))


class _Trace:
    """The numbers, results and words along the way of one answer."""

    def __init__(self, answer: str, final: Final) -> None:
        self.numbers = set(numbers_in(answer[:_LONG]))
        self.results = {round(chain.result, 3) for chain in chains(answer[:_LONG])}
        self.words = set(_WORD.findall(answer[:_LONG].lower()))
        self.final = number_in(final.text)
        self.length = size(len(answer))

    def beside(self, other: "_Trace") -> tuple[float, ...]:
        return (
            _shared(self.numbers, other.numbers),
            _shared(self.results, other.results),
            _shared(self.words, other.words),
            float(self.final in other.numbers),
            float(other.final in self.numbers),
            self.length - other.length,
        )


def _shared(one: set[float] | set[str], two: set[float] | set[str]) -> float:
    """Jaccard's index; a half where there is nothing to compare."""
    union = len(one | two)
    return len(one & two) / union if union else 0.5
