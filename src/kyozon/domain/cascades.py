"""A cascade: a cheap model answers, its answer is judged, and another is asked where that is worth what it costs."""

from decimal import Decimal
from typing import Literal

from msgspec import Struct

Act = Literal["accept", "ask", "escalate"]
"""What becomes of an answer: it is delivered, one more model is asked beside it, or a stronger one instead."""


class Foresight(Struct, frozen=True):
    """How far a look at an answer moves what was expected of it: what a cascade is worth before it begins.

    `spread` is the standard deviation, in log-odds, of that move. `tie` is the part of it by which what is expected of a
    stronger model's answer moves along: an answer that looks bad makes the question look hard.
    """

    spread: float
    tie: float


class Cascade(Struct, frozen=True):
    """Whom a request may ask besides `first`, planned before anything is sent; models go by their ids.

    `strong` is asked where the first answer is not good enough, `opinion` where a second one beside it may settle that.
    `quality` and `cost` are expected of all of it together, without the second opinion. `rate` is the quality that a unit
    of money must bring.
    """

    first: str
    strong: str
    opinion: str | None
    quality: float
    cost: Decimal
    rate: float


class Judged(Struct, frozen=True):
    """What was thought of an answer, and what was done.

    `good` is the probability that it is good, `stronger` that the stronger model's would be. `reasons` are the features
    that mattered and what each adds to the log-odds of being good; no name of one holds words of an answer.
    """

    good: float
    stronger: float
    act: Act
    reasons: tuple[tuple[str, float], ...] = ()


class Hold(Struct, frozen=True):
    """How much of a streamed answer is held back to be judged: so many seconds and tokens, from its first words.

    With 0 tokens no stream is held back.
    """

    seconds: float = 2.0
    tokens: int = 200
