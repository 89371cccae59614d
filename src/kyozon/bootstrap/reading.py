"""What an installation is, read from its settings and the tables that come with Kyozon, without starting anything.

Commands need this much and no more: the web framework and the HTTP client are not loaded here.
"""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from kyozon.bootstrap import discovery
from kyozon.bootstrap.local import LocalModels
from kyozon.domain.errors import SettingsError
from kyozon.domain.language import Text
from kyozon.domain.models import ModelCard, Provider
from kyozon.providers.cards import load_cards
from kyozon.providers.vendors import load_vendors
from kyozon.services.registry import Installation, Registry
from kyozon.settings import Settings, load

Environment = Mapping[str, str]


def read_settings(config: Path | None, environ: Environment) -> Settings:
    """The installation's settings; raises `SettingsError` with every mistake."""
    return load(config, environ, load_vendors())


def known_vendors() -> Mapping[str, Provider]:
    """Every vendor that a table of its name in kyozon.toml turns on."""
    return load_vendors()


def registry_of(settings: Settings, environ: Environment, local: LocalModels) -> Registry:
    """What the installation knows."""
    return Registry(_installation(settings, environ), local.cards)


def _installation(settings: Settings, environ: Environment) -> Installation:
    providers = settings.providers(load_vendors())
    cards = settings.cards(providers, load_cards())
    _require_one_currency(cards)
    return Installation(
        providers=providers,
        zones=settings.zones(),
        cards=cards,
        rules=discovery.rules(),
        router=discovery.router(settings.routing.router),
        router_name=settings.routing.router,
        policy_version=_version(settings, cards),
        default_label=settings.default_label,
        credentials_missing={
            name: provider.key_variable
            for name, provider in providers.items()
            if provider.key_variable is not None and not environ.get(provider.key_variable)
        },
    )


def _require_one_currency(cards: Sequence[ModelCard]) -> None:
    """Costs are compared and budgets counted as plain amounts, so all prices must be in one currency."""
    found = {price.currency: card.id for card in cards for price in card.prices if price.input or price.output}
    if len(found) > 1:
        en = " and ".join(f"{model} in {currency}" for currency, model in sorted(found.items()))
        ja = "、".join(f"{model} は {currency}" for currency, model in sorted(found.items()))
        raise SettingsError(
            (
                Text(
                    f"prices stand in several currencies ({en}): state them all in one, converted at your own rate.",
                    f"価格の通貨が混在しています（{ja}）。ご自身の換算率で一つの通貨に統一してください。",
                ),
            )
        )


def _version(settings: Settings, cards: Sequence[ModelCard]) -> str:
    """12 hexadecimal digits over the settings and the cards they give: a price that comes with a release counts, too."""
    content = msgspec.json.encode([settings.policy_version, cards], order="deterministic")
    return hashlib.sha256(content).hexdigest()[:12]
