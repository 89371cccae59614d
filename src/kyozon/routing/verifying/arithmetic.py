"""Recomputes the arithmetic that an answer shows: `<<3*4=12>>` as in GSM8K, and plain chains such as `3 x $4 = $12`."""

import re
from collections.abc import Iterator
from itertools import pairwise

from msgspec import Struct

_NUMBER = r"(?:\d{1,3}(?:,\d{3}){1,5}|\d{1,18})(?:\.\d{1,18})?|\.\d{1,18}"
_TOKEN = re.compile(rf"(?P<number>{_NUMBER})(?P<percent>\s?%)?|(?P<sign>[-+*/()])")
_NOT_TOKENS = re.compile(r"[$€£¥\s]+")
_ALIKE = str.maketrans("×·÷−–≈（）＝＋￥", "**/--=()=+¥")
_STOP = re.compile(r"[.,]\s")
_WRITTEN = re.compile(r"\\(?:times|cdot|div|approx|left|right|[$%*,])|(?<=[\d)\s$])[xX](?=[\s\d($])")
_LATEX = {r"\times": "*", r"\cdot": "*", r"\div": "/", r"\approx": "=", r"\*": "*", r"\%": "%", r"\$": "$"}
_RUN = re.compile(r"[-\d.,%$€£¥+*/()= ]{3,400}")
_OPERATION = re.compile(r"[\d.)%] *[-+*/]")
_RELATIVE = 0.003
_ABSOLUTE = 0.006
_DEEP = 20
_HUGE = 1e15


class Chain(Struct, frozen=True):
    """One `a = b = c` that was found: whether its sides agree after rounding, and the value of the last."""

    holds: bool
    result: float


def chains(text: str) -> list[Chain]:
    """The equations between numbers in a text, a side of which is a calculation; sides with letters are left out."""
    plain = _STOP.sub("\n", _WRITTEN.sub(_replaced, text.translate(_ALIKE)))
    return [found for run in _RUN.finditer(plain) if "=" in run[0] for found in _read(run[0])]


def same(left: float, right: float) -> bool:
    """Equal but for the rounding that people do: 0.3 per cent, or half of the second decimal."""
    return abs(left - right) <= max(_RELATIVE * max(abs(left), abs(right)), _ABSOLUTE)


def value(expression: str) -> float | None:
    """The value of numbers joined by + - * / and brackets (`20%` is a fifth); None where it is nothing else but that."""
    tokens = _tokens(expression)
    if not tokens:
        return None
    reader = _Reader(tokens)
    try:
        found = reader.total(0)
    except (ValueError, ZeroDivisionError):
        return None
    return found if reader.at == len(tokens) and abs(found) < _HUGE else None


def _replaced(match: re.Match[str]) -> str:
    written = match[0]
    return "*" if written in ("x", "X") else _LATEX.get(written, " ")


def _read(run: str) -> Iterator[Chain]:
    """Sides that are no arithmetic break a chain in two."""
    chain: list[tuple[float, bool]] = []
    for side in (*run.split("="), ""):
        found = value(side)
        if found is not None:
            chain.append((found, _OPERATION.search(side) is not None))
            continue
        if len(chain) > 1 and any(calculated for _, calculated in chain):
            yield Chain(all(same(left, right) for (left, _), (right, _) in pairwise(chain)), chain[-1][0])
        chain = []


def _tokens(expression: str) -> list[str | float]:
    """Empty where something else stands between the tokens, other than money signs and space; a final dot is none."""
    text = _NOT_TOKENS.sub(" ", expression).strip(" .,")
    found: list[str | float] = []
    end = 0
    for match in _TOKEN.finditer(text):
        if text[end : match.start()].strip():
            return []
        end = match.end()
        if match["sign"]:
            found.append(match["sign"])
        else:
            number = float(match["number"].replace(",", ""))
            found.append(number / 100 if match["percent"] else number)
    return [] if text[end:].strip() else found


class _Reader:
    """Recursive descent: sums of products of signed numbers and brackets; `ValueError` where the tokens are none."""

    def __init__(self, tokens: list[str | float]) -> None:
        self.tokens = tokens
        self.at = 0

    def total(self, depth: int) -> float:
        found = self._product(depth)
        while self._seen() in ("+", "-"):
            sign = self._next()
            term = self._product(depth)
            found = found + term if sign == "+" else found - term
        return found

    def _product(self, depth: int) -> float:
        found = self._single(depth)
        while self._seen() in ("*", "/"):
            sign = self._next()
            factor = self._single(depth)
            found = found * factor if sign == "*" else found / factor
        return found

    def _single(self, depth: int) -> float:
        seen = self._next()
        if isinstance(seen, float):
            return seen
        if depth > _DEEP:
            raise ValueError("brackets too deep")
        if seen == "-":
            return -self._single(depth + 1)
        if seen == "(":
            found = self.total(depth + 1)
            if self._next() == ")":
                return found
        raise ValueError("not arithmetic")

    def _seen(self) -> str | float:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def _next(self) -> str | float:
        token = self._seen()
        self.at += 1
        return token
