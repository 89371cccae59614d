"""Recomputes what a prompt asks of its own Python code, and holds an answer against it."""

import ast
import math
import re
from typing import Any

from kyozon.routing.verifying.allowed import Unknown
from kyozon.routing.verifying.evaluating import evaluate
from kyozon.routing.verifying.final import Final
from kyozon.routing.verifying.form import Features

_LONGEST = 4000
_CODE = re.compile(r"^def \w+\(.*?(?=^\S(?!.*\bdef\b)|\Z)", re.MULTILINE | re.DOTALL)
_ASKED = re.compile(
    r"^\s*(?:assert (?P<asserted>.+?)\s*==\s*(?:\?+|_+|\.\.\.)\s*$|print\((?P<printed>.+)\)\s*$)", re.MULTILINE
)
# Python's parser warns of these on standard error.
_WARNED = re.compile(r"\\[^\\'\"abfnrtvxuUN0-7\n]|\d(?:if|else|and|or|in|is|for|not)\b")
_NAME = "recomputed result agrees"


def recomputing(prompt: str, final: Final) -> Features:
    """1 where the answer is what the code gives, 0 where it is not, NaN where that cannot be told."""
    asked = list(_ASKED.finditer(prompt[-_LONGEST:]))
    code = "\n".join(_CODE.findall(prompt[-_LONGEST:]))
    if len(asked) != 1 or not code or _WARNED.search(prompt):
        return {_NAME: math.nan}
    try:
        expression = ast.parse((asked[0]["asserted"] or asked[0]["printed"]).strip(), mode="eval").body
        truth = evaluate(ast.parse(code), expression)
    except (Unknown, SyntaxError, ValueError, RecursionError, MemoryError):
        return {_NAME: math.nan}
    return {_NAME: float(_is(truth, final.text, printed=asked[0]["printed"] is not None))}


def _is(truth: Any, text: str, *, printed: bool) -> bool:
    """Text may come with or without quotes."""
    if isinstance(truth, str) and text.strip("'\"") == truth.strip("'\""):
        return True
    if printed or _WARNED.search(text):
        return text.strip() == str(truth)
    try:
        found = evaluate(ast.Module([], []), ast.parse(text.strip(), mode="eval").body)
    except (Unknown, SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return bool(type(found) is type(truth) and found == truth)
