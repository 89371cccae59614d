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

    `first` is how long the first words of streamed answers took, `whole` how long whole answers of `tokens` output tokens
    did. Waiting for a turn is in both.
    """

    first: float | None = None
    whole: float | None = None
    tokens: float = 0.0

    def expected(self, tokens: float, *, streamed: bool) -> Soon:
        """How soon an answer of so many tokens would come from there.

        The words of an answer that is not streamed come all at once, when it is whole.
        """
        whole = self._whole(tokens)
        return Soon(_rounded(self.first) if streamed else whole, whole)

    def _whole(self, tokens: float) -> float | None:
        if self.whole is None or not self.tokens:
            return None
        begun = min(self.first or 0.0, self.whole)
        return _rounded(begun + (self.whole - begun) * tokens / self.tokens)


def parse_within(text: str) -> float:
    """Seconds, more than 0 and up to an hour; raises `ValueError` for anything else."""
    word = text.strip()
    if not _NUMBER.fullmatch(word) or not 0 < float(word) <= LONGEST:
        raise ValueError(f"{text!r} is no number of seconds above 0 and up to {LONGEST:g}")
    return float(word)


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, _DIGITS)
