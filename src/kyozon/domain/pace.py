"""How fast deployments have answered, and how soon an answer is expected: what a goal for time is held against."""

import re
from typing import Final

from msgspec import Struct

LONGEST: Final = 3600.0
"""Seconds of the loosest goal that can be stated."""
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?|\.[0-9]+")
_DIGITS = 3


class Soon(Struct, frozen=True):
    """Seconds expected until the first words reach the caller, and until the answer is whole; None where not known."""

    words: float | None = None
    whole: float | None = None


class Pace(Struct, frozen=True):
    """What has been measured of a deployment lately, in seconds on the average; None where nothing has.

    `first` is how long the first words of streamed answers took, waiting for a turn included. `token` is what each output
    token of a whole answer took beyond that; altogether where `first` is not known.
    """

    first: float | None = None
    token: float | None = None

    def expected(self, tokens: float, *, streamed: bool) -> Soon:
        """How soon an answer of so many tokens would come from there.

        The words of an answer that is not streamed come all at once, when it is whole.
        """
        whole = None if self.token is None else round((self.first or 0.0) + self.token * tokens, _DIGITS)
        return Soon(self.first if streamed else whole, whole)


class Timing(Struct, frozen=True):
    """What a decision with a goal for time knew of a deployment: its pace, and when its first words were expected.

    `seconds` is None where that was not known, or the model not permitted. A `late` one is ranked behind those that keep
    the goal.
    """

    pace: Pace
    seconds: float | None = None
    late: bool = False


def parse_within(text: str) -> float:
    """Seconds, more than 0 and up to an hour; raises `ValueError` for anything else."""
    word = text.strip()
    if not _NUMBER.fullmatch(word) or not 0 < float(word) <= LONGEST:
        raise ValueError(f"{text!r} is no number of seconds above 0 and up to {LONGEST:g}")
    return float(word)
