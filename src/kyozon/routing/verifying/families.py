"""Features of one kind taken together: each says much the same as its neighbours, so that one alone misleads.

Fitted weights of such features are large and of opposite signs (collinearity); only their sum means something.
"""

from collections.abc import Iterable
from typing import Final

AGREEMENT: Final = "agreement with the second opinion"

_MEMBERS: Final = {
    "wording": ("settles for the closest", "says it cannot", "assumes", "approximates", "turns round"),
    "how it ends": ("breaks off", "empty", "stopped by its limit"),
    "length": ("length", "length beside the prompt", "prompt length", "lines", "sentences", "repeats"),
    "final answer": ("final length", "final words"),
    "calculations shown": (
        "calculations", "no calculation", "largest result", "whole results", "fractions", "long decimals", "unknowns",
    ),
    "wrong calculations": ("wrong calculations", "any wrong calculation", "share of wrong calculations"),
    "use of the numbers given": ("numbers given", "numbers unused", "share of numbers used", "asks for shares"),
    "recomputed result": ("recomputed result agrees",),
    AGREEMENT: (
        "others", "share that agrees", "any agrees", "all agree", "others agree on something else",
        "most that agree elsewhere", "numbers shared", "results shared", "words shared", "final said by others",
        "others' final said", "length beside others",
    ),
    "expected of the prompt": ("expected of the prompt", "expected of the stronger model"),
    "log-probabilities": ("log-probability", "least log-probability"),
}  # fmt: skip
_STARTS: Final = {
    "ends with ": "how it ends",
    "final is ": "final answer",
    "choice: ": "choice of an option",
    "code": "code",
}
_OF: Final = {member: name for name, members in _MEMBERS.items() for member in members}

FAMILIES: Final = frozenset((*_MEMBERS, *_STARTS.values()))


def family(feature: str) -> str:
    """The family of a feature; raises `KeyError` for one that has none."""
    return next((name for start, name in _STARTS.items() if feature.startswith(start)), None) or _OF[feature]


def together(effects: Iterable[tuple[str, float]]) -> dict[str, float]:
    """The sum of the features' effects for each family."""
    found: dict[str, float] = {}
    for feature, effect in effects:
        name = family(feature)
        found[name] = found.get(name, 0.0) + effect
    return found
