"""The cards of well-known rented models, read from `models.toml`."""

import tomllib
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from kyozon.domain.models import Ability, CardKind, ModelCard, Price, Provider
from kyozon.providers.vendors import load_vendors

Count = Annotated[int, Meta(gt=0)]
Said = Annotated[str, Meta(min_length=1)]


class _PriceRow(Price, frozen=True, forbid_unknown_fields=True):
    """A price as the file states it. Without a source it comes from where the row's facts come from."""

    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")] = "USD"

    def __post_init__(self) -> None:
        amounts = (self.input, self.output, self.cached_input, self.cache_write, self.cache_write_hour)
        if any(amount is not None and amount < 0 for amount in amounts):
            raise ValueError("a price is below zero")
        if self.cached_input is not None and self.cached_input > self.input:
            raise ValueError("cached input costs more than input")


class _Row(Struct, frozen=True, forbid_unknown_fields=True):
    """One model at one vendor. `source` says where its facts were read; `upstream` defaults to the model's id."""

    provider: str
    source: Said
    upstream: Said | None = None
    kind: CardKind = "chat"
    open_weights: bool | None = None
    licence: Said | None = None
    context: Count | None = None
    max_output: Count | None = None
    modalities: frozenset[str] = frozenset({"text"})
    abilities: dict[Ability, bool] = msgspec.field(default_factory=dict)
    languages: frozenset[str] = frozenset()
    prices: tuple[_PriceRow, ...] = ()
    dimensions: Count | None = None

    def __post_init__(self) -> None:
        days = [(price.valid_from, price.above_input) for price in self.prices]
        if days != sorted(set(days)):
            raise ValueError("prices must stand in the order of their days, one a day and length of prompt")

    def card(self, name: str, zone: str) -> ModelCard:
        """The card, without what only the file needs."""
        stated = msgspec.structs.asdict(self)
        del stated["source"]
        prices = tuple(
            Price(**(msgspec.structs.asdict(price) | {"source": price.source or self.source})) for price in self.prices
        )
        return ModelCard(**(stated | {"id": name, "upstream": self.upstream or name, "zone": zone, "prices": prices}))


@cache
def load_cards() -> dict[str, ModelCard]:
    """Every card, by id; read once. Each stands in its vendor's zone."""
    text = files("kyozon.providers").joinpath("models.toml").read_text("utf-8")
    return parse_cards(text, load_vendors())


def parse_cards(text: str, vendors: Mapping[str, Provider]) -> dict[str, ModelCard]:
    """The cards of a models file.

    Raises:
        ValueError: a row names no known vendor, has a field that no card has, or a value that cannot be; the message
            names the row. Two rows of one name are no TOML.
    """
    return {name: _card(name, table, vendors) for name, table in tomllib.loads(text, parse_float=Decimal).items()}


def _card(name: str, table: dict[str, Any], vendors: Mapping[str, Provider]) -> ModelCard:
    try:
        row = msgspec.convert(table, _Row)
    except msgspec.ValidationError as error:
        message = f"models.toml [{name}]: {error}"
        raise ValueError(message) from error
    if row.provider not in vendors:
        message = f"models.toml [{name}]: no vendor {row.provider!r}"
        raise ValueError(message)
    return row.card(name, vendors[row.provider].zone)
