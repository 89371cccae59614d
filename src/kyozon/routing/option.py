"""What a router ranks, and what it answers."""

from collections.abc import Callable, Sequence
from decimal import Decimal

from msgspec import Struct

from kyozon.domain.cascades import Cascade
from kyozon.domain.language import Text
from kyozon.domain.models import ModelCard
from kyozon.domain.pace import Soon
from kyozon.domain.quality import Estimate
from kyozon.domain.requests import Needs


class Option(Struct, frozen=True):
    """A permitted card, what the request would cost there (None where no price is known), how good it is expected to be.

    `soon` is when its answer is expected, None where that does not matter or nothing is known. A `late` one is not expected
    to keep the goal for time: whatever else changes the order, it stays behind those that are.
    """

    card: ModelCard
    cost: Decimal | None
    estimate: Estimate | None = None
    soon: Soon | None = None
    late: bool = False


class Ranking(Struct, frozen=True):
    """The options, best first, and the reason for the first; with `cascade`, whom else its answer may bring in."""

    options: tuple[Option, ...]
    reason: Text
    cascade: Cascade | None = None


Router = Callable[[Sequence[Option], Needs], Ranking]
"""A router gets at least one option and returns all of them in its order."""
