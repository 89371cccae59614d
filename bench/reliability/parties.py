"""Who takes part: models and where they are served, API keys, and the ceilings of both."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Literal

from msgspec import Struct

Dialect = Literal["openai", "anthropic"]


class Ceilings(Struct, frozen=True):
    """What a key, user, tenant or model may use; None is no limit. Money is in USD a month."""

    requests: int | None = None
    tokens: int | None = None
    money: Decimal | None = None


class Model(Struct, frozen=True):
    """One model card: where it is served, in which wire format, and USD for a million tokens."""

    providers: tuple[str, ...]
    format: Dialect
    input: Decimal
    output: Decimal
    cached: Decimal
    written: Decimal


class Key(Struct, frozen=True):
    """An API key, and how many of a hundred requests come with it."""

    weight: int
    user: str = "somebody"
    tenant: str = "default"
    ceilings: Ceilings = Ceilings()
    at_once: int | None = None


def _model(providers: tuple[str, ...], dialect: Dialect, *prices: str) -> Model:
    return Model(providers, dialect, *(Decimal(price) for price in prices))


MODELS: Mapping[str, Model] = {
    "storm": _model(("storm",), "openai", "0.10", "0.40", "0.05", "0.10"),
    "swift": _model(("east",), "openai", "0.20", "0.80", "0.10", "0.20"),
    "sound": _model(("near", "west"), "openai", "0.50", "1.50", "0.25", "0.50"),
    "scholar": _model(("north",), "anthropic", "3", "15", "0.30", "3.75"),
}
"""`storm` fails for long stretches; `sound` has two deployments; `auto` prefers them in this order, by price."""
SITES: tuple[tuple[str, ...], ...] = (("storm", "east", "near"), ("west", "north"))
"""The providers that each upstream process plays."""


def keys(requests: int) -> dict[str, Key]:
    """The keys of a run of so many requests: limits bind in a short run and in a long one, budgets near its end."""
    return {
        "open": Key(30),
        "wide": Key(22),
        "rated": Key(8, ceilings=Ceilings(requests=max(60, requests // 60)), at_once=3),
        "counted": Key(8, ceilings=Ceilings(tokens=max(6_000, requests))),
        "purse": Key(10, ceilings=Ceilings(money=_share(requests, 15))),
        "alice-1": Key(6, user="alice"),
        "alice-2": Key(6, user="alice"),
        "lab-1": Key(5, tenant="lab"),
        "lab-2": Key(5, tenant="lab"),
    }


def users(requests: int) -> dict[str, Ceilings]:
    """Ceilings by user."""
    return {"alice": Ceilings(requests=max(80, requests // 50))}


def tenants(requests: int) -> dict[str, Ceilings]:
    """Ceilings by tenant."""
    return {"lab": Ceilings(tokens=max(5_000, requests + requests // 4), money=_share(requests, 11))}


def models(requests: int) -> dict[str, Ceilings]:
    """Ceilings by model."""
    return {
        "scholar": Ceilings(requests=max(200, requests // 20), money=_share(requests, 100)),
        "sound": Ceilings(tokens=max(20_000, 4 * requests)),
    }


def _share(requests: int, part: int) -> Decimal:
    """So many hundredths of six hundred-thousandths of a dollar a request, which is about what one costs."""
    return Decimal(requests * part) * Decimal("0.0000006")
