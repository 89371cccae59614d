"""How good an answer is expected to be and how good it must be: what is weighed against its price."""

import re
from typing import Final

from msgspec import Struct

SHARES: Final = {"max": 1.0, "high": 0.95, "balanced": 0.9, "economy": 0.8}
"""What each name asks of every single answer, as a share of what the surest permitted model reaches. On the average of many
requests more is reached (docs/explanation/decisions/0017)."""

DOMAIN: Final = "domain "
"""So begins the reason that names the likeliest domain of a request."""

_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?|\.[0-9]+")
_DIGITS = 4


class Estimate(Struct, frozen=True):
    """What is expected of one model's answer to one request.

    `quality`, between 0 and 1, is the probability that the answer is good enough (the expected score, where answers are
    scored); `low` and `high` are its 90 % interval. `output_tokens` are expected. `support` says how well requests like it
    are known: 0 for unlike anything known, 1 for well known. `reasons` are the features that mattered, the strongest first,
    and what each adds to the log-odds; a feature's name never holds words of the request. `measured` says that results of
    this very model are known: without any, its card alone speaks.
    """

    quality: float
    low: float
    high: float
    output_tokens: int | None = None
    support: float = 1.0
    reasons: tuple[tuple[str, float], ...] = ()
    measured: bool = True

    @property
    def domain(self) -> str | None:
        """The likeliest domain of the request; None where the reasons do not say."""
        return next((name.removeprefix(DOMAIN) for name, _ in self.reasons if name.startswith(DOMAIN)), None)


class Goal(Struct, frozen=True):
    """How good an answer must be: surely `share` (0 to 1) of what the surest permitted model surely reaches.

    1 - `share` is also what saving the whole cost of the dearest permitted model is worth, as a share of quality.
    """

    share: float
    name: str = ""

    def __str__(self) -> str:
        """As it is written in settings and headers."""
        return self.name or f"{self.share:g}"


HIGH: Final = Goal(SHARES["high"], "high")
"""Where nobody states a goal."""


def parse_goal(text: str) -> Goal:
    """`max`, `high`, `balanced`, `economy`, or a number from 0 to 1; raises `ValueError` for anything else."""
    word = text.strip().lower()
    if word in SHARES:
        return Goal(SHARES[word], word)
    if not _NUMBER.fullmatch(word) or float(word) > 1:
        raise ValueError(f"{text!r} is none of {', '.join(SHARES)}, and no number from 0 to 1")
    return Goal(round(float(word), _DIGITS))
