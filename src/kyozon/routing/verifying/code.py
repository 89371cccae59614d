"""Answers about code: how hard the code looks, and whether the literal given as its result can be one."""

import math
import re
from collections import Counter

from kyozon.routing.verifying.final import Final
from kyozon.routing.verifying.form import Features, size

_CODE = re.compile(r"\bdef \w+\(|\bfunction \w+\(|```\w|\bassert ")
_SIGNS = {
    "loops": re.compile(r"\bfor\b|\bwhile\b"),
    "open loops": re.compile(r"\bwhile\b"),
    "branches": re.compile(r"\bif\b|\belse\b"),
    "slices": re.compile(r"\[[^\]\n]*:[^\]\n]*\]"),
    "work on text": re.compile(
        r"\.(?:replace|l?r?strip|split|join|r?find|r?index|r?partition|title|swapcase|upper|lower|center|count)\b"
    ),
    "work on lists": re.compile(r"\.(?:append|pop|insert|remove|sort|reverse|extend|update)\b"),
    "sorts": re.compile(r"sort"),
}
_LITERALS = re.compile(r"\[[^\]\n]*\]|'[^'\n]*'")
_STEPS = re.compile(r"iterat|loop|step")
_PAIRS = {")": "(", "]": "[", "}": "{"}
_NAMES = (
    *_SIGNS, "length", "literal balanced", "literal is a collection", "literal parts", "literal in the prompt",
    "letters from nowhere", "letters beyond the input", "length beside the input", "input length", "literal said before",
    "literals", "steps",
)  # fmt: skip


def code(prompt: str, answer: str, final: Final) -> Features:
    """Features of an answer about code; NaN, all but the first, where the prompt shows none."""
    names = [f"code: {name}" for name in _NAMES]
    if not _CODE.search(prompt):
        return {"code": 0.0} | dict.fromkeys(names, math.nan)
    body, _, called = prompt.rpartition("assert ")
    literal = final.text.strip("'\"")
    letters = Counter(final.text)
    beyond = letters - Counter(called)
    values = (
        *(size(len(pattern.findall(body))) for pattern in _SIGNS.values()),
        size(len(body)),
        float(balanced(final.text)),
        float(final.text[:1] in ("[", "(", "{")),
        size(final.text.count(",")),
        float(bool(literal) and literal in called),
        sum(letter not in prompt for letter in letters) / max(1, len(letters)),
        beyond.total() / max(1, len(final.text)),
        (len(final.text) - len(called)) / max(1, len(called)),
        size(len(called)),
        size(answer.count(literal) - 1 if literal else 0),
        size(len(_LITERALS.findall(answer))),
        size(len(_STEPS.findall(answer))),
    )
    return {"code": 1.0} | dict(zip(names, values, strict=True))


def balanced(literal: str) -> bool:
    """Whether the brackets outside quotes pair up and each quote is closed."""
    waiting: list[str] = []
    quote = ""
    escaped = False
    for letter in literal:
        if quote:
            quote = "" if letter == quote and not escaped else quote
            escaped = letter == "\\" and not escaped
        elif letter in "'\"":
            quote = letter
        elif letter in "([{":
            waiting.append(letter)
        elif letter in _PAIRS and (not waiting or waiting.pop() != _PAIRS[letter]):
            return False
    return not waiting and not quote
