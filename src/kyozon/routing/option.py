"""What a router ranks, and what it answers."""

from collections.abc import Callable, Sequence
from decimal import Decimal

from msgspec import Struct

from kyozon.domain.cascades import Cascade
from kyozon.domain.language import Text
from kyozon.domain.models import ModelCard
from kyozon.domain.quality import Estimate
from kyozon.domain.requests import Needs


class Option(Struct, frozen=True):
    """A permitted card, what the request would cost there (None where no price is known), how good it is expected to be."""

    card: ModelCard
    cost: Decimal | None
    estimate: Estimate | None = None


class Ranking(Struct, frozen=True):
    """The options, best first, and the reason for the first; with `cascade`, whom else its answer may bring in."""

    options: tuple[Option, ...]
    reason: Text
    cascade: Cascade | None = None


Router = Callable[[Sequence[Option], Needs], Ranking]
"""A router gets at least one option and returns all of them in its order."""
