"""What an installation is, read from its settings and the tables that come with Kyozon, without starting anything.

Commands need this much and no more: the web framework and the HTTP client are not loaded here.
"""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

import kyozon
from kyozon.bootstrap import discovery
from kyozon.bootstrap.estimating import estimator_of, foresight_of
from kyozon.bootstrap.local import LocalModels
from kyozon.domain.errors import MissingPiece, SettingsError
from kyozon.domain.language import Text
from kyozon.domain.models import ModelCard, Provider
from kyozon.domain.policy import Basis
from kyozon.domain.quality import parse_goal
from kyozon.providers.cards import load_cards
from kyozon.providers.vendors import load_vendors
from kyozon.services.registry import Installation, Keep, Registry, kept_nowhere, name_of
from kyozon.settings import Settings, load

Environment = Mapping[str, str]


def read_settings(config: Path | None, environ: Environment) -> Settings:
    """The installation's settings; raises `SettingsError` with every mistake."""
    return load(config, environ, load_vendors())


def known_vendors() -> Mapping[str, Provider]:
    """Every vendor that a table of its name in kyozon.toml turns on."""
    return load_vendors()


def registry_of(settings: Settings, environ: Environment, local: LocalModels, keep: Keep = kept_nowhere) -> Registry:
    """What the installation knows; `keep` makes durable what decisions refer to."""
    return Registry(installation_of(settings, environ), local.cards, keep)


def registry_as_of(basis: Basis) -> Registry:
    """What was known when a decision was made.

    Raises:
        MissingPiece: a rule or the router of that time is not installed any more.
    """
    rules, routers = {name_of(rule): rule for rule in discovery.rules()}, discovery.routers()
    gone = [name for name in basis.rules if name not in rules] + [basis.router] * (basis.router not in routers)
    if gone:
        raise MissingPiece(
            Text(
                f"policy {basis.policy_version} was applied with {', '.join(gone)}, which is not installed any more: "
                "install the package that it came with, or the Kyozon of that time.",
                f"ポリシー {basis.policy_version} で使われていた {', '.join(gone)} が見つかりません。"
                "それを含むパッケージか、当時の版の Kyozon をインストールしてください。",
            )
        )
    installation = Installation(
        providers={provider.id: provider for provider in basis.providers},
        zones={zone.id: zone for zone in basis.zones},
        cards=basis.cards,
        rules=[rules[name] for name in basis.rules],
        router=routers[basis.router],
        router_name=basis.router,
        policy_version=basis.policy_version,
        default_label=basis.default_label,
        credentials_missing=basis.credentials_missing,
        compartments=basis.compartments,
        code=basis.code,
        review=basis.review,
        quality=basis.quality,
        exploring=basis.exploring,
        foresight=basis.foresight,
        within=basis.within,
    )
    return Registry(installation, lambda: basis.local_cards)


def under(installation: Installation, basis: Basis) -> Registry:
    """What would have been known at the moment of `basis` had another installation stood in its place.

    The models on this machine and the missing credentials are the moment's; a provider it did not have has its key.
    """
    local = [card for card in basis.local_cards if card.provider in installation.providers]
    missing = {name: variable for name, variable in basis.credentials_missing.items() if name in installation.providers}
    return Registry(msgspec.structs.replace(installation, credentials_missing=missing), lambda: local)


def installation_of(settings: Settings, environ: Environment) -> Installation:
    """What settings and the tables that come with Kyozon say; raises `SettingsError`."""
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
        compartments=settings.labels.compartments,
        code=kyozon.__version__,
        review=settings.review_rules,
        quality=parse_goal(settings.routing.quality),
        estimator=estimator_of(settings),
        exploring=settings.exploring,
        foresight=foresight_of(settings),
        within=settings.routing.within,
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
