"""The numbers of an answer: whether its arithmetic holds, and whether it uses what the question gives."""

import math
import re

from kyozon.routing.verifying.arithmetic import Chain, chains, same
from kyozon.routing.verifying.final import Final, number_in, numbers_in
from kyozon.routing.verifying.form import Features, size

_SPELT = {
    "half": 0.5, "quarter": 0.25, "third": 3.0, "one": 1.0, "two": 2.0, "twice": 2.0, "double": 2.0, "three": 3.0,
    "triple": 3.0, "four": 4.0, "five": 5.0, "six": 6.0, "seven": 7.0, "eight": 8.0, "nine": 9.0, "ten": 10.0,
    "twelve": 12.0, "dozen": 12.0, "twenty": 20.0, "hundred": 100.0,
}  # fmt: skip
_WORD = re.compile(r"\b(?:" + "|".join(_SPELT) + r")\b", re.IGNORECASE)
_SHARES = re.compile(r"\d/\d|%|\bhalf\b|\bthird\b|\bquarter\b|割|半分", re.IGNORECASE)
_LONG_DECIMALS = re.compile(r"\d\.\d{3,}")
_MANY = 400
_HUGE = 1e15


def reckoning(prompt: str, answer: str, final: Final) -> Features:
    """Features of the numbers in an answer; the first few hundred of them."""
    shown = chains(answer)
    given = set(numbers_in(prompt)[:_MANY]) | {_SPELT[word.lower()] for word in _WORD.findall(prompt)}
    written = numbers_in(answer)[:_MANY]
    used = sum(_stands(number, written) for number in given) if len(given) < _MANY // 4 else len(given)
    wrong = sum(not chain.holds for chain in shown)
    return {
        "calculations": size(len(shown)),
        "no calculation": float(not shown),
        "wrong calculations": size(wrong),
        "any wrong calculation": float(wrong > 0),
        "share of wrong calculations": wrong / max(1, len(shown)),
        "largest result": size(max((abs(chain.result) for chain in shown), default=0.0)),
        "whole results": sum(_whole(chain.result) for chain in shown) / max(1, len(shown)),
        "fractions": sum(not _whole(number) for number in written) / max(1, len(written)),
        "long decimals": size(len(_LONG_DECIMALS.findall(answer))),
        "numbers given": size(len(given)),
        "numbers unused": size(len(given) - used),
        "share of numbers used": used / max(1, len(given)),
        "asks for shares": float(_SHARES.search(prompt) is not None),
    } | _ending(number_in(final.text), shown, given)


def _ending(number: float | None, shown: list[Chain], given: set[float]) -> Features:
    names = ("whole", "negative", "large", "in the prompt", "round", "below one", "the last result", "some result")
    if number is None or abs(number) > _HUGE:
        return {"final is a number": 0.0} | {f"final is {name}": math.nan for name in names}
    values = (
        float(_whole(number)),
        float(number < 0),
        size(abs(number)),
        float(number in given),
        float(number != 0 and number % 10 == 0),
        float(abs(number) < 1),
        float(bool(shown) and same(shown[-1].result, number)),
        float(any(same(chain.result, number) for chain in shown)),
    )
    return {"final is a number": 1.0} | {f"final is {name}": found for name, found in zip(names, values, strict=True)}


def _stands(number: float, written: list[float]) -> bool:
    return any(same(number, each) or (number < 1 and same(number * 100, each)) for each in written)


def _whole(number: float) -> bool:
    return number == math.floor(number)
