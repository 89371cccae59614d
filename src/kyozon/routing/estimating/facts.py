"""What a model card's own facts say of its ability, before any result: its price, the size and the words in its name."""

import math
import re
from collections.abc import Sequence
from functools import lru_cache

from msgspec import Struct

from kyozon.domain.models import ModelCard
from kyozon.routing.estimating.abilities import Ability

NAMES = ("one", "priced", "log price", "open weights", "size named", "log size", "called small", "called large", "reasons")
_SIZE = re.compile(r"(?<![a-z0-9.])(\d+(?:\.\d+)?)b(?![a-z])")
_MILLIONS = re.compile(r"(?<![a-z0-9.])(\d{2,4})m(?![a-z0-9])")
"""Of two digits or more: "1m" in a name is a context of a million tokens."""
_EXPERTS = re.compile(r"(\d+)x(\d+(?:\.\d+)?)b")
_SMALL = re.compile(r"\b(?:mini|nano|flash|haiku|small|lite|tiny|micro|instant|fast|8b|7b)\b")
_LARGE = re.compile(r"\b(?:opus|pro|large|max|ultra|plus|sonnet)\b")
_CARDS = 1024
"""So many cards are read once, not at each request."""


class Facts(Struct, frozen=True):
    """What is known of a model without a single answer of it. `price` is USD per million tokens of output."""

    name: str
    price: float | None = None
    open_weights: bool | None = None
    reasons: bool = False


class Prior(Struct, frozen=True):
    """Ability regressed on facts: one weight for each of `NAMES`, and how far known models lie from it.

    Raises `ValueError` for another number of weights.
    """

    weights: tuple[float, ...]
    spread: float

    def __post_init__(self) -> None:
        """Check that there is a weight for each fact."""
        if len(self.weights) != len(NAMES):
            raise ValueError(f"{len(self.weights)} weights for {len(NAMES)} facts")

    def ability(self, facts: Facts) -> Ability:
        """Where a model of these facts is expected among the tiers."""
        place = sum(weight * value for weight, value in zip(self.weights, row_of(facts), strict=True))
        return Ability(min(max(place, -2.0), 3.5), self.spread)


@lru_cache(_CARDS)
def row_of(facts: Facts) -> Sequence[float]:
    """The values of `NAMES`."""
    name = facts.name.lower().replace("_", "-")
    size = _size(name)
    known = facts.price is not None and facts.price > 0
    return (
        1.0,
        float(known),
        math.log(facts.price) if known and facts.price else 0.0,
        float(bool(facts.open_weights)),
        float(size is not None),
        math.log(size) if size else 0.0,
        float(bool(_SMALL.search(name))),
        float(bool(_LARGE.search(name))),
        float(facts.reasons),
    )


def facts_of(card: ModelCard) -> Facts:
    """The facts of a card; prices in another currency than the dollar are left out."""
    price = card.prices[-1] if card.prices and card.prices[-1].currency == "USD" else None
    return Facts(
        card.id, None if price is None else float(price.output), card.open_weights, card.abilities.get("reasoning", False)
    )


@lru_cache(_CARDS)
def plain_name(name: str) -> str:
    """One name for one model: without its maker, its host and the spelling of the source."""
    word = name.lower().replace("__", "/").rpartition("/")[2].partition("@")[0].partition("|")[0]
    return word.removeprefix("meta-").replace("_", "-").replace(" ", "-")


def _size(name: str) -> float | None:
    experts = _EXPERTS.search(name)
    if experts:
        return max(float(experts[1]) * float(experts[2]), 0.1)
    sizes = [float(found) for found in _SIZE.findall(name)] or [float(found) / 1000 for found in _MILLIONS.findall(name)]
    return max(0.1, *sizes) if sizes else None
