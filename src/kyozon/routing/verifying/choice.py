"""Answers to multiple choice: whether the letter chosen fits what was said before it."""

import math
import re
from collections.abc import Mapping

from kyozon.routing.verifying.final import Final, numbers_in
from kyozon.routing.verifying.form import Features, size

_OPTION = re.compile(r"^\(?([A-P])[.)]\s+(.*)$", re.MULTILINE)
_VERDICT = re.compile(r"the answer is|答えは|正解は", re.IGNORECASE)
_LETTERS = re.compile(r"\(([A-P])\)")
_WORD = re.compile(r"\w{4,}")
_ALL_OR_NONE = re.compile(r"none of|all of|both|neither|cannot be|すべて|いずれも", re.IGNORECASE)
_FEW = 3
_LAST = 3
_FAR = 2.0
_MATCH = 0.011
_NAMES = (
    "letter found", "options with numbers", "distance of the result", "result among them", "another is nearer",
    "words of it said", "said more than another", "others discussed", "quoted whole", "place", "the last one",
    "its length", "its length beside others", "all or none",
)  # fmt: skip


def choice(prompt: str, answer: str, final: Final) -> Features:
    """Features of a choice among lettered options; NaN, all but the first, where the prompt has none."""
    options = dict(_OPTION.findall(prompt))
    names = [f"choice: {name}" for name in _NAMES]
    if len(options) < _FEW:
        return {"choice: options": 0.0} | dict.fromkeys(names, math.nan)
    letter = final.text.strip("() ")[:1].upper()
    chosen = options.get(letter, "")
    rest = {name: text for name, text in options.items() if name != letter}
    said = _VERDICT.split(answer)[0]
    values = (
        float(final.marked == "letter" and letter in options),
        sum(bool(numbers_in(text)) for text in options.values()) / len(options),
        *_distances(chosen, rest, numbers_in(said)[-_LAST:]),
        *_said(chosen, rest, said.lower()),
        float(len(set(_LETTERS.findall(said)) - {letter})),
        float(chosen.strip().lower()[:60] in said.lower()),
        float(list(options).index(letter)) if letter in options else math.nan,
        float(letter == list(options)[-1]),
        size(len(chosen)),
        size(len(chosen)) - size(sum(map(len, options.values())) / len(options)),
        float(_ALL_OR_NONE.search(chosen) is not None),
    )
    return {"choice: options": float(len(options))} | dict(zip(names, values, strict=True))


def _distances(chosen: str, rest: Mapping[str, str], results: list[float]) -> tuple[float, float, float]:
    """How far the last numbers reckoned are from the option chosen, relative; NaN where it holds none."""
    if not results or not numbers_in(chosen):
        return math.nan, math.nan, math.nan
    own = _distance(chosen, results)
    nearest = min((_distance(text, results) for text in rest.values()), default=_FAR)
    return own, float(own < _MATCH), float(nearest < own)


def _distance(option: str, results: list[float]) -> float:
    pairs = ((number, result) for number in numbers_in(option) for result in results)
    return min((abs(one - two) / max(abs(one), abs(two), 1e-9) for one, two in pairs), default=_FAR)


def _said(chosen: str, rest: Mapping[str, str], said: str) -> tuple[float, float]:
    words = set(_WORD.findall(said))
    own = _share(chosen, words)
    return own, own - max((_share(text, words) for text in rest.values()), default=0.0)


def _share(option: str, words: set[str]) -> float:
    wanted = set(_WORD.findall(option.lower()))
    return len(wanted & words) / len(wanted) if wanted else 0.5
