"""Grades answers whose right form is known: by their last words, as people read them."""

import json
import re
import unicodedata
from typing import Any, Literal

from msgspec import Struct

Kind = Literal["number", "choice", "json", "exact"]

_NUMBER = re.compile(r"-?\d[\d,]*(?:\.\d+)?")
_LETTER = re.compile(r"(?<![A-Za-z])([A-E])(?![A-Za-z])")
_FENCE = re.compile(r"```(?:\w+)?\n(.*?)```", re.DOTALL)
_AROUND = " \t`*\"'.。「」$"


class Probe(Struct, frozen=True):
    """A question with the one right answer, and the form that this has."""

    kind: Kind
    text: str
    answer: str


def grade(probe: Probe, reply: str) -> float:
    """1 for a right answer, else 0."""
    said = unicodedata.normalize("NFKC", reply)
    return float(_RIGHT[probe.kind](said, unicodedata.normalize("NFKC", probe.answer)))


def _number(said: str, answer: str) -> bool:
    found = _NUMBER.findall(said)
    return bool(found) and float(found[-1].replace(",", "")) == float(answer)


def _choice(said: str, answer: str) -> bool:
    found = _LETTER.findall(said)
    return bool(found) and found[-1] == answer


def _json(said: str, answer: str) -> bool:
    """The first value in the reply; a fence around it is forgiven, other words are not."""
    fenced = _FENCE.search(said)
    try:
        found: Any = json.loads(fenced[1] if fenced else said)
    except ValueError:
        return False
    return bool(found == json.loads(answer))


def _exact(said: str, answer: str) -> bool:
    fenced = _FENCE.findall(said)
    lines = [line.strip(_AROUND) for line in (fenced[-1] if fenced else said).splitlines()]
    last = [line for line in lines if line][-1:]
    return last == [answer.strip(_AROUND)]


_RIGHT = {"number": _number, "choice": _choice, "json": _json, "exact": _exact}
